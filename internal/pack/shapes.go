package pack

import (
	"regexp"
	"slices"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// Levels are the area levels of the territory, from the top (GB/T 10114, and grids below).
var Levels = []string{"province", "city", "county", "township", "village", "grid", "micro_grid"}

// Channels are the ways a case comes in.
var Channels = []string{"field", "home", "hotline", "window", "letter", "sensor", "leader", "platform", "chat", "paper"}

// Notifiers are the ways a person is told.
var Notifiers = []string{"in_app", "sms", "call", "wecom", "dingtalk", "email", "webhook", "digest"}

const namePattern = `^[a-z][a-z0-9_]*$`

var need, opt, later, list, some, either = shape.Need, shape.Opt, shape.Later, shape.ListOf, shape.SomeOf, shape.EitherOf

func obj(doc string, keys ...shape.Key) *shape.Shape { return &shape.Shape{Doc: doc, Keys: keys} }
func dict(of *shape.Shape) *shape.Shape              { return &shape.Shape{Name: name, Of: of} }
func enum(doc string, words ...string) *shape.Shape {
	return &shape.Shape{Doc: doc, Enum: words}
}
func count(least int) *shape.Shape { return &shape.Shape{Int: true, Min: least} }

// parsed is a scalar that a parser must accept.
func parsed[T any](doc, pattern string, parse func(string) (T, error)) *shape.Shape {
	return &shape.Shape{Doc: doc, Pattern: pattern, Text: func(s string) error {
		_, err := parse(s)
		return err
	}}
}

func matching(doc, pattern, code string) *shape.Shape {
	re := regexp.MustCompile(pattern)
	return &shape.Shape{Doc: doc, Pattern: pattern, Text: func(s string) error {
		if re.MatchString(s) {
			return nil
		}
		return fault.New(fault.Invalid, code)
	}}
}

func parseDate(s string) (string, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fault.New(fault.Invalid, "pack.date")
	}
	return s, nil
}

// The scalars of the language.
var (
	text   = &shape.Shape{}
	yesNo  = &shape.Shape{Bool: true}
	name   = matching("a name: small letters, digits and underscores", namePattern, "pack.bad_name")
	anyKey = &shape.Shape{Text: func(s string) error {
		if s == "" || len(s) > 120 {
			return fault.New(fault.Invalid, "pack.bad_name")
		}
		return nil
	}}
	expr    = parsed("a formula", "", formula.Compile)
	span    = parsed("a limit: 30m, 4 working hours, 3 working days, 1 month, same day, 17:30", "", worktime.ParseSpan)
	mark    = parsed("80%, due, 15m after due, 7 days before due", "", worktime.ParseMark)
	trigger = parsed("an event: opened, closed, entered STEP, left STEP, did ACTION, date FIELD, clock NAME due, part NAME joined, signal NAME, record KIND created", "", workflow.ParseTrigger)
	who     = parsed("a seat, ROLE of area, ROLE of area above, ROLE of unit SEAT, ROLE of jurisdiction, ROLE on duty of area, public, system", "", workflow.ParseWho)
	ratio   = parsed("a share: 2/3, 5%, 0.9", "", workflow.ParseRatio)
	date    = parsed("a date: 2026-01-31", `^\d{4}-\d{2}-\d{2}$`, parseDate)
	version = matching("major.minor.patch", `^\d{1,4}\.\d{1,4}\.\d{1,4}$`, "pack.bad_version")
	pattern = matching("a class code, or its beginning and a star", `^[A-Za-z0-9_.-]*\*?$`, "pack.bad_pattern")
	number  = parsed("a number", "", formula.ParseNum)
	inSteps = some(matching("a step, or phase PHASE", `^(phase )?[a-z][a-z0-9_]*$`, "pack.bad_name"))

	words = &shape.Shape{Doc: "words by language", Of: text,
		Name: matching("a language", `^[a-z]{2}$`, "pack.bad_language")}
	give   = &shape.Shape{Doc: "values by field", Name: name, Of: expr}
	format = opt("format", &shape.Shape{Doc: "the format of this file: 1", Int: true, Min: 1})
	keep   = &shape.Shape{Doc: "retention: 10 years, erase 30 days after closed, anonymise", Name: name,
		Of: parsed("", "", parseKeep)}
)

// train keeps cases from classifiers: disputes between people, what concerns minors.
var train = opt("train", enum("whether a classifier may learn from its cases", TrainNever))

var keepText = regexp.MustCompile(`^(anonymise|(erase )?[1-9][0-9]{0,3} (day|month|year)s?( after closed)?)$`)

func parseKeep(s string) (string, error) {
	if keepText.MatchString(s) {
		return s, nil
	}
	return "", fault.New(fault.Invalid, "pack.bad_keep")
}

// fileShapes describes every file of a pack by its name.
func fileShapes() map[string]*shape.Shape {
	return map[string]*shape.Shape{
		"pack.yaml": packShape, "classes.yaml": classesShape, "lives.yaml": livesShape,
		"records.yaml": recordsShape, "duty.yaml": dutyShape, "words.yaml": wordsShape,
		"overlay.yaml": overlayShape, "points.yaml": pointsShape,
	}
}

// laterFiles belong to engines that this version does not have.
var laterFiles = []string{"indicators.yaml", "sensing.yaml"}

var packShape = obj("what the pack is",
	need("format", &shape.Shape{Doc: "the format of the pack: 1", Int: true, Min: 1}),
	need("name", matching("the name of the folder", `^[a-z][a-z0-9-]*$`, "pack.bad_name")),
	need("version", version), need("title", words), opt("owner", words),
	opt("basis", list(obj("a law, standard or document behind the pack", need("title", words), opt("code", text), opt("url", text)))),
	opt("needs", list(matching("another pack", `^[a-z][a-z0-9-]*$`, "pack.bad_name"))),
	opt("engines", list(enum("", "case", "record"))),
	opt("roles", dict(obj("what a post may be",
		opt("title", words), need("level", some(enum("area level", Levels...))),
		opt("sees", enum("which cases the role sees besides its own", "area", "unit", "own")),
		opt("unmasks", list(enum("for what its holders may read what is masked", form.Purposes...))), opt("invites", list(name))))),
	opt("severities", list(severityShape)),
	opt("options", dict(either(nil, list(name), dict(either(text, nil, words))))),
	opt("reasons", dict(list(name))),
	opt("lists", dict(list(&shape.Shape{Name: name, Of: text}))),
	opt("number", matching("how cases are numbered: letters, {year} and {n}, which begins anew each year", `^[A-Za-z0-9_-]*\{year\}[A-Za-z0-9_-]*\{n\}[A-Za-z0-9_-]*$`, "pack.bad_number")),
	opt("keep", keep), opt("above_all", name),
)

var severityShape = obj("one grade of severity",
	need("code", matching("1 is the gravest", `^[0-9a-z]{1,10}$`, "pack.bad_name")), opt("title", words),
	opt("hours", enum("by which hours its clocks count", "always", "calendar")),
	opt("wakes", yesNo), opt("fallback", list(enum("", Notifiers...))),
	opt("limits", dict(span)), opt("extensions", dict(span)))

var personalShape = obj("declares a personal field (PIPL)",
	need("purpose", enum("what for", form.Purposes...)), need("basis", enum("legal basis", form.Bases...)),
	need("keep", parsed("retention", "", parseKeep)))

// fieldShape is a field; rowShape is a column of a list, which has no lists inside.
var (
	rowShape   = obj("a column", fieldKeys()...)
	fieldShape = obj("a field", append(fieldKeys(), opt("rows", dict(rowShape)))...)
	fields     = dict(fieldShape)
)

func fieldKeys() []shape.Key {
	return []shape.Key{
		need("type", enum("the type of the value", form.Types()...)),
		opt("title", words), opt("optional", yesNo), opt("at_least", number), opt("at_most", number),
		opt("of", matching("an option list of the pack, classes or yes_no", namePattern, "pack.bad_name")),
		opt("from", matching("a path that pre-fills it", `^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`, "pack.bad_path")),
		opt("locked", yesNo), opt("formula", expr), opt("asked_if", expr), opt("seen_by", some(name)), opt("personal", personalShape), opt("minor", yesNo),
	}
}

// textLine is an answer that stands ready for a field.
var textLine = obj("a text that is offered at a field", need("class", pattern), need("field", name), need("text", words))

var classesShape = obj("what things are",
	format, need("scheme", matching("the scheme that codes belong to", `^[a-z0-9][a-z0-9-]*$`, "pack.bad_name")),
	opt("groups", &shape.Shape{Name: anyKey, Of: obj("a group of classes", need("title", words))}),
	opt("texts", list(textLine)),
	need("classes", &shape.Shape{Name: matching("the code of the class", `^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$`, "pack.bad_name"), Of: classShape}))

// spans are lengths of time by clock, or by clock and grade.
var spans = dict(either(span, nil, &shape.Shape{Name: anyKey, Of: span}))

var classShape = obj("a class of cases",
	opt("title", words), need("life", name), opt("group", anyKey),
	opt("channels", list(enum("", Channels...))),
	opt("severity", obj("how grave", need("first", text), opt("rules", list(obj("the first that holds", need("if", expr), need("to", text)))))),
	opt("hours", enum("", "always", "calendar")),
	opt("limits", spans), opt("extensions", spans),
	opt("statutory", dict(span)), opt("fields", fields),
	opt("duplicate", obj("likely the same matter", need("within", matching("metres", `^\d{1,5} ?m$`, "pack.bad_distance")), need("days", count(1)))),
	opt("spot", yesNo), opt("unsorted", yesNo), opt("public", yesNo), opt("sample", dict(ratio)), train,
	opt("against", enum("whether a report says whom it is about, and is kept from them", AgainstRequired, AgainstAllowed, AgainstNever)),
	opt("admitted", dict(obj("who admitted the matter to this role", need("by", name), need("from", date), opt("until", date)))))

var dutyLine = obj("who answers: the first line that fits",
	need("class", pattern), need("level", enum("", Levels...)), opt("unit", name), opt("post", name),
	opt("from", date), opt("until", date), opt("why", words))

var dutyShape = either(nil, list(dutyLine), obj("", format, need("duty", list(dutyLine))))

var wordsShape = &shape.Shape{Doc: "words of one language", Keys: wordsKeys()}

// wordSections are the parts of a words file, each from names to words.
var wordSections = []string{"lives", "steps", "actions", "participants", "clocks", "parts", "reasons", "unmet", "outcomes",
	"fields", "classes", "groups", "roles", "severities", "options", "records", "relations", "signals", "excluded", "told", "keys", "ledgers", "units", "boards", "views"}

func wordsKeys() []shape.Key {
	keys := []shape.Key{format}
	section := &shape.Shape{Name: anyKey, Of: either(text, nil, &shape.Shape{Name: anyKey, Of: text})}
	for _, s := range wordSections {
		keys = append(keys, opt(s, section))
	}
	return keys
}

var recordsShape = obj("what merely is",
	format,
	opt("records", dict(obj("a kind of record", opt("title", words), need("key", list(name)), need("fields", fields),
		opt("table", yesNo), opt("public", yesNo), opt("changed_by", list(name)),
		opt("rows", list(&shape.Shape{Doc: "a row with the dates it holds", Name: name, Of: text}))))),
	opt("relations", dict(obj("a relation between records", need("from", name), need("to", name),
		opt("from_has", matching("how many", `^\d+(\.\.\d*)?$`, "pack.bad_count")), opt("to_has", matching("how many", `^\d+(\.\.\d*)?$`, "pack.bad_count")),
		opt("joins", enum("people this relation joins are one household", "household"))))),
	later("coverage"))

var overlayShape = obj("values a county changes",
	format, need("overlay", matching("the pack", `^[a-z][a-z0-9-]*$`, "pack.bad_name")),
	opt("limits", &shape.Shape{Name: pattern, Of: spans}), opt("extensions", &shape.Shape{Name: pattern, Of: spans}),
	opt("severities", &shape.Shape{Name: anyKey, Of: obj("", opt("limits", dict(span)), opt("extensions", dict(span)), opt("fallback", list(enum("", Notifiers...))), opt("wakes", yesNo), opt("hours", enum("", "always", "calendar")))}),
	opt("sample", dict(ratio)), opt("duty", list(dutyLine)), opt("texts", list(textLine)), opt("keep", keep),
	opt("admitted", &shape.Shape{Name: pattern, Of: dict(obj("", need("by", name), need("from", date), opt("until", date)))}),
	opt("tables", dict(list(&shape.Shape{Name: name, Of: text}))),
	opt("lists", dict(list(&shape.Shape{Name: name, Of: text}))),
	opt("above_all", name), opt("ledgers", dict(ledgerChange)),
	opt("number", packShape.Keys[slices.IndexFunc(packShape.Keys, func(k shape.Key) bool { return k.Name == "number" })].Shape))
