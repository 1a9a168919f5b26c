package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"gezhi/internal/fault"
)

// letter is a mail as far as it becomes a case.
type letter struct {
	id         string // its Message-ID, or what stands for it
	name, from string // of the sender, as the mail says; nobody has proved it
	subject    string
	text       string
	files      []attached
	dropped    int  // attachments that are no picture or recording, or too large, or too many
	automatic  bool // written by a program: neither a report nor answered
}

// attached is a picture or a recording that came with a mail.
type attached struct {
	name string
	body []byte
}

const (
	longestMail   = 25 << 20 // bytes
	longestHeader = 200      // characters of a value that is kept
	longestLetter = 8000     // characters of the text that are read
	deepestParts  = 6        // parts within parts
	mostParts     = 60
	mostAttached  = 9
	longestFile   = 8 << 20 // bytes
)

// evidence are the media types that a mail may bring, as the content itself says.
var evidence = []string{"image/jpeg", "image/png", "image/webp", "image/gif", "audio/mpeg", "audio/wave", "application/ogg", "video/webm", "video/mp4"}

// readLetter reads a mail: feed.bad_mail for what is none.
func readLetter(raw []byte) (*letter, error) {
	wrong := fault.New(fault.Invalid, "feed.bad_mail")
	if len(raw) > longestMail {
		return nil, wrong
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "feed.bad_mail")
	}
	l := &letter{id: oneLine(m.Header.Get("Message-Id")), subject: decoded(m.Header.Get("Subject"))}
	sender, err := (&mail.AddressParser{WordDecoder: words8}).Parse(m.Header.Get("From"))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "feed.bad_mail")
	}
	l.name, l.from = oneLine(sender.Name), sender.Address
	if strings.ContainsFunc(l.from, unicode.IsControl) || len(l.from) > longestHeader {
		return nil, wrong
	}
	if l.id == "" || len(l.id) > longestNumber {
		h := sha256.Sum256(append([]byte(l.id), raw[:min(len(raw), 4096)]...))
		l.id = hex.EncodeToString(h[:16])
	}
	l.automatic = automatic(m.Header, l.from)
	p := &parts{letter: l}
	p.read(textproto.MIMEHeader(m.Header), m.Body, 0)
	if l.text = tidy(p.plain.String()); l.text == "" {
		l.text = tidy(p.html)
	}
	return l, nil
}

// automatic tells whether a program wrote the mail (RFC 3834): an answer to it would go round
// in circles.
func automatic(h mail.Header, from string) bool {
	if a := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted"))); a != "" && a != "no" {
		return true
	}
	local, _, _ := strings.Cut(strings.ToLower(from), "@")
	return slices.Contains([]string{"bulk", "list", "junk"}, strings.ToLower(strings.TrimSpace(h.Get("Precedence")))) || h.Get("List-Id") != "" || h.Get("X-Auto-Response-Suppress") != "" ||
		strings.TrimSpace(h.Get("Return-Path")) == "<>" || slices.Contains([]string{"mailer-daemon", "postmaster", "noreply", "no-reply"}, local)
}

// parts walks through the parts of a mail.
type parts struct {
	*letter
	plain strings.Builder
	html  string
	seen  int
}

// read takes what a part holds; what cannot be read is passed over.
func (p *parts) read(h textproto.MIMEHeader, body io.Reader, depth int) {
	if p.seen++; p.seen > mostParts || depth > deepestParts {
		return
	}
	media, args, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		media, args = "text/plain", nil
	}
	if strings.HasPrefix(media, "multipart/") {
		r := multipart.NewReader(body, args["boundary"])
		for args["boundary"] != "" && p.seen <= mostParts {
			x, err := r.NextRawPart()
			if err != nil {
				return
			}
			p.read(x.Header, x, depth+1)
		}
		return
	}
	disposition, file, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	name := decoded(file["filename"])
	if name == "" {
		name = decoded(args["name"])
	}
	data, err := io.ReadAll(io.LimitReader(unwrapped(h.Get("Content-Transfer-Encoding"), body), longestFile+1))
	if err != nil && len(data) == 0 {
		return
	}
	switch {
	case disposition != "attachment" && name == "" && media == "text/plain":
		p.plain.WriteString(inUTF8(data, args["charset"]) + "\n")
	case disposition != "attachment" && name == "" && media == "text/html":
		p.html += unmarked(inUTF8(data, args["charset"])) + "\n"
	default:
		p.attach(name, data)
	}
}

// attach keeps a picture or a recording.
func (p *parts) attach(name string, data []byte) {
	if len(p.files) >= mostAttached || len(data) == 0 || len(data) > longestFile || !slices.Contains(evidence, http.DetectContentType(data)) {
		p.dropped++
		return
	}
	p.files = append(p.files, attached{name, data})
}

// isPicture tells a picture from a recording by its content.
func isPicture(data []byte) bool {
	return strings.HasPrefix(http.DetectContentType(data), "image/")
}

// unwrapped undoes how a part was made fit for travel.
func unwrapped(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, &noBlanks{body})
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

// noBlanks leaves out what is no base64, as RFC 2045 section 6.8 asks.
type noBlanks struct{ r io.Reader }

func (b *noBlanks) Read(p []byte) (int, error) {
	for {
		n, err := b.r.Read(p)
		kept := 0
		for _, c := range p[:n] {
			if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
				p[kept] = c
				kept++
			}
		}
		if kept > 0 || err != nil || n == 0 {
			return kept, err
		}
	}
}

// inUTF8 decodes a text; without a charset that is known, what is no UTF-8 is taken for GB18030.
func inUTF8(data []byte, charset string) string {
	if charset == "" || !utf8.Valid(data) && strings.EqualFold(charset, "utf-8") || strings.HasPrefix(strings.ToLower(charset), "gb") {
		if charset = "gb18030"; utf8.Valid(data) {
			charset = "utf-8"
		}
	}
	e, err := htmlindex.Get(charset)
	if err != nil {
		return strings.ToValidUTF8(string(data), "")
	}
	out, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), "")
	}
	return strings.ToValidUTF8(string(out), "")
}

// words8 decodes words of headers in any charset (RFC 2047).
var words8 = &mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(r)
	return strings.NewReader(inUTF8(data, charset)), err
}}

// decoded is a header's value in one line, whatever its words hold.
func decoded(v string) string {
	out, err := words8.DecodeHeader(v)
	if err != nil {
		out = inUTF8([]byte(v), "")
	}
	return oneLine(out)
}

// oneLine drops line breaks and all else that could begin another header or mislead a reader.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unicode.IsControl(r) }), " ")
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // such as those that turn the direction of writing
			return -1
		}
		return r
	}, s)
	if r := []rune(strings.TrimSpace(s)); len(r) > longestHeader {
		return string(r[:longestHeader])
	}
	return strings.TrimSpace(s)
}

var (
	unseen  = regexp.MustCompile(`(?is)<(script|style|head)\b.*?(</(script|style|head)\s*>|$)`)
	newline = regexp.MustCompile(`(?i)<(br|/p|/div|/tr|/li)\b[^>]*>`)
	marks   = regexp.MustCompile(`(?s)<[^>]*>?`)
	blanks  = regexp.MustCompile(`[ \t\x{a0}\x{3000}]+`)
	gaps    = regexp.MustCompile(`\n{3,}`)
)

// unmarked is the text of a page.
func unmarked(page string) string {
	return html.UnescapeString(marks.ReplaceAllString(newline.ReplaceAllString(unseen.ReplaceAllString(page, ""), "\n"), ""))
}

// tidy is a text without what nobody sees.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
	lines := strings.Split(blanks.ReplaceAllString(s, " "), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	s = strings.TrimSpace(gaps.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
	if r := []rune(s); len(r) > longestLetter {
		return string(r[:longestLetter])
	}
	return s
}
