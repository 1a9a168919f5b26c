package web

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf16"
)

// A printed page, in points: A4, with margins, and the sizes of its letters.
const (
	pageWidth, pageHeight = 595, 842
	pageMargin            = 48
	letterSize            = 10
	titleSize             = 15
	lineHeight            = 17
)

// PDF sends a table as name.pdf, A4, with a title and lines of notes above it and numbers of
// pages below. Its letters are those that every reader of PDF has for Chinese (the character
// collection Adobe-GB1, ISO 32000-1, 9.7.5.2) and for Latin (9.6.2.2), so that no font is carried
// along. The first column takes what the others leave; cells that are too long are cut.
func PDF(w http.ResponseWriter, name, title string, notes, head []string, rows [][]string) error {
	data := printed(title, notes, head, rows)
	Attach(w, strings.TrimSuffix(name, ".pdf")+".pdf", "application/pdf")
	_, err := w.Write(data)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// wide tells which letters are those of Chinese, as wide as they are high. The others are set in
// Helvetica, which every reader has too: the Latin letters of Adobe-GB1 have widths of their own
// that no two readers' fonts agree on, and stand unevenly in the half widths that they are given.
func wide(r rune) bool { return r < 0x20 || r > 0x7e }

// latin are the widths of Helvetica's letters from the space on, in thousandths of their size
// (Adobe Core 14 AFM).
var latin = [95]int{278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584}

func widthOf(text string, size int) int {
	n := 0
	for _, r := range text {
		if wide(r) {
			n += 1000
		} else {
			n += latin[r-0x20]
		}
	}
	return (n*size + 999) / 1000
}

// fitted is as much of a text as a width holds.
func fitted(text string, size, width int) string {
	if widthOf(text, size) <= width {
		return text
	}
	out := []rune(text)
	for len(out) > 0 && widthOf(string(out)+"…", size) > width {
		out = out[:len(out)-1]
	}
	return string(out) + "…"
}

// page is the content of one printed page.
type page struct {
	bytes.Buffer
	y int
}

// text writes one line from a place on, or up to it: letters of Chinese and others in turn, each
// in their own font.
func (p *page) text(text string, x, size int, toRight bool) {
	if toRight {
		x -= widthOf(text, size)
	}
	fmt.Fprintf(p, "BT 1 0 0 1 %d %d Tm", x, p.y)
	all := []rune(strings.Map(printable, text))
	for from := 0; from < len(all); {
		until, chinese := from+1, wide(all[from])
		for until < len(all) && wide(all[until]) == chinese {
			until++
		}
		if chinese {
			fmt.Fprintf(p, " /F1 %d Tf <", size)
			for _, u := range utf16.Encode(all[from:until]) {
				fmt.Fprintf(p, "%04X", u)
			}
		} else {
			fmt.Fprintf(p, " /F2 %d Tf <%X", size, string(all[from:until]))
		}
		p.WriteString("> Tj")
		from = until
	}
	p.WriteString(" ET\n")
}

func (p *page) rule() {
	fmt.Fprintf(p, "0.5 w %d %d m %d %d l S\n", pageMargin, p.y-5, pageWidth-pageMargin, p.y-5)
}

// columns are the right edges of a table's columns and, of the first, its width.
func columns(head []string, rows [][]string) (edges []int, first int) {
	widths := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i := range widths {
			if i < len(row) {
				widths[i] = max(widths[i], widthOf(row[i], letterSize)+10)
			}
		}
	}
	edge := pageWidth - pageMargin
	edges = make([]int, len(head))
	for i := len(head) - 1; i > 0; i-- {
		edges[i] = edge
		edge -= min(widths[i], 110)
	}
	return edges, edge - pageMargin
}

func printed(title string, notes, head []string, rows [][]string) []byte {
	edges, first := columns(head, rows)
	var pages []*page
	var p *page
	line := func(row []string) {
		for i, cell := range row {
			switch {
			case i == 0:
				p.text(fitted(cell, letterSize, first-10), pageMargin, letterSize, false)
			case i < len(edges):
				p.text(fitted(cell, letterSize, 100), edges[i], letterSize, true)
			}
		}
		p.y -= lineHeight
	}
	begin := func() {
		p = &page{y: pageHeight - pageMargin}
		pages = append(pages, p)
		if len(pages) == 1 {
			p.text(fitted(title, titleSize, pageWidth-2*pageMargin), pageMargin, titleSize, false)
			p.y -= 2 * lineHeight
			for _, n := range notes {
				p.text(fitted(n, letterSize, pageWidth-2*pageMargin), pageMargin, letterSize, false)
				p.y -= lineHeight
			}
			p.y -= lineHeight / 2
		}
		line(head)
		p.y += lineHeight
		p.rule()
		p.y -= lineHeight + 3
	}
	begin()
	for _, row := range rows {
		if p.y < pageMargin+lineHeight {
			begin()
		}
		line(row)
	}
	for i, p := range pages {
		p.y = pageMargin / 2
		p.text(strconv.Itoa(i+1)+" / "+strconv.Itoa(len(pages)), pageWidth-pageMargin, letterSize, true)
	}
	return bound(pages)
}

// bound binds pages to a file: catalogue, pages, the fonts, and each page with its content.
func bound(pages []*page) []byte {
	var out bytes.Buffer
	var at []int
	object := func(body string) {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(at), body)
	}
	out.WriteString("%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
	kids := make([]string, len(pages))
	for i := range pages {
		kids[i] = strconv.Itoa(7+2*i) + " 0 R"
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d /MediaBox [0 0 %d %d] /Resources << /Font << /F1 3 0 R /F2 6 0 R >> >> >>", strings.Join(kids, " "), len(pages), pageWidth, pageHeight))
	object("<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UTF16-H /Encoding /UniGB-UTF16-H /DescendantFonts [4 0 R] >>")
	object("<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /DW 1000 /FontDescriptor 5 0 R >>")
	object("<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>")
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	for i, p := range pages {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		_, _ = z.Write(p.Bytes()) // into memory: it cannot fail
		_ = z.Close()
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /Contents %d 0 R >>", 8+2*i))
		object(fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", packed.Len(), packed.String()))
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return out.Bytes()
}
