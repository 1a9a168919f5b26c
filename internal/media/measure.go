package media

import (
	"encoding/binary"
	"image"
	"image/color"
	_ "image/gif" // decoders of what is taken in
	_ "image/jpeg"
	_ "image/png"
	"io"

	_ "golang.org/x/image/webp"

	"gezhi/internal/fault"
)

// mostMemory is how many bytes a picture may take when it is decoded; a telephone's largest,
// 108 million pixels in one file, takes 160 million.
const mostMemory = 200 << 20

// longestSide bounds each side, in pixels: what is 60,000 wide and 1 high is no photo.
const longestSide = 30_000

// measure reads the size of a picture, and refuses one that would take too much memory, before
// anything of it is decoded.
func (f *Facts) measure(r io.ReaderAt, size int64) error {
	c, name, err := image.DecodeConfig(io.NewSectionReader(r, 0, size))
	if err != nil || "image/"+name != f.Type || c.Width < 1 || c.Height < 1 {
		return lies()
	}
	pixels := float64(c.Width) * float64(c.Height)
	perPixel := 4.0
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model:
		perPixel = 8
	case color.GrayModel:
		perPixel = 1
	case color.Gray16Model:
		perPixel = 2
	}
	if f.Type == "image/jpeg" {
		if perPixel, err = jpegMemory(r, size); err != nil {
			return err
		}
	}
	if pixels*perPixel > mostMemory || c.Width > longestSide || c.Height > longestSide {
		return fault.New(fault.TooLarge, "media.too_many_pixels", "width", c.Width, "height", c.Height)
	}
	f.Width, f.Height = c.Width, c.Height
	f.readHint(r, size)
	return nil
}

// jpegMemory is how many bytes a pixel of a JPEG takes while it is decoded: its samples, and
// four bytes more for each where it is progressive, whose coefficients are all kept (ITU T.81,
// B.2.2). It wants the segments before the picture to be what they say.
func jpegMemory(r io.ReaderAt, size int64) (float64, error) {
	for at := int64(2); at+4 <= size; {
		var h [4]byte
		if _, err := r.ReadAt(h[:], at); err != nil || h[0] != 0xff {
			return 0, lies()
		}
		marker, length := h[1], int64(binary.BigEndian.Uint16(h[2:]))
		switch {
		case marker == 0xff: // filling
			at++
			continue
		case length < 2 || at+2+length > size || marker == 0xda || marker == 0xd9:
			return 0, lies()
		case marker >= 0xc0 && marker <= 0xc2:
			body := make([]byte, length-2)
			if _, err := r.ReadAt(body, at+4); err != nil || len(body) < 6 || len(body) < 6+3*int(body[5]) {
				return 0, lies()
			}
			return samplesOf(body, marker == 0xc2)
		}
		at += 2 + length
	}
	return 0, lies()
}

func samplesOf(frame []byte, progressive bool) (float64, error) {
	across, down, all := 1, 1, 0
	for i := range int(frame[5]) {
		hv := frame[6+3*i+1]
		across, down, all = max(across, int(hv>>4)), max(down, int(hv&15)), all+int(hv>>4)*int(hv&15)
	}
	perPixel := float64(all) / float64(across*down)
	if progressive {
		perPixel *= 5
	}
	if frame[5] == 4 {
		perPixel += 4 // of four colours another picture is made
	}
	return perPixel, nil
}
