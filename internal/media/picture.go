package media

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/bits"

	"golang.org/x/image/draw"

	"gezhi/internal/fault"
)

// Developed is what is made of a picture for others to see.
type Developed struct {
	Copy, Thumb   []byte // JPEG, without a word beside the pixels
	Width, Height int    // of the copy
	Look          uint64 // 0 where there is too little in the picture to know it by
}

// The longer sides of copies and thumbs, in pixels, and how finely they are kept.
const (
	copySide, copyQuality   = 2048, 82
	thumbSide, thumbQuality = 320, 72
)

// Develop decodes a picture that Inspect has let pass, turns it as it was held, and makes a
// copy, a thumb and its look. What cannot be decoded is media.unreadable.
func Develop(r io.ReaderAt, size int64, turn int) (Developed, error) {
	full, _, err := image.Decode(io.NewSectionReader(r, 0, size))
	if err != nil {
		return Developed{}, fault.Wrap(err, fault.Invalid, "media.unreadable")
	}
	shown := turned(fitted(full, copySide), turn)
	full = nil
	out := Developed{Width: shown.Rect.Dx(), Height: shown.Rect.Dy(), Look: look(shown)}
	if out.Copy, err = encoded(shown, copyQuality); err != nil {
		return Developed{}, err
	}
	out.Thumb, err = encoded(fitted(shown, thumbSide), thumbQuality)
	return out, err
}

func encoded(m image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "internal")
	}
	return b.Bytes(), nil
}

// fitted draws a picture on white, no side longer than side.
func fitted(m image.Image, side int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if long := max(w, h); long > side {
		w, h = max(1, w*side/long), max(1, h*side/long)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	op := draw.Src
	if o, ok := m.(interface{ Opaque() bool }); !ok || !o.Opaque() {
		draw.Draw(out, out.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		op = draw.Over
	}
	draw.ApproxBiLinear.Scale(out, out.Rect, m, m.Bounds(), op, nil)
	return out
}

// turned undoes how the camera was held (EXIF orientation, JEITA CP-3451, 4.6.4).
func turned(m *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if turn >= 5 {
		w, h = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			sx, sy := x, y
			switch turn {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, w-1-x
			case 7:
				sx, sy = h-1-y, w-1-x
			case 8:
				sx, sy = h-1-y, x
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], m.Pix[m.PixOffset(sx, sy):][:4])
		}
	}
	return out
}

// A picture of fewer clear steps from light to dark than enough is not told from others.
const (
	clearly = 3 // of 255
	enough  = 20
)

// look is the difference hash of a picture: of 9 x 8 fields, whether each is darker than the one
// to its right. Copies that were made smaller, or saved once more, differ in few bits.
func look(m *image.RGBA) (hash uint64) {
	var light [8][9]float64
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if w < 9 || h < 8 {
		return 0
	}
	for row := range 8 {
		for col := range 9 {
			light[row][col] = meanLight(m, image.Rect(col*w/9, row*h/8, (col+1)*w/9, (row+1)*h/8))
		}
	}
	steps := 0
	for row := range 8 {
		for col := range 8 {
			d := light[row][col+1] - light[row][col]
			hash <<= 1
			if d > 0 {
				hash |= 1
			}
			if d >= clearly || d <= -clearly {
				steps++
			}
		}
	}
	if steps < enough {
		return 0
	}
	return hash
}

func meanLight(m *image.RGBA, r image.Rectangle) float64 {
	var sum int
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := m.Pix[m.PixOffset(r.Min.X, y):][:4*r.Dx()]
		for i := 0; i < len(row); i += 4 {
			sum += 299*int(row[i]) + 587*int(row[i+1]) + 114*int(row[i+2])
		}
	}
	return float64(sum) / 1000 / float64(r.Dx()*r.Dy())
}

// LookBands cuts a look into the bands by which nearly equal ones are found: two looks that are
// Alike have one band in common at least.
func LookBands(look uint64) [alikeBits + 1]int64 {
	var out [alikeBits + 1]int64
	at := 0
	for i := range out {
		n := (64 - at) / (len(out) - i)
		out[i] = int64(look>>at&(1<<n-1)) | int64(i)<<32
		at += n
	}
	return out
}

// alikeBits is how many bits the looks of one picture may differ in.
const alikeBits = 4

// Alike tells whether two looks are of one picture, as far as can be told.
func Alike(a, b uint64) bool { return a != 0 && b != 0 && bits.OnesCount64(a^b) <= alikeBits }
