package media

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"gezhi/internal/clock"
)

// What a sample picture shows.
const (
	SampleLitter = "litter"
	SampleRoad   = "road"
	SampleLamp   = "lamp"
	SampleClean  = "clean"
)

// Sample draws a picture for sample data, with SAMPLE written across it: a street scene of a
// kind, another one for each seed. It is a JPEG as telephones make it, with a hint and how it was
// held.
func Sample(kind string, seed uint64, h Hint, turn int) []byte {
	const w, height = 960, 720
	s := &sketch{image.NewRGBA(image.Rect(0, 0, w, height)), rand.New(rand.NewPCG(seed, 17))}
	s.street(w, height)
	switch kind {
	case SampleLitter:
		for range 26 {
			s.blob(300+s.IntN(360), 520+s.IntN(130), 14+s.IntN(34), s.colour(40, 200))
		}
	case SampleRoad:
		for r := 120; r > 20; r -= 25 {
			s.ellipse(380+s.IntN(200), 610, r*2, r/2, color.RGBA{uint8(30 + r/3), uint8(28 + r/3), uint8(26 + r/3), 255})
		}
	case SampleLamp:
		x := 200 + s.IntN(500)
		s.box(x, 120, x+16, 600, color.RGBA{60, 64, 70, 255})
		s.box(x, 120, x+120, 134, color.RGBA{60, 64, 70, 255})
		s.ellipse(x+120, 140, 34, 14, color.RGBA{25, 25, 25, 255})
	}
	s.write("SAMPLE", 12)
	b, _ := encoded(turned(s.RGBA, undo[turn]), 85) // into memory, which never fails
	return labelled(b, h, turn)
}

// undo is the orientation that another one undoes.
var undo = map[int]int{2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}

type sketch struct {
	*image.RGBA
	*rand.Rand
}

func (s *sketch) colour(from, to int) color.RGBA {
	at := func() uint8 { return uint8(from + s.IntN(to-from)) }
	return color.RGBA{at(), at(), at(), 255}
}

// street is sky, houses and a road.
func (s *sketch) street(w, h int) {
	top, low := s.colour(120, 230), s.colour(150, 240)
	for y := range h {
		f := float64(y) / float64(h)
		mix := func(a, b uint8) uint8 { return uint8(float64(a)*(1-f) + float64(b)*f) }
		s.box(0, y, w, y+1, color.RGBA{mix(top.R, low.R), mix(top.G, low.G), mix(top.B, low.B), 255})
	}
	for x := -20; x < w; {
		wide, up := 90+s.IntN(150), 140+s.IntN(240)
		s.box(x, h*2/3-up, x+wide, h*2/3, s.colour(90, 220))
		for wy := h*2/3 - up + 20; wy < h*2/3-40; wy += 52 {
			for wx := x + 14; wx < x+wide-26; wx += 44 {
				s.box(wx, wy, wx+22, wy+28, s.colour(40, 120))
			}
		}
		x += wide + s.IntN(30)
	}
	s.box(0, h*2/3, w, h, s.colour(90, 130))
	for x := 20; x < w; x += 160 {
		s.box(x, h*5/6-4, x+90, h*5/6+4, color.RGBA{225, 225, 215, 255})
	}
}

func (s *sketch) box(x0, y0, x1, y1 int, c color.RGBA) {
	draw.Draw(s.RGBA, image.Rect(x0, y0, x1, y1), image.NewUniform(c), image.Point{}, draw.Src)
}

func (s *sketch) blob(x, y, r int, c color.RGBA) { s.ellipse(x, y, r, r*2/3, c) }

func (s *sketch) ellipse(x, y, rx, ry int, c color.RGBA) {
	for dy := -ry; dy <= ry; dy++ {
		half := int(float64(rx) * math.Sqrt(1-float64(dy*dy)/float64(ry*ry)))
		s.box(x-half, y+dy, x+half, y+dy+1, c)
	}
}

// write writes a word across the picture, each dot of the font so many pixels wide.
func (s *sketch) write(word string, dot int) {
	face := basicfont.Face7x13
	line := image.NewAlpha(image.Rect(0, 0, 7*len(word), 13))
	d := font.Drawer{Dst: line, Src: image.Opaque, Face: face, Dot: fixed.P(0, 10)}
	d.DrawString(word)
	at := image.Rect(0, 0, line.Rect.Dx()*dot, line.Rect.Dy()*dot).Add(image.Pt((s.RGBA.Rect.Dx()-line.Rect.Dx()*dot)/2, 60))
	large := image.NewAlpha(s.RGBA.Rect)
	draw.NearestNeighbor.Scale(large, at, line, line.Rect, draw.Src, nil)
	draw.DrawMask(s.RGBA, s.RGBA.Rect, image.NewUniform(color.RGBA{150, 30, 30, 150}), image.Point{}, large, image.Point{}, draw.Over)
}

// labelled puts what a camera writes behind the beginning of a JPEG: how it was held, when and
// where (EXIF, JEITA CP-3451, 4.6).
func labelled(photo []byte, h Hint, turn int) []byte {
	if turn == 0 && !h.Says() {
		return photo
	}
	le := binary.LittleEndian
	entry := func(b []byte, tag, kind uint16, n, v uint32) []byte {
		return le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(b, tag), kind), n), v)
	}
	// At 0 the head, at 8 the first list (42 bytes), at 50 the camera's (18), at 68 the place's (54),
	// at 122 the time (20), at 142 and 166 the two angles.
	b := entry(entry(entry(append([]byte("II*\x00\x08\x00\x00\x00"), 3, 0), 0x0112, 3, 1, uint32(max(turn, 1))), 0x8769, 4, 1, 50), 0x8825, 4, 1, 68)
	b = entry(append(le.AppendUint32(b, 0), 1, 0), 0x9003, 2, 20, 122)
	b = append(le.AppendUint32(b, 0), 4, 0)
	north, east := uint32('N'), uint32('E')
	if h.Lat < 0 {
		north = 'S'
	}
	if h.Lon < 0 {
		east = 'W'
	}
	b = entry(entry(entry(entry(b, 1, 2, 2, north), 2, 5, 3, 142), 3, 2, 2, east), 4, 5, 3, 166)
	b = append(le.AppendUint32(b, 0), taken(h.TakenAt)...)
	for _, angle := range []float64{math.Abs(h.Lat), math.Abs(h.Lon)} {
		for _, n := range []uint32{uint32(math.Round(angle * 3600 * 1000)), 3600 * 1000, 0, 1, 0, 1} {
			b = le.AppendUint32(b, n)
		}
	}
	body := append([]byte("Exif\x00\x00"), b...)
	out := append([]byte{}, photo[:2]...)
	out = append(out, 0xff, 0xe1, byte((len(body)+2)>>8), byte(len(body)+2))
	return append(append(out, body...), photo[2:]...)
}

// taken is a moment as EXIF writes it, twenty bytes with their end.
func taken(at time.Time) string {
	if at.IsZero() {
		return "0000:00:00 00:00:00\x00"
	}
	return at.In(clock.CST).Format("2006:01:02 15:04:05") + "\x00"
}
