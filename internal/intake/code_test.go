package intake

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A code is read back however it is written; one wrong character, or two neighbours that
// changed places, are found.
func TestACodeFindsItsMistakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := grouped(newCode(rapid.SliceOfN(rapid.Byte(), 10, 32).Draw(t, "random")))
		plain := strings.ReplaceAll(code, "-", "")
		for _, written := range []string{code, plain, strings.ToLower(code), " " + strings.ReplaceAll(code, "-", " "), strings.ReplaceAll(strings.ReplaceAll(code, "0", "O"), "1", "l")} {
			if got, ok := readCode(written); !ok || got != plain {
				t.Fatalf("%q is read as %q", written, got)
			}
		}
		i := rapid.IntRange(0, len(plain)-1).Draw(t, "place")
		wrong := []byte(plain)
		wrong[i] = codeAlphabet[rapid.IntRange(0, 31).Draw(t, "other")]
		if _, ok := readCode(string(wrong)); ok != (string(wrong) == plain) {
			t.Fatalf("%s passes for %s", wrong, plain)
		}
		if i+1 < len(plain) {
			swapped := []byte(plain)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			if _, ok := readCode(string(swapped)); ok != (string(swapped) == plain) {
				t.Fatalf("%s passes for %s", swapped, plain)
			}
		}
	})
}

// What is no code is none, whatever it is; what is one is written in one way.
func FuzzCode(f *testing.F) {
	f.Add("7K3M-0QX9-AAAA-BBBB")
	f.Add(newCode(bytes.Repeat([]byte{7}, 10)))
	f.Add("\uff17\uff2b　　-")
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := readCode(text)
		if !ok {
			return
		}
		if again, ok := readCode(code); !ok || again != code || len(code) != codeChars+1 {
			t.Errorf("%q is read as %q and then as %q", text, code, again)
		}
	})
}
