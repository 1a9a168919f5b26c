package casework

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// simple reads JSON as it mostly is where we wrote it ourselves: objects of texts without escapes
// and of whole numbers. At whatever else it stops, and the library reads the text from its
// beginning; that would take ten times as long.
type simple struct {
	rest  string
	stuck bool
}

func startSimple(text string) *simple { return &simple{text, !utf8.ValidString(text)} }

// ended tells that all was read.
func (p *simple) ended() bool { return !p.stuck && p.rest == "" }

// skip reads one character, which must stand there.
func (p *simple) skip(c byte) {
	if !p.sees(c) {
		p.stuck = true
		return
	}
	p.rest = p.rest[1:]
}

func (p *simple) sees(c byte) bool { return !p.stuck && p.rest != "" && p.rest[0] == c }

// text reads a text without escapes.
func (p *simple) text() string {
	p.skip('"')
	end := strings.IndexByte(p.rest, '"')
	if p.stuck || end < 0 {
		p.stuck = true
		return ""
	}
	s := p.rest[:end]
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '\\' {
			p.stuck = true
			return ""
		}
	}
	p.rest = p.rest[end+1:]
	return s
}

// wholeMost is how many digits a number has at most: fewer than a float64 holds.
const wholeMost = 15

// whole reads a whole number.
func (p *simple) whole() string {
	n := 0
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		n++
	}
	s := p.rest[:n]
	if n == 0 || n > wholeMost || n > 1 && s[0] == '0' || n < len(p.rest) && p.rest[n] != ',' && p.rest[n] != '}' {
		p.stuck = true
		return ""
	}
	p.rest = p.rest[n:]
	return s
}

// object reads an object; member reads what stands behind a key.
func (p *simple) object(member func(key string)) {
	p.skip('{')
	for first := true; !p.stuck && !p.sees('}'); first = false {
		if !first {
			p.skip(',')
		}
		key := p.text()
		if p.skip(':'); !p.stuck {
			member(key)
		}
	}
	p.skip('}')
}

// values reads texts and whole numbers into a map, which it makes where there is none; number
// makes a value of a number.
func (p *simple) values(into *map[string]any, number func(string) any) {
	if *into == nil {
		*into = map[string]any{}
	}
	p.object(func(key string) {
		if p.sees('"') {
			(*into)[key] = p.text()
			return
		}
		(*into)[key] = number(p.whole())
	})
}

func (p *simple) texts(into *map[string]string) {
	if *into == nil {
		*into = map[string]string{}
	}
	p.object(func(key string) { (*into)[key] = p.text() })
}

func asNumber(s string) any { return json.Number(s) }

func asFloat(s string) any {
	n, _ := strconv.ParseInt(s, 10, 64) // few digits
	return float64(n)
}

// readData reads what a move carries.
func readData(text string) (d Data, err error) {
	if text == "{}" {
		return d, nil
	}
	p := startSimple(text)
	p.object(func(key string) {
		switch key {
		case "values":
			p.values(&d.Values, asFloat)
		case "filled":
			p.texts(&d.Filled)
		case "clocks":
			p.texts(&d.Clocks)
		case "why":
			p.texts(&d.Why)
		case "note":
			d.Note = p.text()
		case "for":
			d.For = p.text()
		case "code":
			d.Code = p.text()
		default:
			p.stuck = true
		}
	})
	if p.ended() {
		return d, nil
	}
	d = Data{}
	return d, json.Unmarshal([]byte(text), &d)
}

// readValues reads stored values; numbers stay exact.
func readValues(text string) (map[string]any, error) {
	v := map[string]any{}
	if text == "{}" || text == "" {
		return v, nil
	}
	p := startSimple(text)
	if p.values(&v, asNumber); p.ended() {
		return v, nil
	}
	v = map[string]any{}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	return v, dec.Decode(&v)
}
