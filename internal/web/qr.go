package web

import (
	"fmt"
	"strings"

	"github.com/skip2/go-qrcode"

	"gezhi/internal/fault"
)

// quiet is the white margin of a QR code, in modules (ISO/IEC 18004 section 6.3.8).
const quiet = 4

// QR draws a text as a QR code (ISO/IEC 18004), an SVG that needs no style and no script. What does
// not fit is qr.too_long.
func QR(text string) ([]byte, error) {
	c, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "qr.too_long")
	}
	c.DisableBorder = true
	bits := c.Bitmap()
	var dark strings.Builder
	for y := range bits {
		for x := 0; x < len(bits); x++ {
			from := x
			for x < len(bits) && bits[y][x] {
				x++
			}
			if x > from {
				fmt.Fprintf(&dark, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	side := len(bits) + 2*quiet
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`,
		side, side, side, side, dark.String()), nil
}
