package classify

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"gezhi/internal/fault"
)

//go:embed columns.json
var columnsJSON []byte

// headings are what files write above a column.
var headings = func() (h map[string][]string) {
	if err := json.Unmarshal(columnsJSON, &h); err != nil {
		panic(err)
	}
	return h
}()

// Columns names the columns of a file; what is empty is found by its usual headings.
type Columns struct{ Title, Text, Class string }

// ReadExamples reads a CSV file, in UTF-8 or GB 18030, of texts and, with labelled, of their
// classes. Lines without text, and with labelled those without class, are left out and counted.
// Faults: classify.not_text, classify.no_rows, classify.no_column.
func ReadExamples(data []byte, c Columns, labelled bool) (out []Example, left int, err error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		if data, err = simplifiedchinese.GB18030.NewDecoder().Bytes(data); err != nil || bytes.ContainsRune(data, utf8.RuneError) {
			return nil, 0, fault.New(fault.Invalid, "classify.not_text")
		}
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, 0, fault.Wrap(err, fault.Invalid, "classify.no_rows")
	}
	title, _ := column(head, c.Title, "title")
	text, ok := column(head, c.Text, "text")
	if !ok {
		return nil, 0, fault.New(fault.Invalid, "classify.no_column", "column", "text")
	}
	class, ok := column(head, c.Class, "class")
	if !ok && labelled || c.Title != "" && title < 0 {
		return nil, 0, fault.New(fault.Invalid, "classify.no_column", "column", map[bool]string{true: "class", false: "title"}[!ok && labelled])
	}
	for {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			left++
			continue
		}
		cell := func(i int) string {
			if i < 0 || i >= len(cells) {
				return ""
			}
			return strings.TrimSpace(cells[i])
		}
		e := Example{Text{cell(title), cell(text)}, cell(class)}
		if e.Title+e.Body == "" || labelled && e.Class == "" {
			left++
			continue
		}
		out = append(out, e)
	}
	if len(out) == 0 {
		return nil, left, fault.New(fault.Invalid, "classify.no_rows")
	}
	return out, left, nil
}

// column is the place of a column: the one of that name, or where none is given that with one
// of the usual headings.
func column(head []string, name, kind string) (int, bool) {
	i := slices.IndexFunc(head, func(h string) bool {
		h = strings.TrimSpace(h)
		return name != "" && h == name || name == "" && slices.Contains(headings[kind], strings.ToLower(h))
	})
	return i, i >= 0
}
