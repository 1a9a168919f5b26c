package classify

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// entry is one gram of a text: how often it stands there, or what it weighs.
type entry struct {
	gram int32
	v    float64
}

// vector is a text as grams, by their number.
type vector []entry

// unit is a vector of length one.
func (x vector) unit() vector {
	sum := 0.0
	for _, e := range x {
		sum += e.v * e.v
	}
	if sum == 0 {
		return nil
	}
	by := 1 / math.Sqrt(sum)
	out := make(vector, len(x))
	for i, e := range x {
		out[i] = entry{e.gram, e.v * by}
	}
	return out
}

// plus is the sum of two vectors.
func (x vector) plus(y vector) vector {
	out := make(vector, 0, len(x)+len(y))
	for len(x) > 0 && len(y) > 0 {
		switch d := cmp.Compare(x[0].gram, y[0].gram); {
		case d < 0:
			out, x = append(out, x[0]), x[1:]
		case d > 0:
			out, y = append(out, y[0]), y[1:]
		default:
			out, x, y = append(out, entry{x[0].gram, x[0].v + y[0].v}), x[1:], y[1:]
		}
	}
	return append(append(out, x...), y...)
}

// counted is a text whose grams were counted, title and body apart.
type counted struct{ title, body vector }

// numbers gives every gram its number.
type numbers struct {
	of   map[string]int32
	gram []string
}

// count counts the grams of a text; those not known yet are numbered.
func (n *numbers) count(t Text) counted {
	one := func(s string) vector {
		times := map[int32]float64{}
		grams(Plain(s), func(g string) {
			i, ok := n.of[g]
			if !ok {
				i = int32(len(n.gram))
				n.of[g] = i
				n.gram = append(n.gram, g)
			}
			times[i]++
		})
		return sorted(times)
	}
	return counted{one(t.Title), one(t.Body)}
}

func sorted(times map[int32]float64) vector {
	out := make(vector, 0, len(times))
	for g, v := range times {
		out = append(out, entry{g, v})
	}
	slices.SortFunc(out, func(a, b entry) int { return cmp.Compare(a.gram, b.gram) })
	return out
}

// rarity says for each gram how much it is worth by how few texts hold it; 0 is nothing.
type rarity []float64

const (
	fewestTexts = 3   // that hold a gram for it to be learnt: what fewer say is about somebody
	commonFrom  = 50  // texts from which a gram that half of them hold is worth nothing
	mostShare   = 0.5 // of the texts
)

func rarities(texts []counted, grams int) rarity {
	in := make(rarity, grams)
	for _, t := range texts {
		for _, e := range t.title.plus(t.body) {
			in[e.gram]++
		}
	}
	n := float64(len(texts))
	for g, d := range in {
		in[g] = 0
		if d >= fewestTexts && (len(texts) < commonFrom || d < mostShare*n) {
			in[g] = max(math.Log((n+1)/(d+0.5)), 0)
		}
	}
	return in
}

// weigh makes a counted text a vector of length one; title and body count the same.
func (r rarity) weigh(t counted) vector {
	one := func(x vector) vector {
		out := make(vector, 0, len(x))
		for _, e := range x {
			if w := r[e.gram]; w > 0 {
				out = append(out, entry{e.gram, w * math.Log1p(e.v)})
			}
		}
		return out.unit()
	}
	return one(t.title).plus(one(t.body)).unit()
}

// products are the inner products of each of some vectors with each of others; grams is how
// many there are. A row for each of the first.
func products(a, b []vector, grams int) [][]float64 {
	begin := make([]int, grams+1) // of each gram's places among the others
	for _, y := range b {
		for _, e := range y {
			begin[e.gram+1]++
		}
	}
	for g := range grams {
		begin[g+1] += begin[g]
	}
	type place struct {
		in int32
		v  float64
	}
	places, next := make([]place, begin[grams]), slices.Clone(begin)
	for j, y := range b {
		for _, e := range y {
			places[next[e.gram]] = place{int32(j), e.v}
			next[e.gram]++
		}
	}
	out := matrix(len(a), len(b))
	for i, x := range a {
		row := out[i]
		for _, e := range x {
			for _, p := range places[begin[e.gram]:begin[e.gram+1]] {
				row[p.in] += e.v * p.v
			}
		}
	}
	return out
}

func matrix(rows, cols int) [][]float64 {
	all := make([]float64, rows*cols)
	out := make([][]float64, rows)
	for i := range out {
		out[i] = all[i*cols : (i+1)*cols]
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
