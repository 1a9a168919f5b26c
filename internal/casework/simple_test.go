package casework

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// What is read the short way is what the library reads, and is refused where it refuses.
func FuzzSimple(f *testing.F) {
	for _, s := range []string{`{}`, ``, `{"values":{"place":"某路12号","stars":5},"filled":{"handler":"unit of area"}}`, `{"values":{"a":1.5}}`, `{"values":{"a":-1}}`,
		`{"values":{"a":"\u00e9\n"}}`, `{"values":{"a":01}}`, `{"values":{"a":1234567890123456}}`, `{"Values":{"a":"b"}}`, `{"values":{"a":"b"},"values":{"c":"d"}}`,
		`{"note":"x","for":"p","code":"c","why":{"a":"b"},"clocks":{"k":"2026"}}`, `{"values":null}`, `{"values":{}}`, `{"values":{"a":"b"}} `, `{"values":{"a":"b"}`,
		`{"values":{"a":"b",}}`, `{,"note":"x"}`, `{"note":"x"}{}`, `{"marks":[{"clock":"k","at":"due"}]}`, `{"place":"某路","stars":5}`, "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", `{"a":5]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want Data
		wrong := json.Unmarshal([]byte(text), &want)
		got, err := readData(text)
		if (err == nil) != (wrong == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("data %q: %+v, %v and not %+v, %v", text, got, err, want, wrong)
		}
		if text == "" {
			return
		}
		values := map[string]any{}
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		wrong = dec.Decode(&values)
		read, err := readValues(text)
		if (err == nil) != (wrong == nil) || err == nil && !reflect.DeepEqual(read, values) {
			t.Errorf("values %q: %v, %v and not %v, %v", text, read, err, values, wrong)
		}
	})
}
