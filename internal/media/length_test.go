package media

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"
)

// recorded is a WebM as browsers record it: without its length, in clusters of ten seconds.
func recorded(seconds int, said float64) []byte {
	info := "\x2a\xd7\xb1\x83\x0f\x42\x40"
	if said > 0 {
		info += "\x44\x89\x88" + string(binary.BigEndian.AppendUint64(nil, math.Float64bits(said)))
	}
	b := []byte("\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\x15\x49\xa9\x66" + string([]byte{0x80 | byte(len(info))}) + info + "\x16\x54\xae\x6b\x86A_OPUS")
	for from := 0; from < seconds*1000; from += 10000 {
		b = append(b, "\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff\xe7\x84"...)
		b = binary.BigEndian.AppendUint32(b, uint32(from))
		for at := 0; at <= 10000 && from+at <= seconds*1000; at += 1000 {
			b = append(b, "\xa3\x86\x81"...)
			b = append(binary.BigEndian.AppendUint16(b, uint16(at)), "\x80so"...)
		}
	}
	return b
}

// oggOf is an Ogg whose last page ends at a sample.
func oggOf(head string, at uint64) []byte {
	page := oggPage("sounds")
	binary.LittleEndian.PutUint64(page[6:], at)
	open := oggPage("more")
	binary.LittleEndian.PutUint64(open[6:], math.MaxUint64)
	return append(append(oggPage(head), page...), open...)
}

// m4aOf is an M4A of a length in milliseconds, said at its head or with its fragments.
func m4aOf(ms uint32, fragments bool) []byte {
	of := func(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }
	whole, more := ms, ""
	if fragments {
		whole, more = 0, box("mvex", box("mehd", of(0)+of(ms)))
	}
	return []byte(box("ftyp", "M4A \x00\x00\x00\x00") + box("moov", box("mvhd", of(0)+of(0)+of(0)+of(1000)+of(whole)+string(make([]byte, 80))), track("soun"), more) + box("mdat", "sounds"))
}

// mp3Of is a recording of frames of a kind: at 44,100 Hz one lasts 26.1 ms. Their bit rates change,
// and the first of them says something else of the whole.
func mp3Of(frames int) []byte {
	b := []byte("ID3\x03\x00\x00\x00\x00\x00\x04xxxx")
	for i := range frames {
		frame := make([]byte, 417)
		if i%2 == 1 {
			frame = make([]byte, 626)
		}
		copy(frame, []byte{0xff, 0xfb, 0x90 + byte(i%2)<<5, 0})
		if i == 0 {
			copy(frame[36:], "Xing\x00\x00\x00\x01\x00\x00\x00\x02")
		}
		b = append(b, frame...)
	}
	return b
}

// aacOf is a recording in frames of 64 ms at 16,000 Hz, with something between them.
func aacOf(frames int, between string) (b []byte) {
	for range frames {
		b = append(append(b, 0xff, 0xf1, 0x60, 0x40, 20>>3, 20<<5&0xff|0x1f, 0xfc), make([]byte, 13)...)
		b = append(b, between...)
	}
	return b
}

// amrOf is a recording in frames of 20 ms: one of speech, two that say that there is none.
func amrOf(head string, speech byte, bytes, frames int) []byte {
	b := []byte(head)
	for i := range frames {
		if i%3 > 0 {
			b = append(b, 15<<3|4)
			continue
		}
		b = append(append(b, speech<<3|4), make([]byte, bytes)...)
	}
	return b
}

// How long a recording is its container tells, also where a browser wrote it as it went; of what
// says nothing, or lies, nothing is claimed.
func TestLengthOfRecordings(t *testing.T) {
	for name, x := range map[string]struct {
		data []byte
		want time.Duration
	}{
		"a browser's WebM":         {recorded(61, 0), 61 * time.Second},
		"a WebM that says it":      {recorded(5, 42500), 42500 * time.Millisecond},
		"Opus in Ogg":              {oggOf("OpusHead\x01\x01", 48000*59), 59 * time.Second},
		"Vorbis in Ogg":            {oggOf("\x01vorbis\x00\x00\x00\x00\x01\x40\x1f\x00\x00", 8000*7), 7 * time.Second},
		"M4A":                      {m4aOf(60500, false), 60500 * time.Millisecond},
		"M4A in fragments":         {m4aOf(61000, true), 61 * time.Second},
		"a WebM without sounds":    {webmOf("A_OPUS", "x"), 0},
		"an M4A that says nothing": {m4aOf(0, false), 0},
		"MP3":                      {mp3Of(2297), 60003265306},
		"AAC":                      {aacOf(1000, ""), 64 * time.Second},
		"AAC behind a label":       {append([]byte("ID3\x04\x00\x00\x00\x00\x00\x02xx"), aacOf(500, "")...), 32 * time.Second},
		"AAC with gaps":            {append(aacOf(2, ""), aacOf(500, "gap")...), 32128 * time.Millisecond},
		"AMR":                      {amrOf("#!AMR\n", 7, 31, 3300), 66 * time.Second},
		"AMR-WB":                   {amrOf("#!AMR-WB\n", 8, 60, 300), 6 * time.Second},
		"Speex in Ogg":             {oggOf("Speex   "+strings.Repeat("v", 28)+"\x40\x1f\x00\x00", 8000*61), 61 * time.Second},
		"FLAC in Ogg":              {oggOf("\x7fFLAC\x01\x00\x00\x01fLaC\x00\x00\x00\x22"+strings.Repeat("s", 10)+"\x0a\xc4\x42\xf0", 44100*5), 5 * time.Second},
		"frames and no sound":      {[]byte("ID3\x04\x00\x00\x00\x00\x00\x02xx, and words"), 0},
		"a picture":                {asPNG(scene(20, 20, 1)), 0},
		"nothing":                  {nil, 0},
	} {
		got, ok := Length(bytes.NewReader(x.data), int64(len(x.data)))
		if got.Round(time.Millisecond) != x.want.Round(time.Millisecond) || ok != (x.want > 0) {
			t.Errorf("%s: %v %v, want %v", name, got, ok, x.want)
		}
	}
}

// Whatever a file says of its length, looking is quick and nothing falls over.
func FuzzLength(f *testing.F) {
	for _, b := range [][]byte{recorded(12, 0), recorded(1, 3), oggOf("OpusHead\x01\x01", 99), m4aOf(7, true), m4aOf(7, false), wav("x"), mp3("x"), mp3Of(3), aacOf(3, "gap"), amrOf("#!AMR\n", 7, 31, 4), amrOf("#!AMR-WB\n", 9, 5, 4)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, ok := Length(bytes.NewReader(b), int64(len(b))); ok && d <= 0 {
			t.Errorf("%v", d)
		}
	})
}
