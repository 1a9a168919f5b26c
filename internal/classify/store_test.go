package classify

import (
	"bytes"
	"reflect"
	"testing"

	"gezhi/internal/fault"
)

// A model that was kept says what it said.
func TestAKeptModelIsTheSame(t *testing.T) {
	m := mustTrain(t, madeExamples(6), nil)
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	text := Text{Title: "垃圾", Body: "垃圾桶满，臭气难闻"}
	if !reflect.DeepEqual(m.Say(text, 4), again.Say(text, 4)) || again.Examples != 24 {
		t.Errorf("%+v\n%+v", m.Say(text, 4), again.Say(text, 4))
	}
	for _, bad := range [][]byte{nil, []byte("no"), data[:len(data)/2]} {
		if _, err := Decode(bad); fault.CodeOf(err) != "classify.no_model" {
			t.Error(err)
		}
	}
}

// No bytes make a model that breaks when it is asked.
func FuzzDecode(f *testing.F) {
	data, err := mustTrain(f, madeExamples(5), nil).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Decode(data); err == nil {
			m.Say(Text{Body: "垃圾桶满"}, 3)
		}
	})
}

// Files are read in both encodings and by their usual headings; lines that say nothing are
// left out and counted.
func TestLabelledFiles(t *testing.T) {
	gbk := []byte("\xb1\xea\xcc\xe2,\xc4\xda\xc8\xdd,\xb7\xd6\xc0\xe0\n\xc2\xb7\xb5\xc6,\xbb\xb5\xc1\xcb,lamps\n")
	for name, c := range map[string]struct {
		data    []byte
		columns Columns
		want    []Example
		left    int
		code    string
	}{
		"usual":     {[]byte("\xef\xbb\xbfsubject,text,label\nA,B,c\n,,c\nA,B,\n"), Columns{}, []Example{{Text{"A", "B"}, "c"}}, 2, ""},
		"gbk":       {gbk, Columns{}, []Example{{Text{"路灯", "坏了"}, "lamps"}}, 0, ""},
		"named":     {[]byte("x,text,y\nA,B,c\n"), Columns{Text: "x", Class: "y"}, []Example{{Text{"", "A"}, "c"}}, 0, ""},
		"no text":   {[]byte("x,label\nA,b\n"), Columns{}, nil, 0, "classify.no_column"},
		"no class":  {[]byte("text\nA\n"), Columns{}, nil, 0, "classify.no_column"},
		"no title":  {[]byte("text,label\nA,b\n"), Columns{Title: "z"}, nil, 0, "classify.no_column"},
		"empty":     {nil, Columns{}, nil, 0, "classify.no_rows"},
		"only head": {[]byte("text,label\n"), Columns{}, nil, 0, "classify.no_rows"},
		"broken":    {[]byte("text,label\n\"a\"b,c\nA,b\n"), Columns{}, []Example{{Text{"", "A"}, "b"}}, 1, ""},
		"binary":    {[]byte("text,label\n\xff\xff\xff,b\n"), Columns{}, nil, 0, "classify.not_text"},
	} {
		got, left, err := ReadExamples(c.data, c.columns, true)
		if !reflect.DeepEqual(got, c.want) || left != c.left || fault.CodeOf(err) != c.code {
			t.Errorf("%s: %+v, %d left out, %v", name, got, left, err)
		}
	}
}

// No file breaks the reader.
func FuzzReadExamples(f *testing.F) {
	f.Add([]byte("text,label\n\"a\"b,c\nA,b\n"), true)
	f.Add(bytes.Repeat([]byte("\xa1"), 9), false)
	f.Fuzz(func(t *testing.T, data []byte, labelled bool) {
		got, _, err := ReadExamples(data, Columns{}, labelled)
		if (err == nil) != (len(got) > 0) {
			t.Errorf("%d examples, %v", len(got), err)
		}
	})
}
