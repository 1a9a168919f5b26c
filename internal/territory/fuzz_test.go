package territory

import (
	"strings"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
)

// Whatever bytes arrive as a table, reading them does not panic, takes no row without its line,
// and says why when it refuses.
func FuzzReadTable(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("\xef\xbb\xbfcode,name,parent,level\n1,\"a\nb\",,1\n2,\"x,,2\n"))
	f.Add([]byte("\xff\xfec\x00o\x00d\x00e\x00"))
	f.Add([]byte("code\tname\tparent\tlevel\n1\t\xd6\xd0\t\t1\n"))
	f.Add([]byte("code,name,parent,level\n\"1\n2,a,,1\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Add(sheet(f, "code,name,parent,level\n33,a,,1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, bad, err := readTable(data, "code", "name")
		if err != nil {
			if fault.KindOf(err) == fault.Internal || !strings.HasPrefix(fault.CodeOf(err), "territory.") {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		for _, r := range rows {
			if r.line < 1 {
				t.Fatalf("%+v", r)
			}
		}
		for _, b := range bad {
			if b.Line < 1 || b.Code == "" {
				t.Fatalf("%+v", b)
			}
		}
	})
}

// Whatever list of staff arrives, each row is either handed on complete or named as bad.
func FuzzReadStaff(f *testing.F) {
	tree := treeOf(f, []Draft{{Line: 2, Scheme: SchemeDivision, Code: "33", Name: "浙江省", Level: Province, Nature: Real}})
	f.Add([]byte(staffList))
	f.Add([]byte("name,login,role,area,from,until\na,bc,r,33,2026-1-1,2026-1-2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, rep, err := ReadStaff(data, tree, StaffImport{Jurisdiction: "j", From: today})
		if err != nil {
			return
		}
		for _, r := range rows {
			if r.Area == nil || r.Name == "" || r.Login == "" || r.From.IsZero() {
				t.Fatalf("%+v", r)
			}
		}
		if len(rows) > rep.Rows || len(rows) < rep.Rows && len(rep.Bad) == 0 {
			t.Fatalf("%d of %d rows, %d bad", len(rows), rep.Rows, len(rep.Bad))
		}
	})
}

// A date that is read is midnight in China and reads the same again.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"", "2026-03-02", "2026年3月2日", "46083", "20260302", "0-0-0", "-1--1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := parseDate(s)
		if !ok || s == "" {
			return
		}
		if h, m, sec := at.In(clock.CST).Clock(); h+m+sec != 0 {
			t.Fatalf("%q is %v", s, at)
		}
		if again, ok := parseDate(at.Format(time.DateOnly)); !ok || !again.Equal(at) {
			t.Fatalf("%q is %v, then %v", s, at, again)
		}
	})
}
