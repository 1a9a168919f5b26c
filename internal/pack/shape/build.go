package shape

import "gezhi/internal/fault"

// Need is a key that must be there.
func Need(name string, s *Shape) Key { return Key{Name: name, Shape: s, Required: true} }

// Opt is a key that may be there.
func Opt(name string, s *Shape) Key { return Key{Name: name, Shape: s} }

// Later is a key whose time has not come.
func Later(name string) Key { return Key{Name: name, Later: true} }

// ListOf is a list of items, in brackets even where it is one.
func ListOf(item *Shape) *Shape { return &Shape{Item: item} }

// SomeOf is a list of items, or one without brackets.
func SomeOf(item *Shape) *Shape { return &Shape{Item: item, Lone: true} }

// EitherOf chooses by the kind of the node; nil is refused.
func EitherOf(scalar, list, object *Shape) *Shape {
	return &Shape{Alt: &Alternatives{Scalar: scalar, List: list, Map: object}}
}

// TextThat is a text that ok accepts; code is what is said of others.
func TextThat(doc string, ok func(string) bool, code string) *Shape {
	return &Shape{Doc: doc, Text: func(s string) error {
		if ok(s) {
			return nil
		}
		return fault.New(fault.Invalid, code)
	}}
}
