package feed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"mime"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/intake"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// popServer is a working mailbox on loopback.
type popServer struct {
	mu    sync.Mutex
	mails map[string]string // by uid
	order []string
	addr  string
}

func serveMail(t *testing.T) *popServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &popServer{mails: map[string]string{}, addr: l.Addr().String()}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.talk(c)
		}
	}()
	return p
}

func (p *popServer) put(uid, mail string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails[uid], p.order = strings.ReplaceAll(mail, "\n", "\r\n"), append(p.order, uid)
}

func (p *popServer) left() (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, uid := range p.order {
		if p.mails[uid] != "" {
			out = append(out, uid)
		}
	}
	return out
}

func (p *popServer) talk(c net.Conn) {
	defer c.Close()
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	say("+OK ready")
	at, gone, r := p.left(), []string{}, bufio.NewScanner(c)
	for r.Scan() {
		verb, arg, _ := strings.Cut(r.Text(), " ")
		n := 0
		_, _ = fmt.Sscan(arg, &n)
		switch verb {
		case "PASS":
			if arg != "secret" {
				say("-ERR no")
				continue
			}
			say("+OK")
		case "LIST", "UIDL":
			say("+OK")
			for i, uid := range at {
				if verb == "UIDL" {
					say("%d %s", i+1, uid)
				} else {
					say("%d %d", i+1, len(p.mails[uid]))
				}
			}
			say(".")
		case "RETR":
			say("+OK")
			for _, line := range strings.Split(p.mails[at[n-1]], "\r\n") {
				if strings.HasPrefix(line, ".") {
					line = "." + line
				}
				say("%s", line)
			}
			say(".")
		case "DELE":
			gone = append(gone, at[n-1])
			say("+OK")
		case "QUIT":
			p.mu.Lock()
			for _, uid := range gone {
				p.mails[uid] = ""
			}
			p.mu.Unlock()
			say("+OK")
			return
		default:
			say("+OK")
		}
	}
}

func mailOf(id, from, subject, body string) string {
	return "Message-ID: <" + id + "@mail.example>\nFrom: " + from + "\nTo: report@county.example\nSubject: " + subject + "\nContent-Type: text/plain; charset=utf-8\n\n" + body + "\n"
}

// A mail becomes a case of somebody whom the program does not know, answered with number and
// query code; the same mail again is no second case, and what a program wrote is neither.
func TestAMailBecomesACaseAndIsAnswered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		srv := serveMail(t)
		srv.put("u1", mailOf("a1", "Sample Person <person@mail.example>", "桥头垃圾", "桥头村垃圾三天没人收。\n.一行以点开头"))
		srv.put("u2", mailOf("a1", "Sample Person <person@mail.example>", "桥头垃圾", "同一封信又来了"))
		srv.put("u3", "Auto-Submitted: auto-replied\n"+mailOf("a3", "other@mail.example", "外出", "我不在"))
		srv.put("u4", "no header at all")
		var answers []Answer
		down := true
		post := &Post{Feeds: c.Service, Feed: "mailbox", Public: "https://gezhi.example", Box: Mailbox{Server: srv.addr, User: "report", Password: "secret", Plain: true},
			Send: func(_ context.Context, a Answer) error {
				if down {
					return fault.New(fault.Unavailable, "notify.unreachable")
				}
				answers = append(answers, a)
				return nil
			}}
		if _, err := post.Visit(ctx); fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("the mail server is down: %v", err)
		}
		if left := srv.left(); len(left) != 4 {
			t.Fatalf("what was not answered left the box: %v", left)
		}
		down = false
		if n, err := post.Visit(ctx); err != nil || n != 2 {
			t.Fatalf("%d %v", n, err)
		}
		if left := srv.left(); len(left) != 1 || left[0] != "u4" {
			t.Errorf("left in the box: %v", left)
		}
		if n, err := post.Visit(ctx); n != 0 || err != nil {
			t.Errorf("a mail that cannot be read is tried again: %d %v", n, err)
		}
		var numbers []string
		must(t, d.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			numbers, err = db.Collect(ctx, tx, `SELECT id FROM cases`, nil, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
			return err
		}))
		if len(numbers) != 1 || len(answers) != 2 || answers[0].Text != answers[1].Text || answers[0].To != "person@mail.example" {
			t.Fatalf("%d cases, answers %+v", len(numbers), answers)
		}
		v := c.seen(numbers[0])
		if v.Channel != "letter" || v.Fields[casework.FieldText] != "桥头垃圾\n桥头村垃圾三天没人收。\n.一行以点开头" || v.Masked["caller_mail"] == "" || c.Cases.World.People().Name(v.ReporterID) != "" {
			t.Errorf("%+v %v %v", v.Case, v.Fields, v.Masked)
		}
		_, code, _ := strings.Cut(answers[0].Text, "查询码：")
		code, _, _ = strings.Cut(code, "\n")
		if f, err := c.inlet.Follow(ctx, intake.Origin{Addr: "203.0.113.7"}, intake.Ticket{Number: v.Number, Code: code}); err != nil || f.ID != v.ID {
			t.Errorf("number and code of the answer do not open the case: %v %q %q", err, code, answers[0].Text)
		}
		post.Box.Password = "wrong"
		if _, err := post.Visit(ctx); fault.CodeOf(err) != "feed.mailbox" {
			t.Errorf("a wrong password: %v", err)
		}
	})
}

// A picture that comes with a mail is evidence of its case, whatever it calls itself; a program
// or a page is not taken.
func TestPicturesOfAMailAreEvidence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		l, err := readLetter([]byte(withParts))
		must(t, err)
		if len(l.files) != 2 || l.dropped != 2 || l.text != "看图" {
			t.Fatalf("%+v", l)
		}
		m, err := c.Mapping("mailbox")
		must(t, err)
		got, err := c.letter(t.Context(), m, c.home.ID, l)
		must(t, err)
		f, err := c.inlet.Follow(t.Context(), intake.Origin{Addr: "203.0.113.7"}, intake.Ticket{Number: got.Number, Code: got.Code})
		must(t, err)
		if photos, _ := c.seen(f.ID).Fields["photo"].([]any); len(photos) != 1 {
			t.Errorf("%v", c.seen(f.ID).Fields)
		}
	})
}

var withParts = "Message-ID: <p@x>\r\nFrom: a@mail.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n看图\r\n" +
	part("../../etc/passwd", "image/jpeg", smallJPEG()) + part("lies.jpg", "image/jpeg", append([]byte{0xff, 0xd8, 0xff, 0xe0}, make([]byte, 600)...)) +
	part("photo.jpg", "image/jpeg", []byte("<html><script>alert(1)</script>")) + part("run.exe", "image/png", []byte("MZ\x90\x00")) + "--b--\r\n"

// smallJPEG is a picture.
func smallJPEG() []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil) // a buffer takes all
	return b.Bytes()
}

func part(name, media string, body []byte) string {
	return "--b\r\nContent-Type: " + media + "\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(body) + "\r\n"
}

// Mails are read as people and programs in China write them, and nothing in them becomes a
// header, a second line, or more than it may be.
func TestMailsAreReadAsTheyAreWritten(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("河东村路灯不亮")
	must(t, err)
	html := "<html><head><style>p{}</style></head><body><p>路灯&nbsp;不亮</p><script>bad()</script><div>三天了</div></body></html>"
	nested := "Message-ID: <n@x>\nFrom: a@mail.example\nSubject: n\n"
	for i := range 40 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	many := "Message-ID: <m@x>\nFrom: a@mail.example\nSubject: m\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: text/plain\n\nx\n", 5000) + "--b--\n"
	for name, x := range map[string]struct{ mail, subject, text string }{
		"GBK in base64":        {"From: a@mail.example\nSubject: =?gb2312?B?" + base64.StdEncoding.EncodeToString([]byte(gbk)) + "?=\nContent-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(gbk)) + "\n", "河东村路灯不亮", "河东村路灯不亮"},
		"GBK without a word":   {"From: a@mail.example\nSubject: x\n\n" + gbk + "\n", "x", "河东村路灯不亮"},
		"a page alone":         {"From: a@mail.example\nSubject: x\nContent-Type: text/html; charset=utf-8\n\n" + html, "x", "路灯 不亮\n三天了"},
		"a header in a word":   {"From: a@mail.example\nSubject: " + mime.BEncoding.Encode("utf-8", "路灯\r\nBcc: all@mail.example\r\n\r\n正文") + "\n\nx\n", "路灯 Bcc: all@mail.example 正文", "x"},
		"direction turned":     {"From: a@mail.example\nSubject: " + mime.BEncoding.Encode("utf-8", "路灯\u202egnp.exe") + "\n\nx\u202ey\n", "路灯gnp.exe", "xy"},
		"quoted-printable":     {"From: a@mail.example\nSubject: x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=E8=B7=AF=E7=81=AF\n", "x", "路灯"},
		"parts without an end": {nested, "n", ""},
		"thousands of parts":   {many, "m", strings.TrimSpace(strings.Repeat("x\n", mostParts-1))},
		"a charset of nobody":  {"From: a@mail.example\nSubject: x\nContent-Type: text/plain; charset=klingon\n\nok\n", "x", "ok"},
	} {
		l, err := readLetter([]byte(x.mail))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if l.subject != x.subject || l.text != x.text || l.id == "" {
			t.Errorf("%s: %q %q", name, l.subject, l.text)
		}
	}
	for name, mail := range map[string]string{"nothing": "", "no sender": "Subject: x\n\nx\n", "two lines for a sender": "From: a@b\r\n\tX: <x\n\nx\n", "too large": "From: a@mail.example\n\n" + strings.Repeat("x", longestMail)} {
		if _, err := readLetter([]byte(mail)); fault.CodeOf(err) != "feed.bad_mail" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One address is answered a few times an hour only: whose it is, nobody has proved.
func TestOneAddressIsNotFlooded(t *testing.T) {
	now := monday
	post := &Post{Feeds: &Service{Now: func() time.Time { return now }}}
	for i := range mostAnswers {
		if !post.mayTell("a@mail.example") {
			t.Fatal(i)
		}
	}
	if post.mayTell("a@mail.example") || !post.mayTell("b@mail.example") {
		t.Error("the share of one address is another's")
	}
	if now = now.Add(61 * time.Minute); !post.mayTell("a@mail.example") || len(post.told) != 1 {
		t.Errorf("an hour later: %v", post.told)
	}
}

// Whatever a mail holds, it is read or refused, and what is kept of it stays small.
func FuzzLetter(f *testing.F) {
	f.Add([]byte(withParts))
	f.Add([]byte(mailOf("x", "a@mail.example", "=?gbk?B?xOO6ww==?=", "text")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := readLetter(raw)
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) || e.Code != "feed.bad_mail" {
				t.Fatal(err)
			}
			return
		}
		if strings.ContainsAny(l.subject+l.name+l.from+l.id, "\r\n\x00") || len(l.files) > mostAttached || len([]rune(l.text)) > longestLetter || len(l.id) > longestNumber {
			t.Fatalf("%+v", l)
		}
	})
}
