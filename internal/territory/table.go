package territory

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
)

const (
	// MaxFile is the largest file that an import reads, in bytes.
	MaxFile  = 48 << 20
	maxRows  = 200_000
	maxCells = 64  // columns
	maxCell  = 500 // characters
	maxUnzip = 256 << 20
	maxParts = 2000    // files of a workbook
	maxSwell = 400     // times that a part of a workbook may grow when it is unpacked
	swelling = 4 << 20 // bytes from which on that is looked at
)

// row is a line of a table by column name.
type row struct {
	line  int
	cells map[string]string
}

//go:embed columns.json
var columnsFile []byte

// columnNames maps what files write above a column to its name here.
var columnNames = aliases(columnsFile)

//go:embed values.json
var valuesFile []byte

// valueNames maps what files write in a column of few words to the word used here.
var valueNames = aliases(valuesFile)

// Word returns the word that a cell of a column of few words means: itself, unless people
// write it otherwise.
func Word(cell string) string {
	if w, ok := valueNames[cell]; ok {
		return w
	}
	return strings.ToLower(cell)
}

func aliases(file []byte) map[string]string {
	var all map[string][]string
	if err := json.Unmarshal(file, &all); err != nil {
		panic(err) // embedded: a defect of the build
	}
	names := map[string]string{}
	for name, others := range all {
		names[name] = name
		for _, other := range others {
			names[other] = name
		}
	}
	return names
}

// readTable reads a CSV or XLSX file whose first row names the columns. CSV may be UTF-8, with
// or without a byte order mark, UTF-16 with one, or GBK; it may use commas or tabs. Faults:
// territory.too_large, territory.old_excel, territory.bad_excel, territory.not_text,
// territory.too_many_rows, territory.no_rows, territory.column_missing, territory.column_twice.
// Rows that cannot be read are in the places.
func readTable(data []byte, needs ...string) ([]row, []fault.Place, error) {
	return readColumns(data, maxCell, ColumnName, needs)
}

// readColumns is readTable with columns and a longest cell of another's choice.
func readColumns(data []byte, longest int, column func(string) string, needs []string) ([]row, []fault.Place, error) {
	var lines []line
	var bad []fault.Place
	var err error
	switch {
	case len(data) > MaxFile:
		return nil, nil, fault.New(fault.TooLarge, "territory.too_large", "bytes", MaxFile)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		lines, err = readXLSX(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return nil, nil, fault.New(fault.Invalid, "territory.old_excel")
	default:
		lines, bad, err = readCSV(data)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(lines) < 1 || len(lines) < 2 && len(bad) == 0 {
		return nil, nil, fault.New(fault.Invalid, "territory.no_rows")
	}
	columns, err := header(lines[0].cells, column, needs)
	if err != nil {
		return nil, nil, err
	}
	rows := make([]row, 0, len(lines)-1)
	for _, l := range lines[1:] {
		r := row{l.number, make(map[string]string, len(columns))}
		for i, name := range columns {
			if name != "" && i < len(l.cells) {
				r.cells[name] = strings.TrimSpace(l.cells[i])
			}
		}
		if len(l.cells) > maxCells || tooLong(r.cells, longest) {
			bad = append(bad, fault.Place{Line: l.number, Code: "territory.row_too_long"})
			continue
		}
		rows = append(rows, r)
	}
	return rows, bad, nil
}

type line struct {
	number int
	cells  []string
}

func tooLong(cells map[string]string, longest int) bool {
	for _, c := range cells {
		if utf8.RuneCountInString(c) > longest {
			return true
		}
	}
	return false
}

// header returns the name of each column; columns that nobody asked for get none.
func header(cells []string, column func(string) string, needs []string) ([]string, error) {
	seen := map[string]bool{}
	var columns []string
	for _, c := range cells {
		name := column(c)
		if name != "" && seen[name] {
			return nil, fault.New(fault.Invalid, "territory.column_twice", "column", name)
		}
		seen[name] = true
		columns = append(columns, name)
	}
	for _, n := range needs {
		if !seen[n] {
			return nil, fault.New(fault.Invalid, "territory.column_missing", "column", n)
		}
	}
	return columns, nil
}

// text decodes a CSV file to UTF-8. What is no UTF-8 is read as GB18030, which holds GBK.
func text(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "territory.not_text")
		}
		return out, nil
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return nil, fault.New(fault.Invalid, "territory.not_text")
		}
		data = out
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, fault.New(fault.Invalid, "territory.not_text")
	}
	return data, nil
}

func readCSV(data []byte) (lines []line, bad []fault.Place, err error) {
	if data, err = text(data); err != nil {
		return nil, nil, err
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(first, []byte("\t")) > bytes.Count(first, []byte(",")) {
		r.Comma = '\t'
	}
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return lines, bad, nil
		}
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			bad = append(bad, fault.Place{Line: pe.Line, Code: "territory.bad_quotes"})
			continue
		}
		if err != nil {
			return nil, nil, fault.Wrap(err, fault.Invalid, "territory.not_text")
		}
		if len(lines)+len(bad) > maxRows {
			return nil, nil, fault.New(fault.TooLarge, "territory.too_many_rows", "rows", maxRows)
		}
		n, _ := r.FieldPos(0)
		if !blank(cells) {
			lines = append(lines, line{n, cells})
		}
	}
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// readXLSX reads the first sheet. The library may panic on a broken file.
func readXLSX(data []byte) (lines []line, err error) {
	defer func() {
		if p := recover(); p != nil {
			lines, err = nil, fault.New(fault.Invalid, "territory.bad_excel")
		}
	}()
	if err := notBomb(data); err != nil {
		return nil, err
	}
	opts := excelize.Options{UnzipSizeLimit: maxUnzip, UnzipXMLSizeLimit: maxUnzip, RawCellValue: true}
	f, err := excelize.OpenReader(bytes.NewReader(data), opts)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "territory.bad_excel")
	}
	defer f.Close()
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "territory.bad_excel")
	}
	defer rows.Close()
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns(opts)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "territory.bad_excel")
		}
		if n > maxRows {
			return nil, fault.New(fault.TooLarge, "territory.too_many_rows", "rows", maxRows)
		}
		for i, c := range cells {
			// A long code that a spreadsheet took for a number: 3.31125001001E+11.
			if v, err := strconv.ParseFloat(c, 64); err == nil && strings.ContainsAny(c, "eE") && v < 1e15 && v == float64(int64(v)) {
				cells[i] = strconv.FormatInt(int64(v), 10)
			}
		}
		if !blank(cells) {
			lines = append(lines, line{n, cells})
		}
	}
	if err := rows.Error(); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "territory.bad_excel")
	}
	return lines, nil
}

// notBomb refuses a workbook that says of itself that it would swell beyond measure. One that
// says less than it holds is refused while it is unpacked.
func notBomb(data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "territory.bad_excel")
	}
	total := uint64(0)
	for _, f := range z.File {
		total += f.UncompressedSize64
		swells := f.UncompressedSize64 > swelling && f.UncompressedSize64/max(f.CompressedSize64, 1) > maxSwell
		if total > maxUnzip || f.UncompressedSize64 > maxUnzip || swells || len(z.File) > maxParts {
			return fault.New(fault.TooLarge, "territory.swells", "bytes", maxUnzip)
		}
	}
	return nil
}

// parseDate reads a date as files write it: year, month and day with anything between them, or
// eight digits, or a spreadsheet's day number. It is 00:00 China Standard Time; "" is no date.
func parseDate(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if len(parts) == 1 && len(parts[0]) == 8 {
		parts = []string{s[:4], s[4:6], s[6:]}
	}
	if n, err := strconv.Atoi(s); err == nil && n > 20000 && n < 80000 {
		return time.Date(1899, 12, 30, 0, 0, 0, 0, clock.CST).AddDate(0, 0, n), true
	}
	if len(parts) != 3 {
		return time.Time{}, false
	}
	var v [3]int
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || len(p) > 4 {
			return time.Time{}, false
		}
		v[i] = n
	}
	t := time.Date(v[0], time.Month(v[1]), v[2], 0, 0, 0, 0, clock.CST)
	return t, v[0] >= 1949 && v[0] < 2200 && t.Month() == time.Month(v[1]) && t.Day() == v[2]
}
