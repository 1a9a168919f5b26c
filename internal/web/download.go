package web

import (
	"encoding/csv"
	"io"
	"iter"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"gezhi/internal/fault"
)

// Rows gives the rows of a download one by one; an error ends it.
type Rows = iter.Seq2[[]string, error]

// sheetRows is how many rows a sheet of a workbook can hold (ECMA-376, as Excel limits it).
const sheetRows = 1 << 20

// flushEvery is how many rows of a CSV go out together.
const flushEvery = 500

// CSV sends a table as name.csv while it is read, never holding it whole: UTF-8 with a byte order mark, so
// that spreadsheets in China read it right, and no cell that a spreadsheet would run. An error
// before the first row becomes a problem; a later one breaks the connection, so that half a
// table never looks whole.
func CSV(w http.ResponseWriter, name string, head []string, rows Rows) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	row, err, more := next()
	if err != nil {
		return err
	}
	Attach(w, strings.TrimSuffix(name, ".csv")+".csv", "text/csv; charset=utf-8")
	rc := http.NewResponseController(w)
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if _, err := w.Write([]byte("\xef\xbb\xbf")); err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = out.Write(Harmless(head))
	for n := 1; more; n++ {
		if err != nil || out.Write(Harmless(row)) != nil {
			panic(http.ErrAbortHandler)
		}
		if n%flushEvery == 0 {
			_ = rc.SetWriteDeadline(time.Now().Add(time.Minute))
			if out.Flush(); out.Error() != nil {
				panic(http.ErrAbortHandler)
			}
		}
		row, err, more = next()
	}
	if out.Flush(); out.Error() != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// XLSX sends a table as name.xlsx, a workbook of one sheet. Rows go through a temporary file, so memory
// stays flat; nothing is sent before the last row is read. Cells are texts, never formulas.
func XLSX(w http.ResponseWriter, name string, head []string, rows Rows) error {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	if err := fill(f, head, rows); err != nil {
		return err
	}
	Attach(w, strings.TrimSuffix(name, ".xlsx")+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(10 * time.Minute))
	if _, err := f.WriteTo(w); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// WriteXLSX writes the workbook that XLSX sends.
func WriteXLSX(w io.Writer, head []string, rows Rows) error {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	if err := fill(f, head, rows); err != nil {
		return err
	}
	_, err := f.WriteTo(w)
	return err
}

// fill puts a table on the one sheet of a workbook.
func fill(f *excelize.File, head []string, rows Rows) error {
	out, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return fault.Wrap(err, fault.Internal, "internal")
	}
	n := 1
	put := func(row []string) error {
		cells := make([]any, len(row))
		for i, c := range row {
			cells[i] = strings.Map(printable, c)
		}
		at, err := excelize.CoordinatesToCellName(1, n)
		if err == nil {
			err = out.SetRow(at, cells)
		}
		if err != nil {
			return fault.Wrap(err, fault.Internal, "internal")
		}
		n++
		return nil
	}
	if err := put(head); err != nil {
		return err
	}
	for row, err := range rows {
		if err == nil && n > sheetRows {
			err = fault.New(fault.TooLarge, "download.too_many_rows", "limit", sheetRows-1)
		}
		if err == nil {
			err = put(row)
		}
		if err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return fault.Wrap(err, fault.Internal, "internal")
	}
	return nil
}

// Attach says that the answer is a file. A name in Chinese goes in RFC 6266's filename*.
func Attach(w http.ResponseWriter, name, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}

var plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// Harmless puts an apostrophe before every cell that a spreadsheet might take for a formula
// (OWASP, CSV injection), full-width signs included. A plain negative number stays a number.
func Harmless(row []string) []string {
	safe := make([]string, len(row))
	for i, c := range row {
		safe[i] = c
		if c != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(c)[0]) && !plainNumber.MatchString(c) {
			safe[i] = "'" + c
		}
	}
	return safe
}

// printable drops what XML 1.0 cannot hold (section 2.2).
func printable(r rune) rune {
	if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		return -1
	}
	return r
}
