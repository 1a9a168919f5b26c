package media

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
)

// scene draws something that differs from place to place and from seed to seed.
func scene(w, h int, seed float64) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := float64(x)/float64(w), float64(y)/float64(h)
			l := 128 + 60*math.Sin(seed+u*(9+seed)+v*3) + 60*math.Cos(seed*2+v*(11-seed)+u*2)
			m.SetRGBA(x, y, color.RGBA{uint8(l), uint8(l / 2), uint8(255 - l), 255})
		}
	}
	return m
}

func asJPEG(m image.Image, quality int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	return b.Bytes()
}

func asPNG(m image.Image) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.Bytes()
}

func inspect(b []byte, kinds ...Kind) (Facts, error) {
	return Inspect(bytes.NewReader(b), int64(len(b)), kinds...)
}

func box(name string, body ...string) string {
	s := strings.Join(body, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)+8))) + name + s
}

func track(handler string) string {
	return box("trak", box("mdia", box("mdhd", "\x00\x00\x00\x00tttttttt"+strings.Repeat("\x00", 12)), box("hdlr", "\x00\x00\x00\x00\x00\x00\x00\x00"+handler+strings.Repeat("\x00", 13))))
}

func m4a(place string) []byte {
	return []byte(box("ftyp", "M4A \x00\x00\x00\x00") + box("moov", box("mvhd", "\x00\x00\x00\x00tttttttt"+strings.Repeat("\x00", 88)), track("soun"), box("udta", place)) + box("mdat", "sounds"))
}

func oggPage(packet string) []byte {
	p := append([]byte("OggS\x00\x02"), make([]byte, 20)...)
	p = append(p, byte((len(packet)+254)/255))
	for n := len(packet); n > 0; n -= 255 {
		p = append(p, byte(min(n, 255)))
	}
	p = append(p, packet...)
	binary.LittleEndian.PutUint32(p[22:], oggSum(p))
	return p
}

func opus(comment string) []byte {
	le := func(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	return append(append(oggPage("OpusHead\x01\x01"), oggPage("OpusTags"+le(3)+"rec"+le(1)+le(len(comment))+comment)...), oggPage("sounds")...)
}

func wav(note string) []byte {
	le := func(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	body := "WAVEfmt " + le(16) + strings.Repeat("f", 16) + "LIST" + le(len(note)) + note + "data" + le(4) + "1234"
	return []byte("RIFF" + le(len(body)) + body)
}

func webmOf(codec, note string) []byte {
	tags := "\x12\x54\xc3\x67" + string([]byte{0x40, byte(len(note))}) + note
	info := "\x15\x49\xa9\x66" + "\x8b" + "\x44\x61\x88" + "whenwhen"
	return []byte("\x1a\x45\xdf\xa3\x87\x42\x82\x84webm" + "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + info + tags + "\x16\x54\xae\x6b" + string([]byte{0x80 | byte(len(codec))}) + codec + "\x1f\x43\xb6\x75\xffsounds")
}

func mp3(title string) []byte {
	frame := append([]byte{0xff, 0xfb, 0x90, 0x00}, make([]byte, 413)...)
	head := append([]byte("ID3\x03\x00\x00"), 0, 0, byte(len(title)>>7), byte(len(title)&127))
	return append(append(append(head, title...), frame...), frame...)
}

func zipOf(names ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		w, _ := z.CreateHeader(&zip.FileHeader{Name: n})
		_, _ = w.Write([]byte("x"))
	}
	_ = z.Close()
	return b.Bytes()
}

var documentOf = func() []byte { return zipOf("[Content_Types].xml", "word/document.xml") }

// What a file is comes from its content: every type that is taken in is known by it.
func TestTypesAreToldByContent(t *testing.T) {
	var moving bytes.Buffer
	_ = gif.Encode(&moving, scene(40, 30, 1), nil)
	for want, b := range map[string][]byte{
		"image/jpeg": asJPEG(scene(64, 48, 1), 80), "image/png": asPNG(scene(64, 48, 1)), "image/gif": moving.Bytes(),
		"audio/wav": wav("note"), "audio/ogg": opus("ARTIST=x"), "audio/mp4": m4a("here"), "audio/webm": webmOf("A_OPUS", "note"), "video/webm": webmOf("V_VP8", "note"),
		"audio/mpeg": mp3("title"), "video/mp4": []byte(box("ftyp", "isom\x00\x00\x00\x00") + box("moov", track("vide"), track("soun"))),
		"audio/amr":       []byte("#!AMR\nsounds"),
		"application/pdf": []byte("%PDF-1.7\n1 0 obj\n%%EOF\n"),
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document": documentOf(),
	} {
		f, err := inspect(b)
		if err != nil || f.Type != want || f.Kind != KindOf(want) || f.Kind == "" {
			t.Errorf("%s: %+v %v", want, f, err)
		}
	}
}

// Whatever is none of them, or not what it begins as, or something else besides, is refused.
func TestLiesAreRefused(t *testing.T) {
	photo, drawing := asJPEG(scene(64, 48, 1), 80), asPNG(scene(64, 48, 1))
	join := func(b []byte, s string) []byte { return append(append([]byte{}, b...), s...) }
	comment := append(append(append([]byte{}, photo[:2]...), []byte("\xff\xfe\x00\x1b<ScRiPt>alert(1)</script>")...), photo[2:]...)
	for name, c := range map[string]struct {
		b    []byte
		code string
	}{
		"text":                       {[]byte("hello"), "media.type"},
		"a page":                     {[]byte("<html><script>alert(1)</script></html>"), "media.type"},
		"a drawing that is a script": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "media.type"},
		"a program":                  {[]byte("MZ\x90\x00"), "media.type"},
		"a PNG that is a page":       {[]byte("\x89PNG\r\n\x1a\n<html><body>"), "media.lies"},
		"a PNG without a picture":    {[]byte("\x89PNG\r\n\x1a\nnothing"), "media.lies"},
		"a JPEG that is a page":      {[]byte("\xff\xd8\xff\xe0<!doctype html>"), "media.lies"},
		"a JPEG with a script":       {comment, "media.lies"},
		"a page behind a JPEG":       {join(photo, "<html><script>"), "media.lies"},
		"a script behind a PNG":      {join(drawing, "\n<SCRIPT src=//x>"), "media.lies"},
		"an archive behind a JPEG":   {join(photo, string(zipOf("a.class"))), "media.lies"},
		"an archive behind a PDF":    {join([]byte("%PDF-1.7\n%%EOF\n"), string(zipOf("a.class"))), "media.lies"},
		"a PDF without an end":       {[]byte("%PDF-1.7\nand a page"), "media.lies"},
		"a GIF that is a script":     {[]byte("GIF89a=1;"), "media.lies"},
		"a WebP that is a WAV":       {[]byte("RIFF\x10\x00\x00\x00WEBPfmt nothing"), "media.lies"},
		"a JPEG under a PNG's name":  {append([]byte("\x89PNG\r\n\x1a\n"), photo...), "media.lies"},
		"boxes longer than the file": {[]byte(box("ftyp", "isom\x00\x00\x00\x00") + "\x7f\xff\xff\xffmoov"), "media.lies"},
		"a box longer than the file": {[]byte(box("ftyp", "isom\x00\x00\x00\x00") + "\x7f\xff\xff\xffmdat"), "media.lies"},
		"a recording with a page":    {m4a("<iframe src=//x>"), "media.lies"},
		"an archive":                 {zipOf("a.txt"), "media.type"},
		"a document with macros":     {zipOf("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "media.macros"},
		"a document that leads away": {zipOf("[Content_Types].xml", "word/document.xml", "../../etc/passwd"), "media.lies"},
		"a telephone's own format":   {[]byte(box("ftyp", "heic\x00\x00\x00\x00mif1")), "media.heic"},
		"noise that looks like MP3":  {append([]byte{0xff, 0xfb, 0x90, 0x00}, bytes.Repeat([]byte{7}, 900)...), "media.type"},
		"nothing":                    {nil, "media.type"},
	} {
		if f, err := inspect(c.b); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %+v %v", name, f, err)
		}
	}
	if _, err := inspect(photo, Sound); fault.CodeOf(err) != "media.type" {
		t.Error("a photo where a sound is wanted:", err)
	}
	// a page that lies across the border of what is read at once
	late := append(append(asPNG(scene(64, 48, 1)), bytes.Repeat([]byte{0}, 64<<10)...), "<script>"...)
	for cut := range 20 {
		b := append(late[:len(late)-8-cut], "<script>"...)
		if _, err := inspect(b); fault.CodeOf(err) != "media.lies" {
			t.Fatal(cut, err)
		}
	}
}

// A picture that would fill the memory is refused before anything of it is decoded, however
// small its file; so is one of a size that no camera makes.
func TestBombsAreRefusedUndecoded(t *testing.T) {
	bomb := func(w, h uint32) []byte { // a PNG that claims to be large, and has no pixels at all
		b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
		b = append(b, 8, 6, 0, 0, 0)
		return binary.BigEndian.AppendUint32(b, crc(b[12:]))
	}
	wide := asJPEG(scene(64, 48, 1), 80)
	at := bytes.Index(wide, []byte{0xff, 0xc0}) + 5
	copy(wide[at:], []byte{0xff, 0xff, 0xff, 0xff})
	progressive := append([]byte{}, asJPEG(scene(64, 48, 1), 80)...)
	at = bytes.Index(progressive, []byte{0xff, 0xc0})
	progressive[at+1] = 0xc2
	copy(progressive[at+5:], []byte{0x17, 0x70, 0x1f, 0x40}) // 8,000 x 6,000: as a baseline picture it would do
	for name, b := range map[string][]byte{"a PNG": bomb(50_000, 50_000), "a long PNG": bomb(40_000, 10), "a JPEG": wide, "a progressive JPEG": progressive} {
		if _, err := inspect(b); fault.CodeOf(err) != "media.too_many_pixels" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f, err := inspect(bomb(7000, 7000)); err != nil || f.Width != 7000 {
		t.Error("49 million pixels are a photo:", f, err)
	}
	large := append([]byte("#!AMR\n"), make([]byte, 11<<20)...)
	if _, err := inspect(large); fault.CodeOf(err) != "blob.too_large" {
		t.Error(err)
	}
}

// Where and when a picture was taken is read, and how it was held; the copy says nothing of it
// and stands upright.
func TestHintsAreReadAndStripped(t *testing.T) {
	photo := labelled(asJPEG(scene(90, 60, 1), 90), Hint{119.5732, 28.1145, true, time.Date(2026, 3, 2, 9, 30, 0, 0, clock.CST)}, 6)
	f, err := inspect(photo)
	if err != nil {
		t.Fatal(err)
	}
	if f.Turn != 6 || !f.Hint.Placed || math.Abs(f.Hint.Lat-28.1145) > 1e-5 || math.Abs(f.Hint.Lon-119.5732) > 1e-5 || !f.Hint.TakenAt.Equal(time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)) {
		t.Fatalf("%+v", f)
	}
	d, err := Develop(bytes.NewReader(photo), int64(len(photo)), f.Turn)
	if err != nil {
		t.Fatal(err)
	}
	if d.Width != 60 || d.Height != 90 {
		t.Errorf("lies on its side: %d x %d", d.Width, d.Height)
	}
	for name, b := range map[string][]byte{"copy": d.Copy, "thumb": d.Thumb} {
		g, err := inspect(b)
		if err != nil || g.Hint.Says() || g.Turn != 1 || bytes.Contains(b, []byte("Exif")) || bytes.Contains(b, []byte("2026")) {
			t.Errorf("%s: %+v %v", name, g, err)
		}
	}
	for _, c := range []struct{ at, zone, want string }{{"2026:03:02 09:30:00", "+09:00", "2026-03-02T00:30:00Z"}, {"0000:00:00 00:00:00", "", ""}, {"1970:01:01 00:00:00", "", ""}, {"nonsense", "", ""}} {
		got := takenAt(c.at, c.zone)
		if c.want == "" && !got.IsZero() || c.want != "" && got.Format(time.RFC3339) != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
}

// A picture that was held in any of eight ways is shown upright.
func TestEveryOrientationStandsUpright(t *testing.T) {
	up := image.NewRGBA(image.Rect(0, 0, 3, 2))
	for i := range 6 {
		up.Set(i%3, i/3, color.RGBA{uint8(40 * i), 0, 0, 255})
	}
	// how each orientation stores the picture: undo of turned
	for turn := 1; turn <= 8; turn++ {
		back := []int{0, 1, 2, 3, 4, 5, 8, 7, 6}[turn]
		if got := turned(turned(up, back), turn); !bytes.Equal(got.Pix, up.Pix) || got.Rect != up.Rect {
			t.Errorf("%d is not undone", turn)
		}
	}
	// JEITA CP-3451: 6 is shown by a quarter turn clockwise, so the left lower pixel comes to the left upper corner
	if got := turned(up, 6); got.Rect.Dx() != 2 || got.RGBAAt(0, 0) != up.RGBAAt(0, 1) {
		t.Error("6 turns the wrong way")
	}
}

// A copy fits its frame, keeps its shape, and shows what was see-through as white.
func TestCopiesFit(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 3000, 1000))
	b := asPNG(m)
	d, err := Develop(bytes.NewReader(b), int64(len(b)), 1)
	if err != nil || d.Width != 2048 || d.Height != 682 {
		t.Fatal(d.Width, d.Height, err)
	}
	small, err := jpeg.Decode(bytes.NewReader(d.Thumb))
	if err != nil || small.Bounds().Dx() != 320 {
		t.Fatal(err)
	}
	if r, _, _, _ := small.At(10, 10).RGBA(); r < 0xf000 {
		t.Errorf("%x", r)
	}
	if d.Look != 0 {
		t.Error("an empty picture is like every other empty one")
	}
	if _, err := Develop(bytes.NewReader(b[:len(b)-40]), int64(len(b)-40), 1); fault.CodeOf(err) != "media.unreadable" {
		t.Error(err)
	}
}

// The same picture, smaller, coarser or cut by a few lines, looks alike; other pictures do not;
// and what is alike shares a band.
func TestLooksFindTheSamePicture(t *testing.T) {
	lookOf := func(b []byte) uint64 {
		f, err := inspect(b)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Develop(bytes.NewReader(b), int64(len(b)), f.Turn)
		if err != nil {
			t.Fatal(err)
		}
		return d.Look
	}
	var all []uint64
	for i := range 7 {
		m := scene(480, 360, 0.7*float64(i))
		a := lookOf(asJPEG(m, 92))
		for name, b := range map[string][]byte{"coarser": asJPEG(m, 40), "smaller": asJPEG(fitted(m, 320), 75), "as PNG": asPNG(m), "cut": asJPEG(m.SubImage(image.Rect(0, 0, 477, 359)), 85)} {
			other := lookOf(b)
			if !Alike(a, other) {
				t.Errorf("%d %s: %064b %064b", i, name, a, other)
			}
			shared := 0
			x, y := LookBands(a), LookBands(other)
			for k := range x {
				if x[k] == y[k] {
					shared++
				}
			}
			if shared == 0 {
				t.Errorf("%d %s shares no band", i, name)
			}
		}
		for j, other := range all {
			if Alike(a, other) {
				t.Errorf("%d and %d are taken for one", i, j)
			}
		}
		all = append(all, a)
	}
}

// Of a recording nothing is left of where, when and by whom, and it is as long as it was.
func TestRecordingsLoseTheirLabels(t *testing.T) {
	const told = "TOLD+28.1145+119.5732/"
	for mediaType, b := range map[string][]byte{"audio/mp4": m4a(told), "audio/wav": wav(told), "audio/ogg": opus("LOCATION=" + told), "audio/mpeg": mp3(told), "audio/webm": webmOf("A_OPUS", told)} {
		patches, err := Labels(bytes.NewReader(b), int64(len(b)), mediaType)
		if err != nil {
			t.Errorf("%s: %v", mediaType, err)
			continue
		}
		shown := &Patched{ReadSeeker: bytes.NewReader(b), Patches: patches}
		got, err := io.ReadAll(shown)
		if err != nil || len(got) != len(b) || bytes.Contains(got, []byte("TOLD")) || bytes.Contains(got, []byte("whenwhen")) || bytes.Contains(got, []byte("tttt")) {
			t.Errorf("%s: %q %v", mediaType, got, err)
		}
		if f, err := inspect(got); err != nil || f.Type != mediaType {
			t.Errorf("%s became %+v %v", mediaType, f, err)
		}
		if mediaType != "audio/mpeg" && !bytes.Contains(got, []byte("sounds")) && !bytes.Contains(got, []byte("1234")) {
			t.Errorf("%s lost its sounds", mediaType)
		}
		// the same from any place on
		for at := range len(b) {
			if _, err := shown.Seek(int64(at), io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if rest, _ := io.ReadAll(io.LimitReader(shown, 7)); !bytes.Equal(rest, got[at:min(at+7, len(got))]) {
				t.Fatalf("%s from %d: %q", mediaType, at, rest)
			}
		}
	}
	cut := opus("LOCATION=" + told)
	binary.LittleEndian.PutUint32(cut[bytes.Index(cut, []byte("rec"))+7:], 9999)
	if _, err := Labels(bytes.NewReader(cut), int64(len(cut)), "audio/ogg"); fault.CodeOf(err) != "media.unreadable" {
		t.Error("what cannot be read is not shown:", err)
	}
}

// Pictures of the sample county are marked, each is another one, and they say what telephones say.
func TestSamplePictures(t *testing.T) {
	var looks []uint64
	for i, kind := range []string{SampleLitter, SampleRoad, SampleLamp, SampleClean} {
		for seed := range uint64(2) {
			turn := 1 + 5*(i%2)
			b := Sample(kind, uint64(2*i)+seed, Hint{-70.5, -33.25, true, time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)}, turn)
			f, err := inspect(b)
			if err != nil || f.Turn != turn || f.Hint.Lat != -33.25 || f.Hint.Lon != -70.5 || f.Hint.TakenAt.Hour() != 9 {
				t.Fatalf("%s: %+v %v", kind, f, err)
			}
			d, err := Develop(bytes.NewReader(b), int64(len(b)), turn)
			if err != nil || d.Width != 960 || d.Height != 720 {
				t.Fatal(d.Width, err)
			}
			for _, l := range looks {
				if Alike(l, d.Look) {
					t.Errorf("%s %d is like another", kind, seed)
				}
			}
			looks = append(looks, d.Look)
		}
	}
}

// No file makes the reader fail in another way than by a fault, and none is developed that was
// not let pass.
func FuzzInspect(f *testing.F) {
	for _, b := range [][]byte{asJPEG(scene(20, 20, 1), 50), labelled(asJPEG(scene(20, 20, 1), 50), Hint{119, 28, true, time.Time{}}, 3), asPNG(scene(20, 20, 1)), m4a("x"), opus("A=b"), wav("x"), webmOf("A_OPUS", "x"), mp3("x"), documentOf(), []byte("%PDF-1.7\n%%EOF")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := inspect(b)
		if err != nil {
			if fault.CodeOf(err) == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		if x.Kind == Picture && x.Width*x.Height < 1<<20 {
			_, _ = Develop(bytes.NewReader(b), int64(len(b)), x.Turn)
		}
		if patches, err := Labels(bytes.NewReader(b), int64(len(b)), x.Type); err == nil {
			got, err := io.ReadAll(&Patched{ReadSeeker: bytes.NewReader(b), Patches: patches})
			if err != nil || len(got) != len(b) {
				t.Fatal(len(got), err)
			}
		}
	})
}

func crc(b []byte) uint32 {
	sum := ^uint32(0)
	for _, x := range b {
		sum ^= uint32(x)
		for range 8 {
			sum = sum>>1 ^ 0xedb88320&-(sum&1)
		}
	}
	return ^sum
}
