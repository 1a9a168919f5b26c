package db

import (
	"strings"
	"testing"
)

func TestOnlyChangesOfDifferentTablesBecomeOneStatement(t *testing.T) {
	const (
		a      Stmt = `INSERT INTO a (x, y) VALUES ($1, $2) ON CONFLICT (x) DO UPDATE SET y = excluded.y`
		b      Stmt = `UPDATE b SET y = $2 WHERE x = $1 AND z = '$1'`
		c      Stmt = `DELETE FROM c WHERE x = $1`
		begin  Stmt = `BEGIN`
		other  Stmt = `UPDATE d SET y = 1 WHERE x IN (SELECT x FROM a)`
		copied Stmt = `DELETE FROM d USING a WHERE a.x = d.x`
		noted  Stmt = `UPDATE d SET y = 1 -- of all`
	)
	one := func(s Stmt) queued {
		return queued{s, []any{string(s), 2}[:map[Stmt]int{a: 2, b: 2, c: 1}[s]]}
	}
	var all []queued
	for _, s := range []Stmt{begin, a, b, c, a, b, other, a, copied, noted, c} {
		all = append(all, one(s))
	}
	want := []struct {
		text Stmt
		args int
	}{
		{begin, 0},
		{`WITH q0 AS (INSERT INTO a (x, y) VALUES ($1, $2) ON CONFLICT (x) DO UPDATE SET y = excluded.y), q1 AS (UPDATE b SET y = $4 WHERE x = $3 AND z = '$1') DELETE FROM c WHERE x = $5`, 5},
		{`WITH q0 AS (INSERT INTO a (x, y) VALUES ($1, $2) ON CONFLICT (x) DO UPDATE SET y = excluded.y) UPDATE b SET y = $4 WHERE x = $3 AND z = '$1'`, 4},
		{other, 0}, {a, 2}, {copied, 0}, {noted, 0}, {c, 1},
	}
	got := merge(all)
	for i, w := range want {
		if i >= len(got) || got[i].s != w.text || len(got[i].args) != w.args {
			t.Fatalf("%d of %d:\n%+v\nand not %+v", i, len(got), got, w)
		}
	}
	if len(got) != len(want) || got[1].args[4] != any(string(c)) {
		t.Errorf("%d statements and not %d, arguments %v", len(got), len(want), got[1].args)
	}
	all = nil
	for i := range most + 2 {
		all = append(all, queued{Stmt("INSERT INTO t_" + strings.Repeat("x", i) + " VALUES (1)"), nil})
	}
	if n := len(merge(all)); n != 2 {
		t.Errorf("two more than fit into one statement became %d", n)
	}
}
