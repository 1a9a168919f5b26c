package media

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"time"

	"gezhi/internal/fault"
)

// Kind is what a file is to people.
type Kind string

// The kinds of files that are taken in.
const (
	Picture  Kind = "picture"
	Sound    Kind = "sound"
	Film     Kind = "film"
	Document Kind = "document"
)

// most is the largest file of each kind, in bytes. A minute of what telephones record has at most
// 2 MB.
var most = map[Kind]int64{Picture: 20 << 20, Sound: 10 << 20, Film: 100 << 20, Document: 20 << 20}

// Largest is the largest file of all, in bytes.
const Largest = 100 << 20

// Facts are what a file is by its content.
type Facts struct {
	Kind Kind
	Type string // media type
	// Of a picture: its pixels as they lie in the file, and how it was held (EXIF orientation,
	// 1 to 8).
	Width, Height, Turn int
	Hint                Hint
	Length              time.Duration // of a sound or film, where it tells
}

// types are the media types that are taken in, by kind.
var types = map[string]Kind{
	"image/jpeg": Picture, "image/png": Picture, "image/webp": Picture, "image/gif": Picture,
	"audio/mpeg": Sound, "audio/wav": Sound, "audio/ogg": Sound, "audio/webm": Sound, "audio/mp4": Sound, "audio/aac": Sound, "audio/amr": Sound,
	"video/webm": Film, "video/mp4": Film,
	"application/pdf": Document,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   Document,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         Document,
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": Document,
}

// KindOf is the kind of a media type; "" of one that is not taken in, and of those that an
// older program wrote down.
func KindOf(mediaType string) Kind { return types[mediaType] }

// Refusal of a file that begins as one thing and is another.
func lies() error { return fault.New(fault.Invalid, "media.lies") }

// Inspect says what a file is. It refuses what is not taken in (media.type, media.heic), what is
// larger than its kind may be (blob.too_large), what is not what it begins as, or something else
// besides (media.lies), and pictures that would take too much memory (media.too_many_pixels).
// No kinds are all of them.
func Inspect(r io.ReaderAt, size int64, kinds ...Kind) (Facts, error) {
	head := make([]byte, min(size, headSize))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return Facts{}, fault.Wrap(err, fault.Unavailable, "blob.broken")
	}
	mediaType, err := typeOf(r, size, head)
	if err != nil {
		return Facts{}, err
	}
	f := Facts{Kind: types[mediaType], Type: mediaType, Turn: 1}
	switch {
	case f.Kind == "" || len(kinds) > 0 && !slices.Contains(kinds, f.Kind):
		return f, fault.New(fault.Invalid, "media.type")
	case size > most[f.Kind]:
		return f, fault.New(fault.TooLarge, "blob.too_large", "limit", most[f.Kind])
	}
	if f.Kind != Document {
		if err := noMarkup(io.NewSectionReader(r, 0, size)); err != nil {
			return f, err
		}
	}
	if !strings.HasPrefix(f.Type, "application/vnd") && endsAsZip(r, size) {
		return f, lies()
	}
	if f.Kind == Picture {
		return f, f.measure(r, size)
	}
	f.Length, _ = lengthOf(r, size, f.Type, head)
	return f, nil
}

// headSize is how much of a file's beginning is looked at.
const headSize = 4096

// markup is what no picture, sound or film holds beside what it is, and what browsers that guess
// would run. Each is long enough not to come about by chance.
var markup = [][]byte{[]byte("<script"), []byte("<!doctype"), []byte("<iframe"), []byte("<html>"), []byte("<html "), []byte("<svg "), []byte("<?php")}

// noMarkup refuses files that hold a page, or a part of one, anywhere.
func noMarkup(r io.Reader) error {
	const longest = 9 // of markup
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		part := buf[:kept+n]
		for at := 0; ; {
			i := bytes.IndexByte(part[at:], '<')
			if i < 0 {
				break
			}
			at += i
			word := part[at:min(at+longest, len(part))]
			for _, m := range markup {
				if len(word) >= len(m) && bytes.EqualFold(word[:len(m)], m) {
					return lies()
				}
			}
			at++
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return nil
		case err != nil:
			return fault.Wrap(err, fault.Unavailable, "blob.broken")
		}
		kept = copy(buf, part[len(part)-longest+1:])
	}
}

// endsAsZip tells whether the end of a file is that of a ZIP archive, which readers of archives
// look for wherever the file began (APPNOTE.TXT, 4.3.16).
func endsAsZip(r io.ReaderAt, size int64) bool {
	tail := make([]byte, min(size, 22+1<<16))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return true
	}
	for at := len(tail); ; {
		at = bytes.LastIndex(tail[:at], []byte("PK\x05\x06"))
		if at < 0 {
			return false
		}
		if at+22 <= len(tail) && at+22+int(tail[at+20])+int(tail[at+21])<<8 == len(tail) {
			return true
		}
	}
}
