package intake

import "strings"

// A query code has 15 characters of 5 bits, 75 bits in all, and a check character, written in
// four groups: 7K3M-0QX9-… The alphabet is Crockford's base 32: no I, L, O or U, which are read
// as 1, 1, 0 and V.
const (
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeChars    = 15
	codeGroup    = 4
)

// newCode makes a query code of at least ten random bytes.
func newCode(random []byte) string {
	v := make([]byte, 0, codeChars+1)
	var bits, have uint
	for _, b := range random {
		bits, have = bits<<8|uint(b), have+8
		for have >= 5 && len(v) < codeChars {
			have -= 5
			v = append(v, byte(bits>>have&31))
		}
	}
	v = append(v, checkOf(v))
	for i, c := range v {
		v[i] = codeAlphabet[c]
	}
	return string(v)
}

// grouped is a code as people read it.
func grouped(code string) string {
	var groups []string
	for len(code) > codeGroup {
		groups, code = append(groups, code[:codeGroup]), code[codeGroup:]
	}
	return strings.Join(append(groups, code), "-")
}

// readCode reads a code as people write it: in any case, with spaces, dashes and full-width
// letters, with the letters that look alike. ok is false when its check character is wrong.
func readCode(text string) (code string, ok bool) {
	if len(text) > 200 {
		return "", false
	}
	v := make([]byte, 0, codeChars+1)
	for _, r := range text {
		if r >= 0xff01 && r <= 0xff5e { // full width (GB 18030 and Unicode alike)
			r -= 0xfee0
		}
		switch r {
		case ' ', '-', '\t', '\u3000', '\u2014', '\u2013':
			continue
		}
		c := valueOf(r)
		if c < 0 || len(v) > codeChars {
			return "", false
		}
		v = append(v, byte(c))
	}
	if len(v) != codeChars+1 || checkOf(v[:codeChars]) != v[codeChars] {
		return "", false
	}
	b := make([]byte, len(v))
	for i, c := range v {
		b[i] = codeAlphabet[c]
	}
	return string(b), true
}

func valueOf(r rune) int {
	switch {
	case r >= 'a' && r <= 'z':
		r -= 'a' - 'A'
	}
	switch r {
	case 'O':
		r = '0'
	case 'I', 'L':
		r = '1'
	case 'U':
		r = 'V'
	}
	return strings.IndexRune(codeAlphabet, r)
}

// checkOf is the sum of the characters, each weighted by another power of the generator of
// the field of 32 elements (x^5 + x^2 + 1): any one wrong character and any two that changed
// places are found.
func checkOf(v []byte) byte {
	var sum byte
	for _, c := range v {
		sum = double(sum ^ c)
	}
	return sum
}

func double(x byte) byte {
	x <<= 1
	if x&32 != 0 {
		x ^= 0b100101
	}
	return x
}
