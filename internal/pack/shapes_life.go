package pack

import (
	"maps"
	"slices"

	"gezhi/internal/formula"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

var livesShape = obj("how things go",
	format, need("lives", dict(lifeShape)),
	opt("signals", dict(obj("something heard from outside", opt("title", words), need("from", enum("who emits it", "connector", "pack")), opt("give", list(name)), later("when"), later("per"), later("window")))),
	later("sensing"), opt("coverage", dict(coverageShape)),
)

var coverageShape = obj("each record of a set has so many of something",
	need("every", name), opt("where", expr), opt("via", name), opt("has", anyKey), need("count", matching("how many: 1, 1.. or 0..1", `^\d+(\.\.\d*)?$`, "pack.bad_count")))

var phases = []string{string(workflow.Waiting), string(workflow.Working), string(workflow.Verifying), string(workflow.Rating), string(workflow.Closed)}

var lifeShape = obj("one life",
	opt("title", words),
	opt("about", list(matching("record KIND or case CLASS", `^(record|case) [A-Za-z0-9_.-]+$`, "pack.bad_about"))),
	opt("keys", dict(keyShape)), opt("opens", list(openingShape)), opt("participants", dict(seatShape)),
	opt("clocks", dict(clockShape)), opt("parts", dict(partShape)), opt("fields", fields),
	need("steps", dict(obj("a step", need("phase", enum("what queues and figures take it for", phases...))))),
	need("actions", dict(actionShape)), opt("allow", allowShape()), opt("ending", endingShape), train,
	later("gathers"), later("papers"), opt("public", dict(publicShape)), opt("watch", dict(watchShape)),
)

var keyShape = obj("at most one case for the same values",
	need("of", some(expr)), need("among", some(matching("open, ever or outcome NAME", `^(open|ever|outcome [a-z][a-z0-9_]*)$`, "pack.bad_among"))),
	opt("except", some(name)), need("else", enum("", workflow.KeyAttach, workflow.KeyRefuse, workflow.KeyPropose, workflow.KeyCount)), opt("at_most", expr))

var watchShape = obj("what looks odd and is looked into by people", need("upon", some(trigger)), need("if", expr), need("opens", anyKey), opt("give", give))

var openingShape = obj("a way to begin",
	need("by", enum("", workflow.OpenByPerson, workflow.OpenBySignal, workflow.OpenByRecord, workflow.OpenByDates)),
	opt("channels", list(enum("", Channels...))), opt("who", some(who)), opt("asks", some(name)), opt("also", some(name)),
	opt("name", name), opt("give", give), opt("upon", trigger),
	opt("every", enum("", everies...)), opt("day", dayShape))

var everies = []string{"day", "week", "month", "quarter", "half-year", "year"}

var dayShape = matching("a weekday, a day of the month, last, last working, or MM-DD",
	`^(monday|tuesday|wednesday|thursday|friday|saturday|sunday|last|last working|([1-9]|[12][0-9]|3[01])|[01][0-9]-[0-3][0-9])$`, "pack.bad_day")

var seatShape = obj("a seat at the case",
	need("kind", enum("", workflow.SeatPerson, workflow.SeatPost, workflow.SeatUnit, workflow.SeatParty, workflow.SeatAny)),
	opt("from", matching("records.KIND", `^records\.[a-z][a-z0-9_]*$`, "pack.bad_path")),
	opt("at_least", count(0)), opt("at_most", count(1)), opt("exactly", count(1)),
	opt("first", matching("reporter, duty, unit of area, or a path", `^(reporter|duty|unit of area|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+)$`, "pack.bad_first")),
	opt("accepts", span), opt("apart", some(name)), opt("represented", yesNo), opt("inherit", yesNo),
	opt("sees", list(enum("", "all", "own statements", "own part", "papers"))))

var limitShape = either(
	parsed("class, a limit, or a formula", "", parseLimit), list(parsed("a limit, or a formula", "", parseTerm)),
	&shape.Shape{Doc: "by: a formula, and a limit for each of its values", Name: name, Of: parsed("", "", parseTerm)})

var extendBy = parsed("class, or a length of time", "", func(s string) (worktime.Span, error) {
	if s == byClass {
		return worktime.Span{}, nil
	}
	return worktime.ParseSpan(s)
})

// byClass leaves a length of time to the class and its grade.
const byClass = "class"

var marksShape = list(obj("a moment on the clock", need("at", mark), opt("tell", some(who)), opt("escalate", some(who))))

var hoursShape = enum("by which hours it counts", workflow.HoursCalendar, workflow.HoursAlways, workflow.HoursClass)

var clockShape = obj("a time beside the steps",
	opt("from", some(trigger)), opt("until", some(trigger)), opt("in", inSteps), opt("keep", yesNo),
	need("limit", limitShape), opt("hours", hoursShape), opt("falls", enum("", "exact")), opt("never", enum("", "paused")),
	opt("statutory", span),
	opt("extend", obj("an approved, counted extension", need("by", extendBy), opt("times", count(1)), opt("who", some(who)), opt("upon", trigger))),
	opt("exclude", dict(obj("time that does not count", need("from", trigger), need("until", trigger), need("at_most", span), later("paper")))),
	opt("marks", marksShape))

var taskShape = obj("a part that is answered",
	opt("asks", some(name)), opt("also", some(name)), opt("who", some(who)), opt("due", limitShape),
	opt("acknowledge", span), opt("hours", hoursShape), opt("marks", marksShape), opt("give", give))

var datesShape = obj("a cadence",
	opt("every", enum("", everies...)), opt("day", dayShape),
	opt("at", parsed("a time of day, or a formula of one date", "", parseTerm)),
	opt("from", expr), opt("until", expr), opt("ahead", parsed("how many, or how long before", "", parseAhead)), opt("follow", yesNo))

var publicShape = obj("what everybody may read",
	need("while", inSteps), need("shows", list(name)), opt("until", parsed("clock NAME due, or a formula of one date", "", parseUntil)), opt("objections", name))

var offerShape = obj("places that eligible people take",
	need("to", some(who)), need("places", expr), opt("each", count(1)), opt("if", expr),
	opt("until", parsed("an event, or a formula of one date", "", parseUntil)), opt("shows", list(name)), opt("gives_back", some(name)))

// parseUntil reads the end of an offer: an event, else a formula.
func parseUntil(s string) (string, error) {
	if _, err := workflow.ParseTrigger(s); err == nil {
		return s, nil
	}
	_, err := formula.Compile(s)
	return s, err
}

var partShape = obj("many below one",
	opt("title", expr), opt("upon", trigger),
	need("for", obj("where the list comes from",
		opt("given", name), opt("participants", some(name)), opt("records", name), opt("dates", datesShape),
		opt("rows", expr), opt("list", matching("lists.NAME", `^(templates|lists)\.[a-z][a-z0-9_]*$`, "pack.bad_path")),
		opt("open", anyKey), opt("where", expr), opt("as_of", expr), opt("follow", yesNo), opt("offer", offerShape), opt("public", name))),
	opt("task", taskShape), opt("case", anyKey), opt("give", give), opt("take", give),
	opt("join", joinShape), opt("rest", enum("", workflow.RestVoid, workflow.RestStay)),
	later("answers"), later("ballot"))

var joinShape = obj("when it counts as complete", joinKeys()...)

func joinKeys() []shape.Key {
	done := enum("", "answered", "closed")
	return []shape.Key{opt("all", done), opt("any", done), opt("at_least", count(1)), opt("share", ratio), opt("turnout", ratio),
		opt("of", enum("", workflow.OfEveryone, workflow.OfAnswered)), opt("that", expr), opt("where", expr), opt("at_latest", enum("", "due"))}
}

var needShape = obj("a condition", append(joinKeys(),
	opt("part", name), opt("or_say_why", yesNo), opt("seat", name), opt("field", name), opt("else", name),
	opt("gap", name), opt("at_most", count(0)), opt("record", name), opt("valid", expr), later("paper"))...)

var actionShape = obj("something that can be done",
	need("in", inSteps),
	opt("to", either(name, list(obj("the first that holds", need("step", name), opt("if", expr))), nil)),
	need("who", some(who)),
	opt("apart", some(either(name, nil, obj("", opt("did", matching("an action, or about.ACTION", `^(about\.)?[a-z][a-z0-9_]*$`, "pack.bad_path")), opt("seat", name),
		opt("same", enum("", workflow.SameHousehold, workflow.SameUnit)))))),
	opt("asks", some(name)), opt("also", some(name)), opt("if", expr), opt("needs", list(needShape)), opt("upon", trigger),
	opt("outcome", name), opt("times", count(1)), opt("sample", either(ratio, nil, obj("", need("share", ratio), opt("at_least", count(1))))), opt("then", list(effectShape)), opt("helped_by", name),
	opt("batch", enum("", workflow.BatchTrue, workflow.BatchLooked)))

var effectShape = obj("one verb",
	opt("set", give), opt("fill", give), opt("free", some(name)),
	opt("move", obj("a named action on a case of the family", opt("part", name), opt("what", enum("", workflow.MoveParent, workflow.MoveAbout)),
		need("do", name), opt("where", expr), opt("give", give), later("group"))),
	opt("start", obj("an independent case that follows", need("class", anyKey), opt("give", give))),
	opt("tell", some(who)),
	opt("personal", obj("a right of the reporter over what is kept of him", need("do", enum("", workflow.PersonalCopy, workflow.PersonalErase)), opt("of", expr))), opt("post", postShape), opt("write", writeShape), later("send"))

var endingShape = obj("what closing does",
	opt("parts", dict(enum("", workflow.PartsMustBeClosed, workflow.PartsClose, workflow.PartsVoid, workflow.PartsCarryOver))),
	opt("seats", enum("", "free")), opt("keep", keep), later("archive"))

func allowShape() *shape.Shape {
	one := obj("how the pack shapes a kernel action",
		opt("in", inSteps), opt("to", name), opt("who", some(who)), opt("reasons", name), opt("within", limitShape), opt("at_most", span),
		opt("cap", count(1)), opt("then", enum("", workflow.Designate)), opt("passing_on", enum("", "forbidden", "allowed")), opt("tell", some(who)))
	var keys []shape.Key
	for _, o := range workflow.Overlays {
		keys = append(keys, opt(o, one))
	}
	return obj("kernel actions this life allows", keys...)
}

// reservedNames may name no seat, field or role, since formulas or who would misread them.
var reservedNames = slices.Sorted(maps.Keys(map[string]bool{"field": true, "class": true, "about": true, "parent": true, "root": true,
	"item": true, "parts": true, "group": true, "signal": true, "record": true, "today": true, "none": true, "true": true, "false": true,
	"public": true, "system": true, "past": true, "lookup": true, "times": true, "who_did": true, "sample": true, "opened": true, workflow.Taker: true}))
