package story

import (
	"regexp"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/pack/shape"
	"gezhi/internal/worktime"
)

var need, opt, later, list, some, either = shape.Need, shape.Opt, shape.Later, shape.ListOf, shape.SomeOf, shape.EitherOf

func obj(keys ...shape.Key) *shape.Shape { return &shape.Shape{Keys: keys} }
func dict(of *shape.Shape) *shape.Shape  { return &shape.Shape{Name: aName, Of: of} }

func scalar(code string, ok func(string) bool) *shape.Shape {
	return &shape.Shape{Text: func(s string) error {
		if ok(s) {
			return nil
		}
		return fault.New(fault.Invalid, code)
	}}
}

func matching(code, pattern string) *shape.Shape {
	return scalar(code, regexp.MustCompile(pattern).MatchString)
}

var (
	free   = &shape.Shape{Free: true}
	text   = &shape.Shape{}
	aName  = matching("story.bad_name", `^[\p{L}0-9][\p{L}0-9_.@*-]{0,79}$`)
	aPath  = matching("story.bad_path", `^[\p{L}0-9][\p{L}0-9_.@-]*(/[\p{L}0-9][\p{L}0-9_.@:-]*)*$`)
	moment = scalar("story.bad_time", func(s string) bool { _, err := parseTime(s); return err == nil })
	day    = scalar("story.bad_date", func(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil })
	span   = &shape.Shape{Text: func(s string) error { _, err := worktime.ParseSpan(s); return err }}
	yesNo  = &shape.Shape{Bool: true}
	count  = &shape.Shape{Int: true}
	role   = matching("story.bad_role", `^[a-z][a-z0-9_]*(@[\p{L}0-9_.-]+)?$`)
	code   = matching("story.bad_code", `^[a-z]+(\.[a-z_]+)+$`)
	days   = some(matching("story.bad_date", `^\d{4}(-\d{2}-\d{2})?$`))
	names  = some(aPath)
	values = dict(free)
	lines  = some(text)

	anAccount = matching("story.bad_name", `^[\p{L}0-9][\p{L}0-9_.@*-]*( [\p{L}0-9_.@*-]+){0,2}$`)
	amount    = matching("story.bad_amount", `^(0|[1-9][0-9]{0,15})$`)
)

// accounts are amounts by account of the pack's first ledger, or by ledger and account.
var accounts = &shape.Shape{Name: anAccount, Of: either(amount, nil, &shape.Shape{Name: anAccount, Of: amount})}

// layouts are the ways a moment may be written; a date alone is nine in the morning.
var layouts = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"}

func parseTime(s string) (time.Time, error) {
	if d, err := time.ParseInLocation(time.DateOnly, s, clock.CST); err == nil {
		return d.Add(9 * time.Hour), nil
	}
	for _, l := range layouts {
		if t, err := time.ParseInLocation(l, s, clock.CST); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fault.New(fault.Invalid, "story.bad_time")
}

var seatShape = &shape.Shape{Enum: []string{"leader", "deputy", "member"}}

var postShape = obj(opt("role", role), opt("unit", aName), opt("area", aName), opt("seat", seatShape), opt("from", day), opt("until", day))

var personShape = either(role, list(either(role, nil, postShape)),
	obj(opt("role", role), opt("unit", aName), opt("area", aName), opt("seat", seatShape), opt("from", day), opt("until", day), opt("household", aName), opt("posts", list(postShape))))

var dutyShape = list(obj(need("class", aName), need("level", aName), opt("unit", aName), opt("post", aName)))

var givenShape = obj(
	opt("use", text), opt("overlay", text),
	opt("areas", list(obj(need("id", aName), opt("in", aName), opt("level", aName), opt("unit", aName), opt("worker", aName), opt("polygon", free)))),
	opt("people", dict(personShape)),
	opt("units", either(nil, list(aName), dict(obj(opt("in", aName), opt("area", aName))))),
	opt("records", list(obj(need("kind", aName), need("id", aName), opt("from", day), opt("until", day), opt("values", values)))),
	opt("relations", list(obj(need("kind", aName), need("from", aName), need("to", aName)))),
	opt("tables", dict(list(values))),
	opt("holidays", days), opt("workdays", days),
	opt("absent", list(obj(need("who", aName), need("acting", aName), need("from", moment), need("until", moment)))),
	opt("duty", dutyShape),
	opt("roster", list(obj(need("area", aName), need("who", aName), opt("role", aName), need("from", moment), need("until", moment)))),
	opt("budgets", accounts),
	later("courses"))

// verbKeys are the keys that say what an event does; one of them stands in each event.
var verbKeys = []Verb{VerbOpen, VerbDo, VerbAnswer, VerbTake, VerbObject, VerbSignal, VerbWrite, VerbExpect, VerbTogether, VerbLoad, VerbHolidays, VerbOutage, VerbRepeat, VerbPost, VerbReform}

// simpleKeys are the keys of an event that happens once.
var simpleKeys = []shape.Key{
	opt("at", moment), opt("open", aName), opt("do", aName), opt("answer", values), opt("take", aPath), opt("object", aPath), opt("signal", aName), opt("write", aName),
	opt("by", aName), opt("as", aName), opt("case", aPath), opt("cases", list(aPath)), opt("with", values), opt("why", dict(text)),
	opt("refused", code), opt("each", dict(obj(need("refused", code)))), opt("note", text), opt("channel", aName), opt("text", text),
	opt("point", free), opt("area", aName), opt("for", aName), opt("about", aPath), opt("against", some(aName)), opt("avoid", yesNo), opt("offline", obj(need("made", moment), need("sent", moment))), opt("key", aName),
	opt("values", values), opt("id", aName), later("reading"),
}

var simpleShape = obj(simpleKeys...)

var eventShape = obj(append(append([]shape.Key{}, simpleKeys...),
	opt("expect", free), opt("together", list(simpleShape)), opt("winners", count), opt("load", text), opt("holidays", days),
	opt("outage", span), opt("repeat", obj(append([]shape.Key{need("every", &shape.Shape{Enum: []string{"day", "week", "month"}}), need("until", moment)}, simpleKeys...)...)),
	opt("reform", obj(need("ends", some(aName)), need("begins", list(obj(need("id", aName), need("in", aName), need("from", some(aName)), opt("children", some(aName)), opt("polygon", free)))))),
	opt("post", obj(need("who", aName), opt("gives", postShape), opt("ends", aName))))...)

var storyShape = obj(need("story", text), opt("seed", count), opt("given", givenShape), need("when", list(eventShape)), opt("then", free))

var clockShape = obj(opt("due", moment), opt("spent", span), opt("state", &shape.Shape{Enum: []string{"running", "paused", "stopped", "waiting"}}),
	opt("provisional", yesNo), opt("extended", count))

var caseShape = obj(
	opt("step", aName), opt("outcome", aName), opt("phase", aName), opt("class", aName), opt("severity", aName), opt("area", aName), opt("nature", aName), opt("open", yesNo),
	opt("late", some(aName)), opt("clocks", dict(clockShape)), opt("why", dict(lines)), opt("parts", dict(dict(text))), opt("seats", dict(some(aName))),
	opt("can", dict(some(aName))), opt("cannot", dict(some(aName))), opt("unmet", dict(some(aName))), opt("sees", dict(some(aName))), opt("told", dict(some(aName))),
	opt("fields", values), opt("history", list(aName)), opt("sampled", yesNo), opt("follows", aPath), opt("merged", aPath), opt("moves", count), opt("assignee", aPath), opt("likely", dict(some(aName))),
	opt("gaps", dict(some(aName))),
	opt("public", dict(obj(opt("open", yesNo), opt("shows", values), opt("lacks", some(aName))))))

// worldShape holds the expectations that belong to no single case.
var worldShape = obj(opt("inbox", dict(names)), opt("count", dict(count)), opt("record", &shape.Shape{Name: aPath, Of: values}), opt("told", dict(some(aName))),
	opt("ledger", accounts),
	later("indicator"), later("papers"), later("ballot"), later("group"), later("erased"), later("kept"), later("caused"))
