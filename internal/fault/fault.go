// Package fault is the one error type that crosses package borders.
//
// A fault says what kind of failure it is (which decides the HTTP status, in package web
// alone), a stable code that words are looked up by, and arguments for those words. The
// wrapped error is for the log only and never reaches a client.
package fault

import (
	"errors"
	"fmt"
)

// Kind is the family of a failure.
type Kind int

const (
	Internal        Kind = iota // a defect or an outage of ours; details stay in the log
	Invalid                     // the request cannot be right, whoever sends it
	Unauthenticated             // nobody is logged in
	Forbidden                   // somebody is, and may not
	NotFound                    // absent, or not for these eyes: the two look alike
	Conflict                    // right in itself, but the state does not allow it now
	TooLarge                    // more than we accept
	TooMany                     // too often
	Unavailable                 // try again later
)

// Error is a failure with a meaning. Args fill the words of Code; they must not hold
// personal data or values that the client sent.
type Error struct {
	Kind Kind
	Code string         // stable, translatable: "case.not_your_own_work"
	Args map[string]any // for the words of Code
	At   []Place        // for Invalid: where it is wrong
	Err  error          // cause, for the log
}

// Place is one thing wrong with an input: a field path or a file line, and a code.
type Place struct {
	Path string         `json:"path,omitempty"`
	Line int            `json:"line,omitempty"`
	Code string         `json:"code"`
	Args map[string]any `json:"args,omitempty"`
}

func (e *Error) Error() string {
	s := e.Code
	if len(e.Args) > 0 {
		s += fmt.Sprintf(" %v", e.Args)
	}
	for _, p := range e.At {
		s += fmt.Sprintf("; %s%s", p.Path, " "+p.Code)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// New makes a fault; args are key, value, key, value.
func New(kind Kind, code string, args ...any) *Error {
	e := &Error{Kind: kind, Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if e.Args == nil {
			e.Args = map[string]any{}
		}
		e.Args[args[i].(string)] = args[i+1]
	}
	return e
}

// Wrap is New with a cause for the log.
func Wrap(err error, kind Kind, code string, args ...any) *Error {
	e := New(kind, code, args...)
	e.Err = err
	return e
}

// KindOf returns the kind of err; an error without a kind is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the code of err, or "" when it is no fault.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
