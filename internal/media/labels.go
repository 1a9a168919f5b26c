package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"sort"

	"gezhi/internal/fault"
)

// Patch is what stands at a place of a file instead of what was handed in.
type Patch struct {
	At   int64
	With []byte
}

// Labels finds what is written beside the sounds and pictures of a recording or film, where it
// was made, when, by whom and with what, and says what is to stand there instead: a file that is
// as long and plays the same. What it cannot read to the end is media.unreadable, and is shown to
// nobody as a copy.
func Labels(r io.ReaderAt, size int64, mediaType string) (out []Patch, err error) {
	l := &labels{r: r, size: size}
	switch mediaType {
	case "audio/mp4", "video/mp4":
		err = l.mp4()
	case "audio/wav":
		err = l.wav()
	case "audio/mpeg":
		err = l.mpeg()
	case "audio/ogg":
		err = l.ogg()
	case "audio/webm", "video/webm":
		err = l.webm()
	}
	sort.Slice(l.out, func(i, j int) bool { return l.out[i].At < l.out[j].At })
	return l.out, err
}

// mostLabel is how long what is written beside a recording may be: a cover picture is.
const mostLabel = 8 << 20

type labels struct {
	r    io.ReaderAt
	size int64
	out  []Patch
}

func unreadable() error { return fault.New(fault.Invalid, "media.unreadable") }

func (l *labels) read(at, n int64) ([]byte, error) {
	if n < 0 || at < 0 || at+n > l.size || n > mostLabel {
		return nil, unreadable()
	}
	b := make([]byte, n)
	if _, err := l.r.ReadAt(b, at); err != nil && err != io.EOF {
		return nil, unreadable()
	}
	return b, nil
}

// put writes text at a place, and zeros behind it to the end.
func (l *labels) put(at, end int64, text string) error {
	if end < at+int64(len(text)) || end-at > mostLabel {
		return unreadable()
	}
	b := make([]byte, end-at)
	copy(b, text)
	l.out = append(l.out, Patch{at, b})
	return nil
}

// mp4 blanks user data and descriptions, where telephones write the place, and the times.
func (l *labels) mp4() (err error) {
	walked := boxes(l.r, 0, l.size, 0, func(name string, from, to int64) bool {
		switch name {
		case "udta", "meta", "uuid":
			if e := l.put(from-4, to, "free"); e != nil && err == nil {
				err = e
			}
		case "mvhd", "tkhd", "mdhd":
			var version [1]byte
			n := int64(8)
			if _, e := l.r.ReadAt(version[:], from); e == nil && version[0] == 1 {
				n = 16
			}
			if e := l.put(from+4, min(from+4+n, to), ""); e != nil && err == nil {
				err = e
			}
		}
		return name == "moov" || name == "trak" || name == "mdia"
	})
	if err == nil {
		err = walked
	}
	return err
}

// wav blanks every chunk that is not needed to play (RFC 2361).
func (l *labels) wav() error {
	for at := int64(12); at+8 <= l.size; {
		h, err := l.read(at, 8)
		if err != nil {
			return err
		}
		name, n := string(h[:4]), int64(binary.LittleEndian.Uint32(h[4:]))
		end := min(at+8+n, l.size) // recorders that were cut off leave the length of "data" open
		if name != "fmt " && name != "data" && name != "fact" {
			if err := l.put(at+8, end, ""); err != nil {
				return err
			}
			l.out = append(l.out, Patch{at, []byte("JUNK")})
		}
		at += 8 + n + n&1
	}
	return nil
}

// mpeg blanks ID3 tags at the beginning and at the end.
func (l *labels) mpeg() error {
	if h, err := l.read(0, 10); err == nil && string(h[:3]) == "ID3" {
		n := int64(h[6]&127)<<21 | int64(h[7]&127)<<14 | int64(h[8]&127)<<7 | int64(h[9]&127)
		if err := l.put(10, 10+n, ""); err != nil || 10+n > l.size {
			return unreadable()
		}
	}
	if tail, err := l.read(l.size-128, 128); err == nil && string(tail[:3]) == "TAG" {
		return l.put(l.size-125, l.size, "")
	}
	return nil
}

// ogg writes dashes over the comments of the second packet, and the page's checksum anew
// (RFC 3533, 6; RFC 7845, 5.2).
func (l *labels) ogg() error {
	first, _, err := l.page(0)
	if err != nil {
		return err
	}
	at := int64(len(first))
	page, begin, err := l.page(at)
	if err != nil {
		return err
	}
	packet := page[begin:]
	for _, head := range []string{"OpusTags", "\x03vorbis"} {
		if rest, ok := bytes.CutPrefix(packet, []byte(head)); ok {
			if !dashed(rest) {
				return unreadable()
			}
		}
	}
	binary.LittleEndian.PutUint32(page[22:], 0)
	binary.LittleEndian.PutUint32(page[22:], oggSum(page))
	l.out = append(l.out, Patch{at, page})
	return nil
}

// page reads a page of an Ogg file whole, and where its first packet begins.
func (l *labels) page(at int64) (page []byte, begin int, err error) {
	h, err := l.read(at, 27)
	if err != nil || string(h[:4]) != "OggS" {
		return nil, 0, unreadable()
	}
	lengths, err := l.read(at+27, int64(h[26]))
	if err != nil {
		return nil, 0, err
	}
	n := int64(27 + len(lengths))
	for _, x := range lengths {
		n += int64(x)
	}
	page, err = l.read(at, n)
	return page, 27 + len(lengths), err
}

// dashed overwrites the values of comments; false where they do not end in b.
func dashed(b []byte) bool {
	next := func() (text []byte, ok bool) {
		if len(b) < 4 {
			return nil, false
		}
		n := binary.LittleEndian.Uint32(b)
		if uint64(n) > uint64(len(b)-4) {
			return nil, false
		}
		text, b = b[4:4+n], b[4+n:]
		return text, true
	}
	if _, ok := next(); !ok || len(b) < 4 { // the vendor
		return false
	}
	count := binary.LittleEndian.Uint32(b)
	b = b[4:]
	for range count {
		text, ok := next()
		if !ok {
			return false
		}
		for i := bytes.IndexByte(text, '=') + 1; i < len(text); i++ {
			text[i] = '-'
		}
	}
	return true
}

// oggSum is the checksum of a page: CRC-32 without reflection, which hash/crc32 does not have.
func oggSum(page []byte) (sum uint32) {
	for _, b := range page {
		sum ^= uint32(b) << 24
		for range 8 {
			if sum&(1<<31) != 0 {
				sum = sum<<1 ^ 0x04c11db7
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

// The elements of Matroska (RFC 9559) that are looked at.
const (
	ebmlHead    = 0x1a45dfa3
	ebmlSegment = 0x18538067
	ebmlInfo    = 0x1549a966
	ebmlTags    = 0x1254c367
	ebmlDate    = 0x4461
	ebmlTitle   = 0x7ba9
)

// webm makes the tags void, and blanks date and title.
func (l *labels) webm() error { return l.elements(0, l.size) }

func (l *labels) elements(at, end int64) error {
	for at < end {
		id, n, err := l.vint(at, true)
		if err != nil {
			return err
		}
		length, m, err := l.vint(at+n, false)
		if err != nil {
			return err
		}
		body := at + n + m
		open := length == 1<<(7*m)-1 // recorded live: it goes on to the end
		if open || body+length > end {
			length = end - body
		}
		switch id {
		case ebmlSegment, ebmlInfo:
			if err := l.elements(body, body+length); err != nil {
				return err
			}
		case ebmlTags:
			if body+length-at < 9 {
				break
			}
			var head [9]byte // Void, and a length of eight bytes
			binary.BigEndian.PutUint64(head[1:], uint64(body+length-at-9)|1<<56)
			head[0] = 0xec
			if err := l.put(at, body+length, string(head[:])); err != nil {
				return err
			}
		case ebmlDate, ebmlTitle:
			if err := l.put(body, body+length, ""); err != nil {
				return err
			}
		}
		if open && id != ebmlSegment && id != ebmlHead {
			return nil // a cluster without an end: only clusters follow
		}
		at = body + length
	}
	return nil
}

// vint reads a number of EBML (RFC 8794, 4), with its marker where it is an id.
func (l *labels) vint(at int64, marked bool) (v, n int64, err error) {
	first, err := l.read(at, 1)
	if err != nil || first[0] == 0 {
		return 0, 0, unreadable()
	}
	n = 1
	for m := byte(0x80); first[0]&m == 0; m >>= 1 {
		n++
	}
	b, err := l.read(at, n)
	if err != nil {
		return 0, 0, err
	}
	if !marked {
		b[0] &= 1<<(8-n) - 1
	}
	for _, x := range b {
		v = v<<8 | int64(x)
	}
	return v, n, nil
}

// Patched reads r with patches laid over it, from the first to the last.
type Patched struct {
	io.ReadSeeker
	Patches []Patch
	at      int64
}

// Read reads what stands there.
func (p *Patched) Read(b []byte) (int, error) {
	n, err := p.ReadSeeker.Read(b)
	for _, x := range p.Patches {
		from, to := max(x.At, p.at), min(x.At+int64(len(x.With)), p.at+int64(n))
		if from < to {
			copy(b[from-p.at:to-p.at], x.With[from-x.At:])
		}
	}
	p.at += int64(n)
	return n, err
}

// Seek moves to a place of the file.
func (p *Patched) Seek(offset int64, whence int) (at int64, err error) {
	at, err = p.ReadSeeker.Seek(offset, whence)
	if err == nil {
		p.at = at
	}
	return at, err
}
