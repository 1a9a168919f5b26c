package territory

import (
	"strings"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/id"
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

// Whatever list of a reform is read, either rows of it are named as bad, or every area that
// begins has a name and a level, lies below one that stands or begins before it, and no area
// that lies below one that ends is forgotten.
func FuzzReadReform(f *testing.F) {
	tree := treeOf(f, []Draft{
		{Line: 2, Scheme: SchemeDivision, Code: "33", Name: "a", Level: Province, Nature: Real},
		{Line: 3, Scheme: SchemeDivision, Code: "3311", Name: "b", ParentScheme: SchemeDivision, Parent: "33", Level: City, Nature: Real},
		{Line: 4, Scheme: SchemeDivision, Code: "331125", Name: "c", ParentScheme: SchemeDivision, Parent: "3311", Level: County, Nature: Real},
		{Line: 5, Scheme: SchemeDivision, Code: "t", Name: "d", ParentScheme: SchemeDivision, Parent: "331125", Level: Township, Nature: Real},
		{Line: 6, Scheme: SchemeDivision, Code: "v", Name: "e", ParentScheme: SchemeDivision, Parent: "t", Level: Village, Nature: Real},
		{Line: 7, Scheme: SchemeDivision, Code: "w", Name: "f", ParentScheme: SchemeDivision, Parent: "t", Level: Village, Nature: Real},
		{Line: 8, Scheme: SchemeGrid, Code: "g", Name: "h", ParentScheme: SchemeDivision, Parent: "v", Level: Grid, Nature: Real}})
	for _, rows := range []string{"v,x,n,\nw,x,,", "v,x,n,\nv,y,m,\ng,g,k,x", "v,,,", "t,u,n,331125\nv,x,m,", ",x,n,t", "v,v,n,w", "v,w,,\nw,v,,", "t,x,n,x"} {
		f.Add([]byte("code,becomes,name,parent\n" + rows + "\n"))
	}
	owner := tree.Children("")[0].Jurisdiction
	f.Fuzz(func(t *testing.T, data []byte) {
		r, rep, err := ReadReform(data, tree, Import{Jurisdiction: owner, From: today, DryRun: true})
		if err != nil || rep.BadRows > 0 {
			return
		}
		ends, err := r.ending(tree)
		if err != nil {
			t.Fatal(err)
		}
		areas, _, err := r.beginning(tree, ends, id.New)
		if err != nil {
			t.Fatalf("read without complaint: %v", err)
		}
		for _, a := range areas {
			if a.Name == "" || a.Level <= County || a.Path[a.Level] != a.ID || a.Path[a.Level-1] != a.Parent {
				t.Fatalf("%+v", a)
			}
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
