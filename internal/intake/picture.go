package intake

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
)

// Size of the picture of a challenge, in pixels.
const (
	pictureWide = 220
	pictureHigh = 80
)

// stroke is a line of a digit in a box of one by one.
type stroke struct{ x0, y0, x1, y1 float64 }

// arc is part of an ellipse as strokes, from one angle to another in degrees, clockwise from
// the right.
func arc(cx, cy, rx, ry, from, to float64) []stroke {
	const steps = 14
	var out []stroke
	at := func(i int) (float64, float64) {
		a := (from + (to-from)*float64(i)/steps) * math.Pi / 180
		return cx + rx*math.Cos(a), cy + ry*math.Sin(a)
	}
	for i := range steps {
		x0, y0 := at(i)
		x1, y1 := at(i + 1)
		out = append(out, stroke{x0, y0, x1, y1})
	}
	return out
}

// glyphs are the digits that pictures show.
var glyphs = map[byte][]stroke{
	'2': append(arc(.5, .28, .36, .26, 180, 380), stroke{.82, .40, .12, 1}, stroke{.12, 1, .9, 1}),
	'3': append(arc(.45, .25, .38, .25, 200, 450), arc(.45, .75, .42, .25, 270, 520)...),
	'4': {{.7, 1, .7, 0}, {.7, 0, .08, .7}, {.08, .7, .95, .7}},
	'5': append([]stroke{{.85, 0, .2, 0}, {.2, 0, .16, .45}}, arc(.45, .68, .42, .32, 220, 500)...),
	'6': append(arc(.5, .68, .38, .32, 0, 360), arc(.75, .62, .63, .62, 180, 265)...),
	'7': {{.1, 0, .9, 0}, {.9, 0, .38, 1}, {.25, .5, .8, .5}},
	'8': append(arc(.5, .26, .32, .26, 0, 360), arc(.5, .75, .4, .25, 0, 360)...),
}

// draw is a picture of digits, each turned, sheared and shifted, on a swaying line among
// crossing lines; the same seed draws the same.
func draw(digits string, seed []byte) ([]byte, error) {
	rng := rand.New(rand.NewPCG(binary.BigEndian.Uint64(seed), binary.BigEndian.Uint64(seed[8:])))
	between := func(a, b float64) float64 { return a + (b-a)*rng.Float64() }
	img := image.NewGray(image.Rect(0, 0, pictureWide, pictureHigh))
	for i := range img.Pix {
		img.Pix[i] = uint8(225 + rng.IntN(30))
	}
	sway, phase := between(3, 6), between(0, 2*math.Pi)
	bend := func(x, y float64) (float64, float64) {
		return x + sway/2*math.Sin(y/13+phase), y + sway*math.Sin(x/27+phase)
	}
	for i := range len(digits) {
		turn, shear, size := between(-.3, .3), between(-.25, .25), between(.85, 1.1)
		ox, oy := 26+float64(i)*39+between(-4, 4), 40+between(-6, 6)
		for _, s := range glyphs[digits[i]] {
			put := func(x, y float64) (float64, float64) {
				x, y = (x-.5)*25*size, (y-.5)*42*size
				x += shear * y
				return bend(ox+x*math.Cos(turn)-y*math.Sin(turn), oy+x*math.Sin(turn)+y*math.Cos(turn))
			}
			x0, y0 := put(s.x0, s.y0)
			x1, y1 := put(s.x1, s.y1)
			line(img, x0, y0, x1, y1, 1.9, uint8(20+rng.IntN(50)))
		}
	}
	for range 5 {
		line(img, between(0, 40), between(0, pictureHigh), between(pictureWide-40, pictureWide), between(0, pictureHigh), .8, uint8(60+rng.IntN(80)))
	}
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}

// line draws a stroke of a width by dots.
func line(img *image.Gray, x0, y0, x1, y1, wide float64, shade uint8) {
	n := int(math.Hypot(x1-x0, y1-y0)*2) + 1
	for i := range n + 1 {
		t := float64(i) / float64(n)
		cx, cy := x0+(x1-x0)*t, y0+(y1-y0)*t
		for y := int(cy - wide - 1); y <= int(cy+wide+1); y++ {
			for x := int(cx - wide - 1); x <= int(cx+wide+1); x++ {
				if math.Hypot(float64(x)-cx, float64(y)-cy) <= wide && image.Pt(x, y).In(img.Rect) {
					img.SetGray(x, y, color.Gray{Y: shade})
				}
			}
		}
	}
}
