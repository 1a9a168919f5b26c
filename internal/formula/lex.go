package formula

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gezhi/internal/fault"
)

// MaxLength is the longest formula, in bytes.
const MaxLength = 1000

type token struct {
	kind rune // 'i' name, 'n' number, 's' text, 'o' operator, 0 end
	text string
	col  int // in characters, from 1
}

// wordOperators are names that act as operators or literals.
var wordOperators = map[string]bool{"and": true, "or": true, "not": true, "in": true, "within": true}

func syntax(code string, col int, args ...any) error {
	return fault.New(fault.Invalid, code, append([]any{"col", col}, args...)...)
}

// lex cuts text into tokens; the last one is the end.
func lex(text string) ([]token, error) {
	if len(text) > MaxLength {
		return nil, fault.New(fault.Invalid, "formula.too_long", "max", MaxLength)
	}
	if !utf8.ValidString(text) {
		return nil, syntax("formula.unexpected", 1, "near", "?")
	}
	rs := []rune(text)
	var out []token
	for i := 0; i < len(rs); {
		r := rs[i]
		if unicode.IsSpace(r) {
			i++
			continue
		}
		t, n, err := next(rs, i)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		i += n
	}
	return append(out, token{col: len(rs) + 1}), nil
}

// next reads the token that starts at rs[i] and says how many runes it takes.
func next(rs []rune, i int) (token, int, error) {
	r, j := rs[i], i+1
	switch {
	case isNameStart(r):
		for j < len(rs) && (isNameStart(rs[j]) || isDigit(rs[j])) {
			j++
		}
		t := token{'i', string(rs[i:j]), i + 1}
		if wordOperators[t.text] {
			t.kind = 'o'
		}
		return t, j - i, nil
	case isDigit(r):
		for j < len(rs) && (isDigit(rs[j]) || rs[j] == '.' && j+1 < len(rs) && isDigit(rs[j+1])) {
			j++
		}
		return token{'n', string(rs[i:j]), i + 1}, j - i, nil
	case r == '\'' || r == '"':
		for j < len(rs) && rs[j] != r {
			j++
		}
		if j == len(rs) {
			return token{}, 0, syntax("formula.unclosed", i+1)
		}
		return token{'s', string(rs[i+1 : j]), i + 1}, j + 1 - i, nil
	}
	if j < len(rs) {
		if two := string(rs[i : j+1]); two == "==" || two == "!=" || two == "<=" || two == ">=" || two == "??" {
			return token{'o', two, i + 1}, 2, nil
		}
	}
	if strings.ContainsRune("<>+-*/?:()[],.", r) {
		return token{'o', string(r), i + 1}, 1, nil
	}
	if meant := foreignSigns[r]; meant != "" {
		return token{}, 0, syntax("formula.unexpected", i+1, "near", string(r), "suggestion", meant)
	}
	return token{}, 0, syntax("formula.unexpected", i+1, "near", string(r))
}

func isNameStart(r rune) bool {
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// foreignSigns are what other languages and spreadsheets write, and what is written here.
var foreignSigns = map[rune]string{'=': "==", '&': "and", '|': "or", '!': "not", '"': "'text'", '“': "'text'", '”': "'text'", '＝': "==", '≥': ">=", '≤': "<=", '≠': "!="}
