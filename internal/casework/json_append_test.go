package casework

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// What answers write by themselves is what the library writes of them, to the byte: no field is
// forgotten, whatever it holds.
func TestAnswersWriteWhatTheLibraryWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var list listOutputBody
		var view ViewJSON
		fillAnyhow(rnd, reflect.ValueOf(&list).Elem())
		fillAnyhow(rnd, reflect.ValueOf(&view).Elem())
		for _, v := range []interface{ AppendJSON([]byte) []byte }{list, view} {
			var want bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(v); err != nil {
				t.Fatal(err)
			}
			if got := string(append(v.AppendJSON([]byte("before")), '\n')); got != "before"+want.String() {
				t.Fatalf("%s\nand not\n%s", got, want.String())
			}
		}
	})
}

// fillAnyhow sets every field, or leaves it empty now and then.
func fillAnyhow(rnd *rand.Rand, v reflect.Value) {
	if rnd.IntN(4) == 0 && v.Kind() != reflect.Struct {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillAnyhow(rnd, v.Field(i))
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[json.Number]() {
			v.SetString("3.50")
			return
		}
		v.SetString([]string{"", "plain", "某路12号门前", "a \"b\" \\ <c> & \n\x00\x7f", "\u2028", "\xff", "🛵"}[rnd.IntN(7)])
	case reflect.Int64:
		v.SetInt(rnd.Int64() - rnd.Int64())
	case reflect.Float64:
		v.SetFloat([]float64{0, 120.1551, -30.5, 1e-9, 1e22, 5}[rnd.IntN(6)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rnd.IntN(3), 3))
		for i := range v.Len() {
			fillAnyhow(rnd, v.Index(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAnyhow(rnd, v.Elem())
	case reflect.Interface:
		v.Set(reflect.ValueOf([]any{"text", json.Number("12.30"), 4.5, 1e-7, true, []any{"a", 1.0}, map[string]any{"b": "<"}}[rnd.IntN(7)]))
	default:
		panic("a kind of field that this test does not fill: " + v.Type().String())
	}
}
