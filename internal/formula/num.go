package formula

import (
	"math/bits"
	"strconv"
	"strings"

	"gezhi/internal/fault"
)

// Num is an exact decimal with six places, counted in millionths. Its range is about nine
// million million, enough for any budget in yuan.
type Num int64

const one Num = 1_000_000

// Int returns n as a Num.
func Int(n int64) Num { return Num(n) * one }

// ParseNum reads a decimal such as "12", "-0.5" or "1234.567891". More than six places, an
// exponent or a number out of range is refused with formula.number.
func ParseNum(s string) (Num, error) {
	bad := fault.New(fault.Invalid, "formula.number")
	t, neg := strings.CutPrefix(s, "-")
	whole, frac, dotted := strings.Cut(t, ".")
	if whole == "" || len(whole) > 13 || len(frac) > 6 || (dotted && frac == "") {
		return 0, bad
	}
	digits := whole + frac + strings.Repeat("0", 6-len(frac))
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, bad
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, bad
	}
	if neg {
		n = -n
	}
	return Num(n), nil
}

// String prints n without needless zeros: "12", "-0.5".
func (n Num) String() string {
	neg, u := "", uint64(n)
	if n < 0 {
		neg, u = "-", -u
	}
	s := neg + strconv.FormatUint(u/uint64(one), 10)
	if f := u % uint64(one); f != 0 {
		d := strconv.FormatUint(f+uint64(one), 10)[1:]
		s += "." + strings.TrimRight(d, "0")
	}
	return s
}

// MarshalJSON writes n as a JSON number.
func (n Num) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalJSON reads a JSON number that ParseNum accepts.
func (n *Num) UnmarshalJSON(b []byte) error {
	v, err := ParseNum(string(b))
	if err == nil {
		*n = v
	}
	return err
}

// IsInt tells whether n has no fraction.
func (n Num) IsInt() bool { return n%one == 0 }

// Int64 returns the whole part of n.
func (n Num) Int64() int64 { return int64(n / one) }

// Round rounds n to places decimals (0 to 6), half away from zero.
func (n Num) Round(places int) (Num, error) {
	unit := one
	for range min(max(places, 0), 6) {
		unit /= 10
	}
	return mulDiv(n, 1, unit, unit)
}

func overflow() error { return fault.New(fault.Invalid, "formula.overflow") }

func (n Num) add(m Num) (Num, error) {
	s := n + m
	if (n > 0) == (m > 0) && n != 0 && m != 0 && (s > 0) != (n > 0) || s == -s && s != 0 {
		return 0, overflow()
	}
	return s, nil
}

func (n Num) neg() (Num, error) {
	if n == -n && n != 0 {
		return 0, overflow()
	}
	return -n, nil
}

func (n Num) mul(m Num) (Num, error) { return mulDiv(n, m, one, 1) }

func (n Num) div(m Num) (Num, error) {
	if m == 0 {
		return 0, fault.New(fault.Invalid, "formula.divided_by_zero")
	}
	return mulDiv(n, one, m, 1)
}

// mulDiv is a*b/c rounded half away from zero, times d, through 128 bits.
func mulDiv(a, b, c, d Num) (Num, error) {
	neg := (a < 0) != (b < 0) != (c < 0)
	ua, ub, uc := magnitude(a), magnitude(b), magnitude(c)
	hi, lo := bits.Mul64(ua, ub)
	if hi >= uc {
		return 0, overflow()
	}
	q, r := bits.Div64(hi, lo, uc)
	if r >= uc-r {
		q++
	}
	h, q := bits.Mul64(q, uint64(d))
	if h != 0 || q > 1<<63-1 {
		return 0, overflow()
	}
	if neg {
		return -Num(q), nil
	}
	return Num(q), nil
}

func magnitude(n Num) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
