package feed

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"github.com/skip2/go-qrcode"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/intake"
)

// sheet is a printed paper of A4 at 150 dots an inch: the code in its corner, lines of text.
func sheet(t testing.TB, text string) *image.Gray {
	const w, h, module = 1240, 1754, 7
	g := image.NewGray(image.Rect(0, 0, w, h))
	for i := range g.Pix {
		g.Pix[i] = 235
	}
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	bits := q.Bitmap()
	for y, row := range bits {
		for x, dark := range row {
			for dy := 0; dark && dy < module; dy++ {
				for dx := range module {
					g.SetGray(w-len(bits)*module-60+x*module+dx, 60+y*module+dy, color.Gray{Y: 20})
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for y := 400; y < h-100; y += 40 {
		for x := 100; x < w-100; x++ {
			for d := 0; r.IntN(3) == 0 && d < 14; d++ {
				g.SetGray(x, y+d, color.Gray{Y: uint8(30 + r.IntN(60))})
			}
		}
	}
	return g
}

// photographed is what a telephone makes of a sheet: turned, tilted, out of focus, lit from one
// side, with noise, and packed as JPEG.
func photographed(t testing.TB, g *image.Gray, degrees float64, blur int, tilt float64) []byte {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	n := int(math.Hypot(float64(w), float64(h))) + 100
	out := image.NewGray(image.Rect(0, 0, n, n))
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	r := rand.New(rand.NewPCG(3, 4))
	for y := range n {
		for x := range n {
			u, v := float64(x-n/2), float64(y-n/2)
			far := 1 + tilt*v/float64(n)
			sx, sy := int(far*(u*cos+v*sin))+w/2, int(far*(v*cos-u*sin))+h/2
			p := 90.0
			if sx >= 0 && sy >= 0 && sx < w && sy < h {
				p = float64(g.Pix[sy*g.Stride+sx])
			}
			p = p*(0.45+0.55*float64(x)/float64(n)) + float64(r.IntN(21)-10)
			out.Pix[y*out.Stride+x] = uint8(max(0, min(255, p)))
		}
	}
	if blur > 0 {
		out = blurred(out, blur)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: 55}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func blurred(g *image.Gray, k int) *image.Gray {
	out := image.NewGray(g.Rect)
	for y := k; y < g.Rect.Dy()-k; y++ {
		for x := k; x < g.Rect.Dx()-k; x++ {
			sum := 0
			for dy := -k; dy <= k; dy++ {
				for _, p := range g.Pix[(y+dy)*g.Stride+x-k : (y+dy)*g.Stride+x+k+1] {
					sum += int(p)
				}
			}
			out.Pix[y*out.Stride+x] = uint8(sum / ((2*k + 1) * (2*k + 1)))
		}
	}
	return out
}

// The code of a paper is found on photos as people take them.
func TestACodeIsFoundOnPhotosAsPeopleTakeThem(t *testing.T) {
	t.Parallel()
	paper := sheet(t, CodeText("990102", "2026-000123"))
	for _, x := range []struct {
		degrees float64
		blur    int
		tilt    float64
	}{{0, 0, 0}, {7, 1, 0.2}, {33, 2, 0.25}, {90, 3, 0.1}, {184, 2, 0.2}} {
		county, number, err := FindCode(photographed(t, paper, x.degrees, x.blur, x.tilt))
		if err != nil || county != "990102" || number != "2026-000123" {
			t.Errorf("turned by %v, blurred by %v, tilted by %v: %q %q %v", x.degrees, x.blur, x.tilt, county, number, err)
		}
	}
}

// What is no photo, a bomb, or somebody else's code is refused, and nothing falls over.
func TestPhotosWithoutOurCodeAreRefused(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		photo []byte
		code  string
	}{
		"nothing":             {nil, "feed.not_a_photo"},
		"a page":              {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "feed.not_a_photo"},
		"a bomb":              {bomb(60000, 60000), "feed.not_a_photo"},
		"a picture cut short": {bomb(100, 100), "feed.not_a_photo"},
		"an empty sheet":      {plainPNG(t), "feed.no_code"},
		"somebody's code":     {photographed(t, sheet(t, "https://example.com/"), 3, 0, 0), "feed.no_code"},
	} {
		if _, _, err := FindCode(x.photo); fault.CodeOf(err) != x.code {
			t.Errorf("%s: %v, want %s", name, err, x.code)
		}
	}
}

// bomb is a PNG that says it is so large, and holds nothing.
func bomb(w, h uint32) []byte {
	head := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	head[12] = 8
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

func plainPNG(t *testing.T) []byte {
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 500, 500))))
	return b.Bytes()
}

// A form is printed with a number, its case takes that number once, and the photo of the signed
// order finds its case, on which it is put only when a person confirms.
func TestPaperFindsItsCase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		clerk, err := c.Cases.By(ctx, *c.as("dispatcher"))
		must(t, err)
		forms, err := c.Cases.Reserve(ctx, clerk, "incident/sample:0102", 2)
		must(t, err)
		if len(forms) != 2 || forms[0].Number != "2026-000001" || forms[1].Number != "2026-000002" {
			t.Fatalf("%+v", forms)
		}
		photo := photographed(t, sheet(t, CodeText("990102", forms[0].Number)), 11, 1, 0.1)
		got, err := c.Paper(ctx, *c.as("dispatcher"), clerk, Photo{Name: "form.jpg", Data: photo})
		if err != nil || !got.Form || got.Case != "" || got.Number != forms[0].Number {
			t.Fatalf("a blank form: %+v %v", got, err)
		}
		report := intake.Report{By: intake.ByCaller, Channel: "paper", Class: "incident/sample:0102", Text: "纸上写的", AreaID: c.village("桥头村"), Form: forms[0].Number, Key: uuid.NewString()}
		filed, err := c.inlet.Report(ctx, c.as("dispatcher"), intake.Origin{}, report)
		if err != nil || filed.Number != forms[0].Number {
			t.Fatalf("the form's number: %+v %v", filed, err)
		}
		if again, err := c.inlet.Report(ctx, c.as("dispatcher"), intake.Origin{}, report); err != nil || again.CaseID != filed.CaseID {
			t.Errorf("sent again: %+v %v", again, err)
		}
		report.Key = uuid.NewString()
		for what, number := range map[string]string{"used": forms[0].Number, "never printed": "2026-999999"} {
			report.Form = number
			if _, err := c.inlet.Report(ctx, c.as("dispatcher"), intake.Origin{}, report); fault.CodeOf(err) != "case.form_taken" {
				t.Errorf("%s: %v", what, err)
			}
		}
		report.Form = forms[1].Number
		for what, by := range map[string]*account.Actor{"nobody": nil, "a resident": c.as("resident")} {
			if _, err := c.inlet.Report(ctx, by, intake.Origin{Addr: "203.0.113.7"}, report); fault.CodeOf(err) != "session.none" && fault.CodeOf(err) != "case.staff_only" {
				t.Errorf("%s enters a form: %v", what, err)
			}
		}
		c.does("dispatcher", filed.CaseID, "classify", nil)
		c.does("dispatcher", filed.CaseID, "dispatch", nil)
		got, err = c.Paper(ctx, *c.as("dispatcher"), clerk, Photo{Name: "../../order.jpg", Data: photo})
		if err != nil || got.Form || got.Case != filed.CaseID || len(got.Acts) != 1 || got.File.Name != "order.jpg" {
			t.Fatalf("the order: %+v %v", got, err)
		}
		torn := photographed(t, image.NewGray(image.Rect(0, 0, 400, 400)), 3, 0, 0)
		if _, err := c.Paper(ctx, *c.as("dispatcher"), clerk, Photo{Name: "torn.jpg", Data: torn}); fault.CodeOf(err) != "feed.no_code" {
			t.Errorf("a torn code: %v", err)
		}
		typed, err := c.Paper(ctx, *c.as("dispatcher"), clerk, Photo{"torn.jpg", torn, " " + forms[0].Number})
		if err != nil || typed.Case != filed.CaseID || typed.File.Name != "torn.jpg" {
			t.Errorf("the number as it was read: %+v %v", typed, err)
		}
		if c.seen(filed.CaseID).Fields[got.Acts[0].Field] != nil {
			t.Error("the photo is on the case before anybody confirmed")
		}
		c.does("dispatcher", filed.CaseID, got.Acts[0].Action, map[string]any{got.Acts[0].Field: []any{got.File.ID}})
		if list, _ := c.seen(filed.CaseID).Fields[got.Acts[0].Field].([]any); len(list) != 1 {
			t.Errorf("%v", c.seen(filed.CaseID).Fields)
		}
		stranger := account.Actor{PersonID: uuid.NewString(), Jurisdiction: c.home.ID}
		nobody, err := c.Cases.By(ctx, stranger)
		must(t, err)
		if _, err := c.Paper(ctx, stranger, nobody, Photo{Name: "x.jpg", Data: photo}); fault.CodeOf(err) != "case.not_found" {
			t.Errorf("somebody who may not see the case: %v", err)
		}
		if _, err := c.Paper(ctx, stranger, nobody, Photo{"x.jpg", torn, forms[0].Number}); fault.CodeOf(err) != "case.not_found" {
			t.Errorf("somebody who types the number of what they may not see: %v", err)
		}
		if _, err := c.Cases.Reserve(ctx, nobody, "incident/sample:0102", 1); fault.CodeOf(err) != "case.staff_only" {
			t.Errorf("a stranger reserves numbers: %v", err)
		}
		elsewhere := photographed(t, sheet(t, CodeText("990199", forms[0].Number)), 0, 0, 0)
		if _, err := c.Paper(ctx, *c.as("dispatcher"), clerk, Photo{Name: "x.jpg", Data: elsewhere}); fault.CodeOf(err) != "feed.other_county" {
			t.Errorf("another county's paper: %v", err)
		}
	})
}
