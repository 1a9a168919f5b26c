package media

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"path"
	"slices"
	"strings"

	"gezhi/internal/fault"
)

// typeOf is the media type by content; "" for none that is known.
func typeOf(r io.ReaderAt, size int64, head []byte) (string, error) {
	begins := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	at := func(i int, s string) bool { return len(head) >= i+len(s) && string(head[i:i+len(s)]) == s }
	switch {
	case begins("\xff\xd8\xff"):
		return "image/jpeg", nil
	case begins("\x89PNG\r\n\x1a\n"):
		return "image/png", nil
	case begins("GIF87a"), begins("GIF89a"):
		return "image/gif", nil
	case begins("RIFF") && at(8, "WEBP"):
		return "image/webp", nil
	case begins("RIFF") && at(8, "WAVE"):
		return "audio/wav", nil
	case begins("OggS"):
		return ogg(head), nil
	case begins("\x1a\x45\xdf\xa3"):
		return webm(r, size, head), nil
	case at(4, "ftyp"):
		return mp4(r, size, head)
	case begins("#!AMR\n"), begins("#!AMR-WB\n"):
		return "audio/amr", nil
	case begins("ID3"), mpegFrame(head) > 0:
		return mpeg(head), nil
	case len(head) > 7 && head[0] == 0xff && head[1]&0xf6 == 0xf0:
		return adts(head), nil
	case begins("%PDF-"):
		return pdf(r, size)
	case begins("PK\x03\x04"):
		return office(r, size)
	}
	return "", nil
}

// ogg takes Opus, Vorbis, Speex and FLAC: the first packet says which (RFC 5334).
func ogg(head []byte) string {
	if len(head) < 28 {
		return ""
	}
	packet := head[27:]
	if skip := int(head[26]); skip < len(packet) {
		packet = packet[skip:]
	}
	for _, s := range []string{"OpusHead", "\x01vorbis", "Speex   ", "\x7fFLAC"} {
		if bytes.HasPrefix(packet, []byte(s)) {
			return "audio/ogg"
		}
	}
	return ""
}

// webm tells a recording from a film: the tracks, which come early, name their codecs.
func webm(r io.ReaderAt, size int64, head []byte) string {
	if !bytes.Contains(head[:min(64, len(head))], []byte("webm")) {
		return ""
	}
	early := make([]byte, min(size, 64<<10))
	if n, err := r.ReadAt(early, 0); err != nil && err != io.EOF {
		early = early[:n]
	}
	switch {
	case bytes.Contains(early, []byte("V_VP")), bytes.Contains(early, []byte("V_AV1")), bytes.Contains(early, []byte("V_MPEG")):
		return "video/webm"
	case bytes.Contains(early, []byte("A_OPUS")), bytes.Contains(early, []byte("A_VORBIS")):
		return "audio/webm"
	}
	return ""
}

// mp4 tells a recording from a film by the handlers of its tracks (ISO/IEC 14496-12, 8.4.3).
// Pictures in the same box (HEIC, AVIF) are refused with a word of their own.
func mp4(r io.ReaderAt, size int64, head []byte) (string, error) {
	if len(head) < 12 {
		return "", nil
	}
	switch brand := string(head[8:12]); brand {
	case "heic", "heix", "hevc", "heim", "heis", "mif1", "msf1", "avif", "avis":
		return "", fault.New(fault.Invalid, "media.heic")
	}
	var handlers []string
	err := boxes(r, 0, size, 0, func(name string, from, to int64) bool {
		if name == "hdlr" && to-from >= 12 {
			var b [4]byte
			if _, err := r.ReadAt(b[:], from+8); err == nil {
				handlers = append(handlers, string(b[:]))
			}
		}
		return name == "moov" || name == "trak" || name == "mdia"
	})
	switch {
	case err != nil:
		return "", err
	case slices.Contains(handlers, "vide"):
		return "video/mp4", nil
	case slices.Contains(handlers, "soun"):
		return "audio/mp4", nil
	}
	return "", nil
}

// mostBoxes is how many boxes of an MP4 are looked at.
const mostBoxes = 20_000

// boxes walks the boxes of an MP4 between from and to; enter says into which it goes. A box that
// is longer than what holds it makes the file a lie.
func boxes(r io.ReaderAt, from, to int64, depth int, enter func(name string, from, to int64) bool) error {
	for n := 0; from+8 <= to; n++ {
		var h [16]byte
		if _, err := r.ReadAt(h[:8], from); err != nil {
			return lies()
		}
		length, body := int64(binary.BigEndian.Uint32(h[:4])), from+8
		switch {
		case length == 0:
			length = to - from
		case length == 1:
			if _, err := r.ReadAt(h[8:], from+8); err != nil {
				return lies()
			}
			length, body = int64(binary.BigEndian.Uint64(h[8:])), from+16
		}
		if length < body-from || length > to-from || n > mostBoxes || depth > 8 {
			return lies()
		}
		if enter(string(h[4:8]), body, from+length) {
			if err := boxes(r, body, from+length, depth+1, enter); err != nil {
				return err
			}
		}
		from += length
	}
	return nil
}

// The bit rates of layer III, in kbit/s, of MPEG 1 and of MPEG 2, and the sample rates of MPEG 1.
var (
	rates1  = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}
	rates2  = [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}
	samples = [4]int{44100, 48000, 32000, 0}
)

// mpegFrame is the length of the frame of MPEG audio, layer III, that begins here; 0 for none.
func mpegFrame(b []byte) int {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe6 != 0xe2 {
		return 0
	}
	version, pad := b[1]>>3&3, int(b[2]>>1&1)
	hertz, rate := samples[b[2]>>2&3], rates2[b[2]>>4]
	per := 72
	switch version {
	case 1:
		return 0
	case 3:
		rate, per = rates1[b[2]>>4], 144
	case 2:
		hertz /= 2
	default:
		hertz /= 4
	}
	if hertz == 0 || rate == 0 {
		return 0
	}
	return per*rate*1000/hertz + pad
}

// mpeg wants two frames behind one another: one may come about by chance.
func mpeg(head []byte) string {
	if bytes.HasPrefix(head, []byte("ID3")) {
		return "audio/mpeg"
	}
	n := mpegFrame(head)
	if n < len(head) && mpegFrame(head[n:]) > 0 {
		return "audio/mpeg"
	}
	return ""
}

// adts wants two frames behind one another too (ISO/IEC 13818-7, 6.2).
func adts(head []byte) string {
	n := int(head[3]&3)<<11 | int(head[4])<<3 | int(head[5])>>5
	if n >= 7 && n+1 < len(head) && head[n] == 0xff && head[n+1]&0xf6 == 0xf0 {
		return "audio/aac"
	}
	return ""
}

// pdf wants the end of one too (ISO 32000, 7.5.5).
func pdf(r io.ReaderAt, size int64) (string, error) {
	tail := make([]byte, min(size, 2048))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF || !bytes.Contains(tail, []byte("%%EOF")) {
		return "", lies()
	}
	return "application/pdf", nil
}

// mostParts is how many parts a document of an office suite may have.
const mostParts = 5000

// office takes documents of ECMA-376 without macros and without names that lead elsewhere.
// Nothing in them is unpacked here.
func office(r io.ReaderAt, size int64) (string, error) {
	z, err := zip.NewReader(r, size)
	if err != nil || len(z.File) > mostParts {
		return "", lies()
	}
	kind, content := "", false
	for _, f := range z.File {
		name := strings.ToLower(f.Name)
		if strings.HasPrefix(name, "/") || strings.Contains(name, "\\") || slices.Contains(strings.Split(name, "/"), "..") {
			return "", lies()
		}
		switch {
		case path.Base(name) == "vbaproject.bin" || strings.Contains(name, "activex"):
			return "", fault.New(fault.Invalid, "media.macros")
		case name == "[content_types].xml":
			content = true
		case name == "word/document.xml":
			kind = "wordprocessingml.document"
		case name == "xl/workbook.xml":
			kind = "spreadsheetml.sheet"
		case name == "ppt/presentation.xml":
			kind = "presentationml.presentation"
		}
	}
	if kind == "" || !content {
		return "", nil
	}
	return "application/vnd.openxmlformats-officedocument." + kind, nil
}
