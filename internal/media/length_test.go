package media

import (
	"bytes"
	"encoding/binary"
	"math"
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
		"MP3":                      {mp3("x"), 0},
		"a picture":                {asPNG(scene(20, 20, 1)), 0},
		"nothing":                  {nil, 0},
	} {
		got, ok := Length(bytes.NewReader(x.data), int64(len(x.data)))
		if got != x.want || ok != (x.want > 0) {
			t.Errorf("%s: %v %v, want %v", name, got, ok, x.want)
		}
	}
}

// Whatever a file says of its length, looking is quick and nothing falls over.
func FuzzLength(f *testing.F) {
	for _, b := range [][]byte{recorded(12, 0), recorded(1, 3), oggOf("OpusHead\x01\x01", 99), m4aOf(7, true), m4aOf(7, false), wav("x"), mp3("x")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, ok := Length(bytes.NewReader(b), int64(len(b))); ok && d <= 0 {
			t.Errorf("%v", d)
		}
	})
}
