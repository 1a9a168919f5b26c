package pack

import (
	"strconv"
	"strings"

	"gezhi/internal/form"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

func (p *Pack) readPack(n *shape.Node) {
	p.Name, p.Version = readText(n.Get("name")), readText(n.Get("version"))
	p.Title, p.Owner = readWords(n.Get("title")), readWords(n.Get("owner"))
	p.Basis = each(n.Get("basis").Each(), func(n *shape.Node) Basis {
		return Basis{readWords(n.Get("title")), readText(n.Get("code")), readText(n.Get("url"))}
	})
	p.Needs = n.Get("needs").Texts()
	p.Roles = entries(n.Get("roles"), func(name string, n *shape.Node) Role {
		r := Role{name, readWords(n.Get("title")), n.Get("level").Texts(), readText(n.Get("sees")), n.Get("unmasks").Texts(), n.Get("invites").Texts()}
		if r.Sees == "" {
			r.Sees = SeesArea
		}
		return r
	})
	p.Severities = each(n.Get("severities").Each(), readSeverity)
	p.Options = entries(n.Get("options"), p.readOptions)
	p.Reasons = entries(n.Get("reasons"), func(name string, n *shape.Node) ReasonList { return ReasonList{name, n.Texts()} })
	p.Lists = entries(n.Get("lists"), func(name string, n *shape.Node) RowList { return RowList{name, readRows(n)} })
	p.Number, p.Keep = readText(n.Get("number")), readKeep(n.Get("keep"))
	p.AboveAll = readText(n.Get("above_all"))
}

func readSeverity(n *shape.Node) Severity {
	s := Severity{Code: readText(n.Get("code")), Title: readWords(n.Get("title")), Hours: readText(n.Get("hours")),
		Wakes: readBool(n.Get("wakes")), Fallback: n.Get("fallback").Texts(), Limits: readLimits(n.Get("limits")), Extensions: readLimits(n.Get("extensions"))}
	if s.Hours == "" {
		s.Hours = workflow.HoursCalendar
	}
	return s
}

// readOptions reads a list of options; those that have no title there have it in the words files.
func (p *Pack) readOptions(name string, n *shape.Node) OptionList {
	l := OptionList{Name: name}
	for _, i := range n.Items {
		l.Options = append(l.Options, form.Option{Code: i.Text, Title: p.WordsOf("options", name+"."+i.Text)})
	}
	for _, e := range n.Entries {
		o := form.Option{Code: e.Key.Text}
		if e.Value.Kind == shape.Scalar {
			o.Title = Words{"zh": e.Value.Text}
		} else {
			o.Title = readWords(e.Value)
		}
		l.Options = append(l.Options, o)
	}
	return l
}

func (p *Pack) readClasses(n *shape.Node) {
	p.Scheme = readText(n.Get("scheme"))
	p.Groups = entries(n.Get("groups"), func(code string, n *shape.Node) Group { return Group{code, readWords(n.Get("title"))} })
	if classes := n.Get("classes"); classes != nil && p.Option(ClassOptions) == nil {
		l := OptionList{Name: ClassOptions}
		for _, e := range classes.Entries {
			l.Options = append(l.Options, form.Option{Code: e.Key.Text, Title: p.wordsBeside(readWords(e.Value.Get("title")), "classes", e.Key.Text)})
		}
		p.Options = append(p.Options, l)
	}
	p.Classes = entries(n.Get("classes"), p.readClass)
	p.Texts = readTexts(n.Get("texts"))
}

func (p *Pack) readClass(code string, n *shape.Node) Class {
	c := Class{Code: code, Title: readWords(n.Get("title")), Life: readText(n.Get("life")), Group: readText(n.Get("group")),
		Channels: n.Get("channels").Texts(), First: readText(n.Get("severity").Get("first")), Hours: readText(n.Get("hours")),
		Limits: readLimits(n.Get("limits")), Statutory: readLimits(n.Get("statutory")), Extensions: readLimits(n.Get("extensions")), Fields: p.readFields(n.Get("fields")),
		Spot: readBool(n.Get("spot")), Unsorted: readBool(n.Get("unsorted")), Public: readBool(n.Get("public")), Sample: readSamples(n.Get("sample")), Train: readText(n.Get("train"))}
	c.Rules = each(n.Get("severity").Get("rules").Each(), func(n *shape.Node) SeverityRule {
		return SeverityRule{readExpr(n.Get("if")), readText(n.Get("to"))}
	})
	if d := n.Get("duplicate"); d != nil {
		metres, _ := strconv.Atoi(strings.TrimRight(readText(d.Get("within")), " m"))
		c.Duplicate = &Duplicate{metres, readInt(d.Get("days"))}
	}
	c.Admitted = readAdmitted(n.Get("admitted"))
	if c.Against = readText(n.Get("against")); c.Against == "" {
		c.Against = AgainstAllowed
	}
	return c
}

func readTexts(n *shape.Node) []Text {
	return each(n.Each(), func(n *shape.Node) Text {
		return Text{readText(n.Get("class")), readText(n.Get("field")), readWords(n.Get("text"))}
	})
}

func readSamples(n *shape.Node) []Sample {
	return entries(n, func(name string, v *shape.Node) Sample { return Sample{name, *readRatio(v)} })
}

func readAdmitted(n *shape.Node) []Admission {
	return entries(n, func(role string, n *shape.Node) Admission {
		return Admission{role, readText(n.Get("by")), readText(n.Get("from")), readText(n.Get("until"))}
	})
}

func (p *Pack) readRecords(n *shape.Node) {
	p.Records = entries(n.Get("records"), func(name string, n *shape.Node) Record {
		r := Record{Name: name, Title: readWords(n.Get("title")), Key: n.Get("key").Texts(), Fields: p.readFields(n.Get("fields")),
			Table: readBool(n.Get("table")), Public: readBool(n.Get("public")), ChangedBy: n.Get("changed_by").Texts()}
		r.Rows = tableRows(n.Get("rows"))
		return r
	})
	p.Relations = entries(n.Get("relations"), func(name string, n *shape.Node) Relation {
		return Relation{name, readText(n.Get("from")), readText(n.Get("to")), readText(n.Get("from_has")), readText(n.Get("to_has")), readText(n.Get("joins"))}
	})
}

func tableRows(n *shape.Node) []TableRow {
	var out []TableRow
	for _, row := range readRows(n) {
		r := TableRow{Values: row, From: row["from"], Until: row["until"]}
		delete(row, "from")
		delete(row, "until")
		out = append(out, r)
	}
	return out
}

func readDuty(n *shape.Node) []Duty {
	if d := n.Get("duty"); d != nil {
		n = d
	}
	if n == nil || n.Kind != shape.List {
		return nil
	}
	return each(n.Items, func(n *shape.Node) Duty {
		return Duty{readText(n.Get("class")), readText(n.Get("level")), readText(n.Get("unit")), readText(n.Get("post")),
			readText(n.Get("from")), readText(n.Get("until")), readWords(n.Get("why")), n.Line}
	})
}
