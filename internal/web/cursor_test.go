package web

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"gezhi/internal/fault"
)

type lastRow struct {
	Due int64  `json:"d"`
	ID  string `json:"i"`
}

// What a cursor was made of comes out of it again, whatever it is.
func TestACursorKeepsItsKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := lastRow{rapid.Int64().Draw(t, "due"), strings.ToValidUTF8(rapid.String().Draw(t, "id"), "?")}
		text, err := Cursor(want)
		if err != nil {
			t.Fatal(err)
		}
		var got lastRow
		if err := ReadCursor(text, &got); len(text) <= maxCursor && (err != nil || got != want) {
			t.Fatal(got, err)
		}
	})
}

// A cursor with a changed letter, of another list, or made up is refused.
func TestAMangledCursorIsRefused(t *testing.T) {
	text, err := Cursor(lastRow{1, "a"})
	if err != nil {
		t.Fatal(err)
	}
	bad := []string{"", "a", text + "A", text[1:], strings.ToUpper(text), text + "=", base64.RawURLEncoding.EncodeToString([]byte(`{"d":1}`)), strings.Repeat("A", maxCursor+1)}
	for i := range text {
		letter := byte('A')
		if text[i] == letter {
			letter = 'B'
		}
		bad = append(bad, text[:i]+string(letter)+text[i+1:])
	}
	other, err := Cursor(map[string]string{"name": "a"})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range append(bad, other) {
		var got lastRow
		if err := ReadCursor(b, &got); fault.CodeOf(err) != "page.bad_cursor" || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", b, err)
		}
	}
}

// FuzzReadCursor: whatever the text, reading does not panic, and what is read is a cursor again.
func FuzzReadCursor(f *testing.F) {
	text, _ := Cursor(lastRow{1772000000000, "019c"})
	f.Add(text)
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		var got lastRow
		if ReadCursor(text, &got) == nil {
			if _, err := Cursor(got); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A key is a UUID of 36 characters, bare or in quotes, in any case; nothing else.
func TestKeys(t *testing.T) {
	const key = "019c1234-5678-7abc-8def-0123456789ab"
	for _, good := range []string{key, strings.ToUpper(key), `"` + key + `"`} {
		if got, err := (Idempotency{good}).ReadKey(); err != nil || got != key {
			t.Errorf("%q: %q %v", good, got, err)
		}
	}
	for bad, code := range map[string]string{"": "idempotency.no_key", "x": "idempotency.bad_key", "{" + key + "}": "idempotency.bad_key", "urn:uuid:" + key: "idempotency.bad_key",
		strings.ReplaceAll(key, "-", ""): "idempotency.bad_key", `"` + key: "idempotency.bad_key", key + `"`: "idempotency.bad_key", uuid.Nil.String(): "idempotency.bad_key", `"`: "idempotency.bad_key"} {
		if _, err := ReadKey(bad); fault.CodeOf(err) != code {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzReadKey: whatever the text, what is read is a UUID in its usual form.
func FuzzReadKey(f *testing.F) {
	f.Add("019c1234-5678-7abc-8def-0123456789ab")
	f.Add(`"019C1234-5678-7ABC-8DEF-0123456789AB"`)
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := ReadKey(text); err == nil && (len(key) != 36 || uuid.Validate(key) != nil || !strings.EqualFold(strings.Trim(text, `"`), key)) {
			t.Fatalf("%q became %q", text, key)
		}
	})
}

// FuzzDepth: text that passes nests no deeper than allowed once it is decoded.
func FuzzDepth(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"[\"[["}]}`))
	f.Add([]byte(strings.Repeat("[", 40)))
	f.Add([]byte(`"\u0000"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var v any
		if checkDepth(body) != nil || jsonFormat.Unmarshal(body, &v) != nil {
			return
		}
		if d := depthOf(v); d > maxDepth {
			t.Fatalf("%d levels", d)
		}
	})
}

func depthOf(v any) (deepest int) {
	below := []any{}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if strings.ContainsRune(k, 0) {
				return maxDepth + 1
			}
			below = append(below, x)
		}
	case []any:
		below = v
	case string:
		if strings.ContainsRune(v, 0) {
			return maxDepth + 1
		}
		return 0
	default:
		return 0
	}
	for _, x := range below {
		deepest = max(deepest, depthOf(x))
	}
	return deepest + 1
}
