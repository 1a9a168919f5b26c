package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"time"
)

// Length is how long a recording is: as its container tells it (WebM, MP4 and M4A, Ogg, WAV), or by
// its frames (MP3, AAC, AMR). ok is false for all else, and where nothing is said.
func Length(r io.ReaderAt, size int64) (d time.Duration, ok bool) {
	head := make([]byte, min(size, 512))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return 0, false
	}
	kind, err := typeOf(r, size, head)
	if err != nil {
		return 0, false
	}
	return lengthOf(r, size, kind, head)
}

// lengthOf is the length of what begins with head, whose type is known.
func lengthOf(r io.ReaderAt, size int64, mediaType string, head []byte) (time.Duration, bool) {
	var seconds float64
	switch mediaType {
	case "audio/ogg":
		seconds = oggLength(r, size, head)
	case "audio/webm", "video/webm":
		seconds = webmLength(r, size)
	case "audio/mpeg", "audio/aac":
		seconds = mpegLength(r, size)
	case "audio/amr":
		seconds = amrLength(r, size, head)
	case "audio/mp4", "video/mp4":
		seconds = mp4Length(r, size)
	case "audio/wav":
		if len(head) > 44 && string(head[12:16]) == "fmt " {
			seconds = float64(size-44) / float64(max(1, binary.LittleEndian.Uint32(head[28:])))
		}
	}
	if seconds <= 0 || seconds > 1e6 || math.IsNaN(seconds) {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// oggLength is the position of the last page: in samples, of which Opus always has 48,000 a
// second (RFC 7845, section 4).
func oggLength(r io.ReaderAt, size int64, head []byte) float64 {
	rate := uint64(0)
	if i := bytes.Index(head, []byte("OpusHead")); i >= 0 {
		rate = 48000
	} else if i := bytes.Index(head, []byte("\x01vorbis")); i >= 0 && len(head) >= i+16 {
		rate = uint64(binary.LittleEndian.Uint32(head[i+12:]))
	} else if i := bytes.Index(head, []byte("Speex   ")); i >= 0 && len(head) >= i+40 {
		rate = uint64(binary.LittleEndian.Uint32(head[i+36:]))
	} else if i := bytes.Index(head, []byte("\x7fFLAC")); i >= 0 && len(head) >= i+30 {
		rate = uint64(binary.BigEndian.Uint32(head[i+26:])&0xffffff) >> 4 // 20 bits, RFC 9639, 8.2
	}
	tail := make([]byte, min(size, 128<<10)) // a page is 64 KiB at most
	if _, err := r.ReadAt(tail, size-int64(len(tail))); rate == 0 || err != nil && err != io.EOF {
		return 0
	}
	for end := len(tail); ; {
		i := bytes.LastIndex(tail[:end], []byte("OggS"))
		if i < 0 {
			return 0
		}
		// A page on which no packet ends says -1.
		if i+14 <= len(tail) {
			if at := binary.LittleEndian.Uint64(tail[i+6:]); at != math.MaxUint64 {
				return float64(at) / float64(rate)
			}
		}
		end = i
	}
}

// mp4Length is what the head of the film says (ISO/IEC 14496-12, 8.2.2), or that of its fragments
// (8.8.2).
func mp4Length(r io.ReaderAt, size int64) float64 {
	var scale, length uint64
	err := boxes(r, 0, size, 0, func(name string, from, to int64) bool {
		b := make([]byte, min(to-from, 32))
		if _, err := r.ReadAt(b, from); err != nil && err != io.EOF {
			return false
		}
		switch {
		case name == "mvhd" && len(b) >= 20 && b[0] == 0:
			scale, length = uint64(binary.BigEndian.Uint32(b[12:])), uint64(binary.BigEndian.Uint32(b[16:]))
		case name == "mvhd" && len(b) == 32:
			scale, length = uint64(binary.BigEndian.Uint32(b[20:])), binary.BigEndian.Uint64(b[24:])
		case name == "mehd" && length == 0 && len(b) >= 8 && b[0] == 0:
			length = uint64(binary.BigEndian.Uint32(b[4:]))
		case name == "mehd" && length == 0 && len(b) >= 12:
			length = binary.BigEndian.Uint64(b[4:])
		}
		return name == "moov" || name == "mvex"
	})
	if err != nil || scale == 0 || length == math.MaxUint32 || length == math.MaxUint64 {
		return 0
	}
	return float64(length) / float64(scale)
}

// The elements of WebM that tell of time (RFC 8794 says how they are written).
const (
	webmSegment  = 0x18538067
	webmInfo     = 0x1549a966
	webmScale    = 0x2ad7b1
	webmDuration = 0x4489
	webmCluster  = 0x1f43b675
	webmTime     = 0xe7
	webmGroup    = 0xa0
	webmBlock    = 0xa1
	webmSimple   = 0xa3

	mostElements = 200_000
)

// webmLength is what the file says of itself, or else, since browsers write as they record, when
// its last block begins.
func webmLength(r io.ReaderAt, size int64) float64 {
	scale, said, cluster, last := 1e6, 0.0, 0.0, 0.0 // nanoseconds; the others in units of it
	for at, n := int64(0), 0; at < size && n < mostElements; n++ {
		var b [24]byte
		got, err := r.ReadAt(b[:], at)
		if err != nil && err != io.EOF {
			return 0
		}
		id, idLength := vint(b[:got], true)
		length, sizeLength := vint(b[min(idLength, got):got], false)
		if idLength == 0 || sizeLength == 0 {
			break
		}
		body := b[idLength+sizeLength : got]
		at += int64(idLength + sizeLength)
		switch id {
		case webmSegment, webmInfo, webmCluster, webmGroup:
			continue // what is inside follows
		case webmScale:
			scale = float64(number(body, length))
		case webmDuration:
			switch {
			case length == 4 && len(body) >= 4:
				said = float64(math.Float32frombits(binary.BigEndian.Uint32(body)))
			case length == 8 && len(body) >= 8:
				said = math.Float64frombits(binary.BigEndian.Uint64(body))
			}
		case webmTime:
			cluster = float64(number(body, length))
		case webmSimple, webmBlock:
			if _, track := vint(body, false); track > 0 && len(body) >= track+2 {
				last = max(last, cluster+float64(int16(binary.BigEndian.Uint16(body[track:]))))
			}
		}
		if length > uint64(size-at) {
			break
		}
		at += int64(length)
	}
	if said > 0 {
		last = said
	}
	return last * scale / 1e9
}

// vint reads a number of variable length; an id keeps the bit that says how long it is. n is how
// many bytes it has, 0 for none.
func vint(b []byte, id bool) (v uint64, n int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	for n = 1; b[0]<<(n-1)&0x80 == 0; n++ {
	}
	if n > len(b) {
		return 0, 0
	}
	for i, x := range b[:n] {
		if i == 0 && !id {
			x &= 0xff >> n
		}
		v = v<<8 | uint64(x)
	}
	return v, n
}

// number is a whole number of some bytes, 8 at most.
func number(b []byte, length uint64) (v uint64) {
	if length > 8 || length > uint64(len(b)) {
		return 0
	}
	for _, x := range b[:length] {
		v = v<<8 | uint64(x)
	}
	return v
}
