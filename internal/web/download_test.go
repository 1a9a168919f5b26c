package web

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"gezhi/internal/fault"
)

func rowsOf(rows ...[]string) Rows {
	return func(yield func([]string, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// failing gives n rows and then an error.
func failing(n int) Rows {
	return func(yield func([]string, error) bool) {
		for i := range n {
			if !yield([]string{fmt.Sprint(i)}, nil) {
				return
			}
		}
		yield(nil, fault.New(fault.Unavailable, "db.locked"))
	}
}

// A table comes as UTF-8 with a mark that spreadsheets understand, under its Chinese name.
func TestCSV(t *testing.T) {
	w := httptest.NewRecorder()
	if err := CSV(w, "事件 清单", []string{"编号", "说明"}, rowsOf([]string{"1", `a "b", c`}, []string{"2", "两\n行"})); err != nil {
		t.Fatal(err)
	}
	if want := "\xef\xbb\xbf编号,说明\r\n1,\"a \"\"b\"\", c\"\r\n2,\"两\r\n行\"\r\n"; w.Body.String() != want {
		t.Errorf("%q", w.Body)
	}
	if d := w.Header().Get("Content-Disposition"); d != "attachment; filename*=utf-8''%E4%BA%8B%E4%BB%B6%20%E6%B8%85%E5%8D%95.csv" || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Error(w.Header())
	}
}

// An empty table has its head.
func TestAnEmptyTable(t *testing.T) {
	w := httptest.NewRecorder()
	if err := CSV(w, "a.csv", []string{"h"}, rowsOf()); err != nil || w.Body.String() != "\xef\xbb\xbfh\r\n" {
		t.Error(w.Body, err)
	}
}

// No cell of a CSV begins in a way that a spreadsheet would run; numbers stay numbers, and
// all else is unchanged.
func TestNoCellIsAFormula(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+861": "'+861", "-cmd|x": "'-cmd|x", "@SUM(1)": "'@SUM(1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "＝1": "'＝1", "－1": "'－1", "＋": "'＋", "＠a": "'＠a",
		"-76.61": "-76.61", "-5": "-5", "5": "5", "": "", "a=1": "a=1", "'=1": "'=1", "-5=1": "'-5=1", "-": "'-", "格": "格",
	} {
		if got := Harmless([]string{cell})[0]; got != want {
			t.Errorf("%q: %q, not %q", cell, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.SliceOf(rapid.String()).Draw(t, "row")
		for i, c := range Harmless(row) {
			if strings.TrimPrefix(c, "'") != strings.TrimPrefix(row[i], "'") || c != "" && strings.ContainsAny(c[:1], "=+@\t\r\n") {
				t.Fatalf("%q became %q", row[i], c)
			}
		}
	})
}

// An error before the first row is a problem; one in the middle breaks the connection, so that
// the client knows that the table is not whole.
func TestABrokenTableDoesNotLookWhole(t *testing.T) {
	s := newTrial()
	Raw(s.Server, Operation{Method: "GET", Path: "/table", ID: "table"}, func(w http.ResponseWriter, r *http.Request) error {
		n := len(r.Header.Get("Rows"))
		if r.Header.Get("Sheet") != "" {
			return XLSX(w, "a.xlsx", []string{"n"}, failing(n))
		}
		return CSV(w, "a.csv", []string{"n"}, failing(n))
	})
	address, _ := run(t, s.Server)
	for _, c := range []struct {
		rows   int
		sheet  string
		status int
	}{{0, "", 503}, {1200, "", 200}, {1200, "1", 503}} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", address+Prefix+"/table", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer good")
		r.Header.Set("Rows", strings.Repeat("x", c.rows))
		r.Header.Set("Sheet", c.sheet)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.status || (c.status == 200) != errors.Is(err, io.ErrUnexpectedEOF) || c.status == 503 && !bytes.Contains(b, []byte("db.locked")) {
			t.Errorf("%+v: %d %v %.100s", c, res.StatusCode, err, b)
		}
	}
}

// A workbook has the same rows as the table, as texts, never as formulas, and can hold whatever
// a text can.
func TestXLSX(t *testing.T) {
	rows := [][]string{{"编号", "说明"}, {"1", "=1+1"}, {"002", "-5"}, {"3", "a\x01b\x1f"}, {"4", "𠮷 <&> 两\n行"}}
	w := httptest.NewRecorder()
	if err := XLSX(w, "清单", rows[0], rowsOf(rows[1:]...)); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	rows[3][1] = "ab"
	if d := cmp.Diff(rows, got); d != "" {
		t.Error(d)
	}
	if formula, err := f.GetCellFormula("Sheet1", "B2"); err != nil || formula != "" {
		t.Errorf("a formula: %q %v", formula, err)
	}
}

// What was written as CSV is read back the same, but for the marks against formulas.
func TestCSVReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`[a-z0-9,"' =+@\-格]{1,8}`)
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 0, 1100).Draw(t, "rows")
		w := httptest.NewRecorder()
		if err := CSV(w, "a.csv", []string{"a", "b", "c"}, rowsOf(rows...)); err != nil {
			t.Fatal(err)
		}
		got, err := csv.NewReader(bytes.NewReader(w.Body.Bytes()[3:])).ReadAll()
		if err != nil || len(got) != len(rows)+1 {
			t.Fatal(len(got), err)
		}
		for i, r := range rows {
			if !slices.Equal(got[i+1], Harmless(r)) {
				t.Fatalf("%q became %q", r, got[i+1])
			}
		}
	})
}
