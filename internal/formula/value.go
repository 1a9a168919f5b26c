package formula

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Value is what a formula computes with: nil (none), bool, Num, string, List or Object.
// Dates are texts "2026-03-02" and moments texts "2026-03-02T09:00:00+08:00" in one time
// zone, so that they compare as texts.
type Value any

// List is a list of values.
type List []Value

// Object is something with named members. A missing member is none.
type Object interface {
	Member(name string) Value
}

// Map is an Object made of a map.
type Map map[string]Value

// Member returns the value under name, or none.
func (m Map) Member(name string) Value { return From(m[name]) }

// From turns what JSON decoding or Go code yields into a Value. What cannot be turned
// (a float that is no decimal, a foreign type) is none.
func From(v any) Value {
	switch v := v.(type) {
	case nil, bool, Num, string, List, Object:
		return v
	case int:
		return Int(int64(v))
	case int64:
		return Int(v)
	case float64:
		return fromFloat(v)
	case json.Number:
		return fromText(v.String())
	case map[string]any:
		m := make(Map, len(v))
		for k, x := range v {
			m[k] = x
		}
		return m
	case []any:
		l := make(List, len(v))
		for i, x := range v {
			l[i] = From(x)
		}
		return l
	case []string:
		l := make(List, len(v))
		for i, x := range v {
			l[i] = x
		}
		return l
	case fmt.Stringer:
		return v.String()
	}
	return nil
}

func fromFloat(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	n, err := ParseNum(strconv.FormatFloat(math.Round(f*1e6)/1e6, 'f', -1, 64))
	if err != nil {
		return nil
	}
	return n
}

func fromText(s string) Value {
	if n, err := ParseNum(s); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	return fromFloat(f)
}

// Equal tells whether two values are the same; an object is the same as its id.
func Equal(a, b Value) bool {
	a, b = identity(a), identity(b)
	la, isA := a.(List)
	lb, isB := b.(List)
	if isA || isB {
		if !isA || !isB || len(la) != len(lb) {
			return false
		}
		for i := range la {
			if !Equal(la[i], lb[i]) {
				return false
			}
		}
		return true
	}
	if _, ok := a.(Object); ok {
		return false // without an id nothing can be said
	}
	if _, ok := b.(Object); ok {
		return false
	}
	return a == b
}

func identity(v Value) Value {
	if o, ok := v.(Object); ok {
		if id := o.Member("id"); id != nil {
			return From(id)
		}
	}
	return From(v)
}

// Text prints a value as people write it; none is "".
func Text(v Value) string {
	switch v := identity(v).(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(v)
	case Num:
		return v.String()
	case string:
		return v
	}
	return ""
}
