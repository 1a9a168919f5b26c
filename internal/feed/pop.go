package feed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/fault"
)

// Mailbox is where reports come by mail: a box at a server that speaks POP3 (RFC 1939).
type Mailbox struct {
	Server         string // host:port
	User, Password string
	// Roots are the authorities that may vouch for the server; nil means the machine's.
	Roots *x509.CertPool
	// Plain allows a box without TLS: on the same machine.
	Plain bool
}

// slowest is how long one conversation with a server may take.
const slowest = 5 * time.Minute

// box is an open mailbox. A server lets one in at a time, so that two processes of ours never
// read the same box at once.
type box struct {
	*textproto.Conn
	conn net.Conn
}

// open logs in: feed.mailbox where that fails.
func (m *Mailbox) open(ctx context.Context) (*box, error) {
	conn, err := (&net.Dialer{Timeout: 30 * time.Second}).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return nil, unreachable(err)
	}
	_ = conn.SetDeadline(time.Now().Add(slowest))
	if !m.Plain {
		host, _, _ := net.SplitHostPort(m.Server)
		conn = tls.Client(conn, &tls.Config{ServerName: host, RootCAs: m.Roots, MinVersion: tls.VersionTLS12})
	}
	b := &box{textproto.NewConn(conn), conn}
	_, err = b.answer()
	for _, line := range []string{"USER " + m.User, "PASS " + m.Password} {
		if err == nil {
			_, err = b.ask(line)
		}
	}
	if err != nil {
		return nil, errors.Join(unreachable(err), conn.Close())
	}
	return b, nil
}

func unreachable(err error) error { return fault.Wrap(err, fault.Unavailable, "feed.mailbox") }

// answer reads one line; an error where the server refuses.
func (b *box) answer() (string, error) {
	line, err := b.ReadLine()
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(line, "+OK") {
		return "", errors.New("the server refused: " + strconv.Quote(line[:min(len(line), 100)]))
	}
	return line, nil
}

func (b *box) ask(line string) (string, error) {
	if strings.ContainsAny(line, "\r\n") {
		return "", errors.New("a line break in a command")
	}
	if err := b.PrintfLine("%s", line); err != nil {
		return "", err
	}
	return b.answer()
}

// waitingMail is a mail that lies in the box.
type waitingMail struct {
	n    int
	uid  string
	size int64
}

// mostMails is how many mails one visit looks at.
const mostMails = 200

// list is what lies in the box.
func (b *box) list() ([]waitingMail, error) {
	sizes := map[string]int64{}
	if err := b.lines("LIST", func(n, v string) { sizes[n], _ = strconv.ParseInt(v, 10, 64) }); err != nil {
		return nil, err
	}
	var out []waitingMail
	err := b.lines("UIDL", func(n, v string) {
		if i, err := strconv.Atoi(n); err == nil && len(out) < mostMails {
			out = append(out, waitingMail{i, v, sizes[n]})
		}
	})
	return out, err
}

func (b *box) lines(command string, each func(n, v string)) error {
	if _, err := b.ask(command); err != nil {
		return unreachable(err)
	}
	all, err := b.ReadDotLines()
	if err != nil {
		return unreachable(err)
	}
	for _, l := range all {
		n, v, _ := strings.Cut(l, " ")
		each(n, strings.TrimSpace(v))
	}
	return nil
}

// fetch reads one mail, up to the largest that is taken.
func (b *box) fetch(m waitingMail) ([]byte, error) {
	if _, err := b.ask(fmt.Sprintf("RETR %d", m.n)); err != nil {
		return nil, unreachable(err)
	}
	r := b.DotReader()
	raw, err := io.ReadAll(io.LimitReader(r, longestMail+1))
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil {
		return nil, unreachable(err)
	}
	return raw, nil
}

// drop takes a mail out of the box; the server does it when the visit ends.
func (b *box) drop(m waitingMail) error {
	_, err := b.ask(fmt.Sprintf("DELE %d", m.n))
	return err
}

// leave ends the visit.
func (b *box) leave() error {
	_, err := b.ask("QUIT")
	return errors.Join(err, b.conn.Close())
}
