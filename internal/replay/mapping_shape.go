package replay

import (
	"regexp"
	"time"

	"gezhi/internal/pack/shape"
)

var need, opt, scalar = shape.Need, shape.Opt, shape.TextThat

var (
	packName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)
	wordName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,29}$`)

	column  = scalar("the name of a column", func(s string) bool { return s != "" }, "pack.bad_name")
	anyText = &shape.Shape{}
	anyCell = scalar("what a cell holds", func(string) bool { return true }, "pack.bad_name")
	title   = &shape.Shape{Doc: "words by language", Keys: []shape.Key{need("zh", anyText), need("en", anyText)}}
	columns = &shape.Shape{Item: column, Lone: true}
	word    = scalar("a word of ours", wordName.MatchString, "pack.bad_name")
	mapped  = &shape.Shape{Doc: "what the cells of a column mean", Keys: []shape.Key{
		opt("column", column), opt("values", &shape.Shape{Name: anyCell, Of: word}), opt("else", word)}}
)

// mappingShape is the language of mapping files.
var mappingShape = &shape.Shape{Doc: "what the columns of a foreign table mean", Keys: []shape.Key{
	need("format", &shape.Shape{Doc: "the format of this file: 1", Enum: []string{"1"}}),
	need("name", scalar("the name of the pack", packName.MatchString, "pack.bad_name")),
	need("title", title),
	opt("file", &shape.Shape{Doc: "how the file is written", Keys: []shape.Key{
		opt("encoding", &shape.Shape{Enum: []string{"utf-8", "gb18030"}}), opt("separator", &shape.Shape{Enum: []string{",", ";", "|", "tab"}})}}),
	need("zone", scalar("the zone of every time in the file, as in the IANA database", isZone, "pack.unknown_word")),
	need("layout", scalar("2 January 2006, 15:04:05, as the file would write it", isLayout, "pack.unknown_word")),
	opt("id", column), need("class", column), need("channel", mapped),
	need("opened", column), opt("due", column),
	need("closed", &shape.Shape{Alt: &shape.Alternatives{Scalar: column, Map: &shape.Shape{Keys: []shape.Key{need("days", column)}}}}),
	need("status", mapped),
	need("outcomes", &shape.Shape{Name: word, Of: title}),
	opt("duplicate", &shape.Shape{Doc: "lines that repeat another one", Keys: []shape.Key{
		need("column", column), need("values", &shape.Shape{Item: anyText, Lone: true}), opt("closed", column), opt("of", column)}}),
	opt("returned", column), opt("unit", column),
	need("areas", &shape.Shape{Doc: "where", Keys: []shape.Key{
		need("above", &shape.Shape{Doc: "the places above those of the file, a province first", Item: anyText, Lone: true}), opt("columns", columns)}}),
	opt("point", &shape.Shape{Keys: []shape.Key{need("lon", column), need("lat", column)}}),
	opt("text", columns),
}}

func isZone(s string) bool {
	_, err := time.LoadLocation(s)
	return err == nil && s != "" && s != "Local"
}

// isLayout tells whether a moment written in the layout can be read back to the day.
func isLayout(s string) bool {
	day := time.Date(2009, 11, 28, 0, 0, 0, 0, time.UTC)
	t, err := time.Parse(s, day.Format(s))
	return err == nil && t.Equal(day)
}
