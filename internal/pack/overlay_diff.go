package pack

import "gezhi/internal/pack/shape"

// DiffOverlays says what changes from one overlay of a pack to another, value by value; nil
// stands for none.
func DiffOverlays(a, b *Overlay) []Sentence {
	d := &differ{}
	x, y := a.tree(), b.tree()
	for _, key := range union(keysIn(x), keysIn(y)) {
		if key == "overlay" || key == "format" {
			continue
		}
		before, after := x.Get(key), y.Get(key)
		if kindOf(before) != shape.Map && kindOf(after) != shape.Map {
			if from, to := flow(before), flow(after); from != to {
				d.add(Sentence{Code: "diff.changed", Kind: "own_values", Name: key, What: key, From: from, To: to})
			}
			continue
		}
		for _, name := range union(keysIn(before), keysIn(after)) {
			if from, to := flow(before.Get(name)), flow(after.Get(name)); from != to {
				d.add(Sentence{Code: "diff.changed", Kind: "own_values", Name: key, What: name, From: from, To: to})
			}
		}
	}
	return d.out
}

// tree is the overlay as it was written; nil of none.
func (o *Overlay) tree() *shape.Node {
	if o == nil {
		return nil
	}
	n, _ := shape.Read(o.data)
	return n
}

func kindOf(n *shape.Node) shape.Kind {
	if n == nil {
		return shape.Scalar
	}
	return n.Kind
}
