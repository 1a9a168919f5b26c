package feed

import (
	"bytes"
	"image"
	_ "image/jpeg" // photos of telephones
	_ "image/png"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"gezhi/internal/fault"
)

// codeBegins begins the text of a code on paper: then the county's division code and the number.
// All capitals, digits and colons, so that the code stays small and its modules large.
const codeBegins = "GEZHI:"

// CodeText is what the code of a form or an order says.
func CodeText(county, number string) string { return codeBegins + county + ":" + number }

// readCodeText is the county and the number of a code; ok is false for anybody else's code.
func readCodeText(text string) (county, number string, ok bool) {
	rest, ours := strings.CutPrefix(text, codeBegins)
	county, number, ok = strings.Cut(rest, ":")
	return county, number, ours && ok && county != "" && number != "" && len(number) <= 4*longestNumber
}

const (
	mostPixels = 50_000_000
	fewPixels  = 1_500_000 // below which nothing is made smaller
)

// FindCode finds our code in a photo and returns what it says: feed.not_a_photo for what is no
// picture or too large a one, feed.no_code where none is found.
func FindCode(photo []byte) (county, number string, err error) {
	c, _, err := image.DecodeConfig(bytes.NewReader(photo))
	if err != nil || c.Width <= 0 || c.Height <= 0 || c.Width > mostPixels/c.Height {
		return "", "", fault.New(fault.Invalid, "feed.not_a_photo")
	}
	img, _, err := image.Decode(bytes.NewReader(photo))
	if err != nil {
		return "", "", fault.Wrap(err, fault.Invalid, "feed.not_a_photo")
	}
	for g := fit(grey(img)); ; g = half(g) {
		if text := decode(g); text != "" {
			if county, number, ok := readCodeText(text); ok {
				return county, number, nil
			}
		}
		if g.Rect.Dx()*g.Rect.Dy() < fewPixels/8 {
			return "", "", fault.New(fault.Invalid, "feed.no_code")
		}
	}
}

// fit makes a large picture small enough for a quick look: a code on a sheet of paper still has
// some pixels for each module.
func fit(g *image.Gray) *image.Gray {
	for g.Rect.Dx()*g.Rect.Dy() > 6*fewPixels {
		g = half(g)
	}
	return g
}

// grey is a picture without colours.
func grey(img image.Image) *image.Gray {
	b := img.Bounds()
	g := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	if y, ok := img.(*image.YCbCr); ok { // a JPEG has its grey apart
		for row := range b.Dy() {
			copy(g.Pix[row*g.Stride:], y.Y[y.YOffset(b.Min.X, b.Min.Y+row):][:b.Dx()])
		}
		return g
	}
	for row := range b.Dy() {
		for col := range b.Dx() {
			r, gr, bl, a := img.At(b.Min.X+col, b.Min.Y+row).RGBA()
			white := 0xffff - a // what shows through is paper
			g.Pix[row*g.Stride+col] = uint8((299*(r+white) + 587*(gr+white) + 114*(bl+white)) / 1000 >> 8)
		}
	}
	return g
}

// half makes a picture half as wide and high, which also takes away noise and blur.
func half(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx()/2, g.Rect.Dy()/2
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		above, below := g.Pix[2*y*g.Stride:], g.Pix[(2*y+1)*g.Stride:]
		for x := range w {
			out.Pix[y*out.Stride+x] = uint8((int(above[2*x]) + int(above[2*x+1]) + int(below[2*x]) + int(below[2*x+1])) / 4)
		}
	}
	return out
}

// decode is the text of a code in a picture; "" where none is found. The library may panic on
// a picture that only looks like a code.
func decode(g *image.Gray) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	source := gozxing.NewLuminanceSourceFromImage(g)
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	for _, b := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
		bits, err := gozxing.NewBinaryBitmap(b)
		if err != nil {
			return ""
		}
		if found, err := qrcode.NewQRCodeReader().Decode(bits, hints); err == nil {
			return found.GetText()
		}
	}
	return ""
}
