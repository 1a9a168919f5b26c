package formula

import (
	"slices"
	"time"

	"gezhi/internal/fault"
)

func (m *machine) call(n *node) (Value, error) {
	switch n.name {
	case "count", "sum", "any", "all":
		return m.collect(n)
	case "max", "min":
		return m.extreme(n)
	case "times":
		if m.env.Times == nil {
			return Int(0), nil
		}
		return Int(m.env.Times(n.kids[0].names[len(n.kids[0].names)-1])), nil
	case "who_did":
		if m.env.Doer == nil {
			return nil, nil
		}
		return m.env.Doer(n.kids[0].names[len(n.kids[0].names)-1]), nil
	case "past":
		if m.env.Past == nil {
			return nil, nil
		}
		v, err := m.env.Past(n.kids[0].names[0])
		return From(v), err
	}
	var args []Value
	first := 0
	if slices.Contains(namedFirst, n.name) {
		first = 1
	}
	for _, k := range n.kids[first:] {
		v, err := m.eval(k)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	switch n.name {
	case "lookup":
		if m.env.Lookup == nil {
			return nil, nil
		}
		v, err := m.env.Lookup(n.kids[0].names[0], args)
		return From(v), err
	case "balance":
		return m.ofSomebody(m.env.Balance, n, args[0])
	case "served":
		return m.ofSomebody(m.env.Served, n, args[0])
	case "above":
		if m.env.Above == nil || args[0] == nil {
			return nil, nil
		}
		v, err := m.env.Above(args[0])
		return From(v), err
	case "weekday":
		return weekday(n, args[0])
	case "month":
		return month(n, args[0])
	}
	return round(n, args)
}

// ofSomebody asks something of somebody by name; of nobody it is none.
func (m *machine) ofSomebody(ask func(name string, who Value) (Value, error), n *node, who Value) (Value, error) {
	if ask == nil || who == nil {
		return nil, nil
	}
	v, err := ask(n.kids[0].names[0], who)
	return From(v), err
}

// weekday is 1 for Monday to 7 for Sunday.
func weekday(n *node, v Value) (Value, error) {
	d, err := dayIn(n, v)
	if v == nil || err != nil {
		return nil, err
	}
	return Int(int64((d.Weekday()+6)%7) + 1), nil
}

// month is the year and the month of a day: 2026-03.
func month(n *node, v Value) (Value, error) {
	d, err := dayIn(n, v)
	if v == nil || err != nil {
		return nil, err
	}
	return d.Format("2006-01"), nil
}

// dayIn is the day of a date or a moment; the zero time where v is none.
func dayIn(n *node, v Value) (time.Time, error) {
	if v == nil {
		return time.Time{}, nil
	}
	s, _ := v.(string)
	if len(s) > 10 {
		s = s[:10]
	}
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, wrongType(n.kids[0], "date")
	}
	return d, nil
}

func round(n *node, args []Value) (Value, error) {
	if args[0] == nil {
		return nil, nil
	}
	x, ok := args[0].(Num)
	if !ok {
		return nil, wrongType(n.kids[0], "number")
	}
	var places Num
	if len(args) == 2 {
		if places, ok = args[1].(Num); !ok {
			return nil, wrongType(n.kids[1], "number")
		}
	}
	return result(x.Round(int(places.Int64())))
}

func (m *machine) extreme(n *node) (Value, error) {
	var best Value
	for _, k := range n.kids {
		v, err := m.eval(k)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		if best == nil {
			best = v
		}
		c, ok := order(v, best)
		if !ok {
			return nil, wrongType(k, "numbers or texts")
		}
		if (n.name == "max") == (c > 0) && c != 0 {
			best = v
		}
	}
	return best, nil
}

// collect is count, sum, any and all over a list, with item bound to each element.
func (m *machine) collect(n *node) (Value, error) {
	v, err := m.eval(n.kids[0])
	if err != nil {
		return nil, err
	}
	l, ok := v.(List)
	if !ok && v != nil {
		return nil, wrongType(n.kids[0], "list")
	}
	if n.name == "sum" {
		return m.sum(n, l)
	}
	held := 0
	for _, x := range l {
		b := true
		if len(n.kids) == 2 {
			m.items = append(m.items, x)
			b, err = m.truth(n.kids[1])
			m.items = m.items[:len(m.items)-1]
			if err != nil {
				return nil, err
			}
		} else if m.left--; m.left < 0 {
			return nil, fault.New(fault.Invalid, "formula.steps", "max", MaxSteps)
		}
		if b {
			held++
		}
	}
	switch n.name {
	case "any":
		return held > 0, nil
	case "all":
		return held == len(l), nil
	}
	return Int(int64(held)), nil
}

// sum adds; one none among the items makes the sum none, since a total that leaves
// something out silently is worse than no total.
func (m *machine) sum(n *node, l List) (Value, error) {
	var total Num
	body := &node{op: opPath, names: []string{"item"}, col: n.col}
	if len(n.kids) == 2 {
		body = n.kids[1]
	}
	for _, x := range l {
		m.items = append(m.items, x)
		v, err := m.number(body)
		m.items = m.items[:len(m.items)-1]
		if err != nil || v == nil {
			return nil, err
		}
		if total, err = total.add(*v); err != nil {
			return nil, err
		}
	}
	return total, nil
}
