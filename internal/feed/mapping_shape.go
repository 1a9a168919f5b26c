package feed

import (
	"regexp"
	"time"

	"gezhi/internal/pack"
	"gezhi/internal/pack/shape"
)

var need, opt, scalar = shape.Need, shape.Opt, shape.TextThat

var (
	feedName  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)
	classID   = regexp.MustCompile(`^[a-z][a-z0-9-]*/[^:\s]+:[^\s]+$`)

	column  = scalar("the name of a column, or the way to a value of JSON with dots between", func(s string) bool { return s != "" }, "pack.bad_name")
	anyText = &shape.Shape{}
	anyCell = scalar("what a cell holds", func(string) bool { return true }, "pack.bad_name")
	name    = scalar("a name of the pack", fieldName.MatchString, "pack.bad_name")
	title   = &shape.Shape{Doc: "words by language", Keys: []shape.Key{need("zh", anyText), need("en", anyText)}}
	texts   = &shape.Shape{Item: anyText, Lone: true}
	columns = &shape.Shape{Item: column, Lone: true}
	class   = scalar("a class: pack/scheme:code", classID.MatchString, "pack.bad_name")
	channel = &shape.Shape{Enum: pack.Channels}
)

// mapped is what the cells of a column mean; a lone column stands for what it holds.
func mapped(of *shape.Shape, more ...shape.Key) *shape.Shape {
	return &shape.Shape{Alt: &shape.Alternatives{Scalar: column, Map: &shape.Shape{Keys: append([]shape.Key{
		opt("column", column), opt("values", &shape.Shape{Name: anyCell, Of: of}), opt("else", of)}, more...)}}}
}

// given are fields with their columns.
var given = &shape.Shape{Name: name, Of: mapped(anyText)}

// mappingShape is the language of mapping files.
var mappingShape = &shape.Shape{Doc: "what the columns of a feed mean", Keys: []shape.Key{
	need("format", &shape.Shape{Doc: "the format of this file: 1", Enum: []string{"1"}}),
	need("name", scalar("the name of the feed: small letters, digits, hyphens", feedName.MatchString, "pack.bad_name")),
	need("title", title),
	opt("jurisdiction", scalar("division code of the county or city that it is for", func(s string) bool { return s != "" }, "pack.bad_name")),
	opt("roles", &shape.Shape{Doc: "who may import and export", Item: name, Lone: true}),
	opt("zone", scalar("the zone of times without an offset, as in the IANA database", isZone, "pack.unknown_word")),
	opt("layout", &shape.Shape{Doc: "2 January 2006, 15:04:05, as the file would write it", Item: scalar("", isLayout, "pack.unknown_word"), Lone: true}),
	need("number", column), opt("opened", column), opt("closed", column),
	need("class", mapped(class)),
	need("channel", &shape.Shape{Keys: []shape.Key{opt("column", column), opt("values", &shape.Shape{Name: anyCell, Of: channel}), opt("else", channel)}}),
	need("area", &shape.Shape{Doc: "where", Keys: []shape.Key{opt("columns", columns), opt("unknown", &shape.Shape{Enum: []string{"refuse", "home"}})}}),
	need("text", columns),
	opt("fields", given),
	opt("withdrawn", &shape.Shape{Doc: "lines that were taken back there", Keys: []shape.Key{need("column", column), need("values", texts), need("act", name)}}),
	opt("changed", name),
	opt("ended", &shape.Shape{Doc: "how lines of a history ended", Keys: []shape.Key{opt("column", column), opt("values", &shape.Shape{Name: anyCell, Of: name}), opt("else", name), opt("with", given)}}),
	opt("replies", &shape.Shape{Doc: "what is written back", Keys: []shape.Key{
		opt("file", &shape.Shape{Enum: []string{"xlsx", "csv"}}), opt("encoding", &shape.Shape{Enum: []string{"utf-8", "gb18030"}}),
		need("columns", &shape.Shape{Item: &shape.Shape{Keys: []shape.Key{need("title", anyText), opt("is", &shape.Shape{Enum: columnKinds}), opt("text", anyText),
			opt("values", &shape.Shape{Name: anyCell, Of: anyText}), opt("layout", scalar("", isLayout, "pack.unknown_word"))}}})}}),
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
