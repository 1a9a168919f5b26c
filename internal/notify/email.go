package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
)

// Email sends mail through an SMTP server.
type Email struct {
	Server   string // host:port
	From     string // an address, with a name or without
	User     string // "" does not log in
	Password string
	// Roots are the authorities that may vouch for the server; nil means the machine's.
	Roots *x509.CertPool
	// Plain allows mail to leave without TLS: to a server on the same machine.
	Plain bool
}

// Send hands the mail to the server. A second copy has the same Message-ID.
func (c Email) Send(ctx context.Context, d Delivery) (Receipt, error) {
	from, to, message, err := c.compose(d)
	if err != nil {
		return Receipt{}, err
	}
	host, _, err := net.SplitHostPort(c.Server)
	if err != nil {
		return Receipt{}, refused(err, "notify.bad_line")
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Server)
	if err != nil {
		return Receipt{}, unavailable(err, "notify.unreachable")
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := c.talk(conn, host, from, to, message); err != nil {
		if ctx.Err() != nil {
			return Receipt{}, ctx.Err()
		}
		return Receipt{}, smtpFault(err)
	}
	return Receipt{Ref: d.ID}, nil
}

// talk is the conversation with the server.
func (c Email) talk(conn net.Conn, host, from, to string, message []byte) error {
	s, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if ok, _ := s.Extension("STARTTLS"); ok {
		if err := s.StartTLS(&tls.Config{ServerName: host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	} else if !c.Plain {
		return unavailable(nil, "notify.no_tls")
	}
	if c.User != "" {
		if err := s.Auth(smtp.PlainAuth("", c.User, c.Password, host)); err != nil {
			return err
		}
	}
	if err := s.Mail(from); err != nil {
		return err
	}
	if err := s.Rcpt(to); err != nil {
		return err
	}
	w, err := s.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = s.Quit() // the mail is taken; what comes after does not matter
	return nil
}

// smtpFault says whether another try is of use: a 5xx of RFC 5321 is for good.
func smtpFault(err error) error {
	var e *textproto.Error
	switch {
	case fault.CodeOf(err) != "":
		return err
	case !errors.As(err, &e):
		return unavailable(err, "notify.unreachable")
	case e.Code >= 500:
		return refused(err, "notify.refused", "reply", e.Code)
	}
	return unavailable(err, "notify.gateway_error", "reply", e.Code)
}

// compose returns sender, recipient and the mail as it is sent. Whatever would end a line of
// the header is refused: it could begin another.
func (c Email) compose(d Delivery) (from, to string, message []byte, err error) {
	if strings.ContainsAny(d.Address+d.Subject+c.From+d.ID, "\r\n\x00") {
		return "", "", nil, refused(nil, "notify.bad_header")
	}
	sender, err := mail.ParseAddress(c.From)
	if err != nil {
		return "", "", nil, refused(err, "notify.bad_line")
	}
	recipient, err := mail.ParseAddress(d.Address)
	if err != nil {
		return "", "", nil, refused(err, "notify.bad_address")
	}
	_, domain, _ := strings.Cut(sender.Address, "@")
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", sender.String()}, {"To", (&mail.Address{Address: recipient.Address}).String()},
		{"Subject", mime.BEncoding.Encode("utf-8", d.Subject)},
		{"Date", d.At.In(clock.CST).Format(time.RFC1123Z)}, {"Message-ID", "<" + d.ID + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"}, {"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "base64"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	text := base64.StdEncoding.EncodeToString([]byte(d.Text))
	for len(text) > 76 { // RFC 2045 section 6.8
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n")
	return sender.Address, recipient.Address, b.Bytes(), nil
}
