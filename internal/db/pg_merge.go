package db

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// change is the shape of a statement that changes one table, which it names first.
var change = regexp.MustCompile(`^(?:INSERT INTO|UPDATE|DELETE FROM) ([a-z_]+) `)

// further finds what makes a statement look at more than the rows it changes, or answer with them;
// and comments, which would run on into what is put behind them.
var further = regexp.MustCompile(`(?i)\b(?:SELECT|FROM|JOIN|USING|RETURNING)\b|--`)

// changed holds what table a statement changes, "" for one that has to go alone.
var changed sync.Map // Stmt -> string

func tableOf(s Stmt) string {
	if t, ok := changed.Load(s); ok {
		return t.(string)
	}
	table := ""
	if m := change.FindStringSubmatch(string(s)); m != nil && !further.MatchString(strings.TrimPrefix(string(s), "DELETE FROM ")) {
		table = m[1]
	}
	changed.Store(s, table)
	return table
}

// merge makes one statement of changes that stand one behind the other and are of different tables:
// every statement of its own costs the server, and the way there, more than the row that it writes.
// None of them reads what another of them has changed.
func merge(all []queued) []queued {
	out := make([]queued, 0, len(all)+1)
	for len(all) > 0 {
		var tables [most]string
		n := 0
		for ; n < min(len(all), most); n++ {
			t := tableOf(all[n].s)
			if t == "" || slices.Contains(tables[:n], t) {
				break
			}
			tables[n] = t
		}
		n = max(n, 1)
		out = append(out, merged(all[:n]))
		all = all[n:]
	}
	return out
}

// mergedTexts are the statements that several have become, by those.
var mergedTexts sync.Map // [most]Stmt -> Stmt

func merged(all []queued) queued {
	if len(all) == 1 {
		return all[0]
	}
	var key [most]Stmt
	var args []any
	for i, q := range all {
		key[i] = q.s
		args = append(args, q.args...)
	}
	text, ok := mergedTexts.Load(key)
	if !ok {
		text = mergedText(all)
		mergedTexts.Store(key, text)
	}
	return queued{text.(Stmt), args}
}

// mergedText is the last statement, with all before it as its parts.
func mergedText(all []queued) Stmt {
	var b strings.Builder
	before := 0
	for i, q := range all {
		switch text := behind(q.s, before); i {
		case 0:
			fmt.Fprintf(&b, "WITH q0 AS (%s)", text)
		case len(all) - 1:
			b.WriteString(" " + text)
		default:
			fmt.Fprintf(&b, ", q%d AS (%s)", i, text)
		}
		before += len(q.args)
	}
	return Stmt(b.String())
}
