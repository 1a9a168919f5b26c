package pack

import (
	"strings"

	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

var (
	until   = parsed("when it expires: a span, 12-31, 12-31 next year, or a formula of a date", "", workflow.ParseUntil)
	yearDay = parsed("a day of the year: 12-31", `^\d{2}-\d{2}$`, workflow.ParseYearDay)
	// untilPlain is until without formulas, where there is no case to read.
	untilPlain = parsed("when it expires: a span, 12-31 or 12-31 next year", "", parsePlainUntil)
	issuer     = parsed("a kind of unit, unit of area, or a formula of a unit", "", parseIssuer)
	unitKind   = matching("a kind of unit, or unit of area", `^(unit of area|[A-Za-z][A-Za-z0-9_-]*)$`, "pack.bad_name")
	season     = obj("when a ledger is cleared", need("every", enum("", "month", "quarter", "half-year", "year")), opt("day", yearDay))
)

func parsePlainUntil(s string) (workflow.Until, error) {
	u, err := workflow.ParseUntil(s)
	if err == nil && u.Expr != nil {
		_, err = workflow.ParseYearDay(s)
	}
	return u, err
}

const unitOfArea = "unit of area"

func parseIssuer(s string) (string, error) {
	if s == unitOfArea {
		return s, nil
	}
	_, err := parseTerm(s)
	return s, err
}

// ofRecord is a field of the record.
var ofRecord = matching("record.FIELD", `^record\.[a-z][a-z0-9_]*$`, "pack.bad_path")

// pointsShape describes what a pack has counted.
var pointsShape = obj("what is counted",
	format, need("ledgers", dict(obj("a ledger",
		opt("title", words), opt("unit", words), opt("spendable", yesNo), need("issuer", unitKind),
		opt("household", name), opt("expires", untilPlain), opt("clear", season), opt("deductions", name),
		need("roles", obj("who may do what, as roles",
			opt("propose", some(name)), opt("confirm", some(name)), opt("look", some(name)), opt("shop", some(name))))))),
	opt("objections", anyKey), opt("benefits", anyKey),
	opt("honours", obj("who was honoured, as records", need("records", name), need("title", ofRecord), need("person", ofRecord))),
	opt("boards", dict(obj("who has the most of a ledger in a month", need("ledger", name), need("group", enum("what one board is of", "village", "township", "county")),
		need("first", count(1)), opt("cap", count(1)), need("adults", name)))),
	opt("watch", dict(obj("what looks odd and is looked into by people", need("ledger", name), need("fetched", count(2)), need("opens", anyKey), opt("give", give)))),
	opt("shop", dict(obj("what a ledger is spent on, as records",
		opt("goods", obj("what is offered", need("records", name), opt("title", ofRecord), need("price", ofRecord), need("stock", ofRecord),
			opt("photo", ofRecord), opt("merchant", ofRecord), opt("days", ofRecord))),
		opt("merchants", obj("who gives discounts, and goods for vouchers", need("records", name), opt("title", ofRecord), need("unit", ofRecord), opt("levels", ofRecord)))))))

// ledgerChange is what a county changes of a ledger.
var ledgerChange = obj("", opt("issuer", unitKind), opt("expires", untilPlain), opt("clear", season))

// postShape is the effect that moves points of a ledger.
var postShape = obj("an amount of a ledger",
	need("ledger", name), opt("kind", enum("", workflow.PostDeduct)), opt("to", expr), opt("amount", expr), opt("from", issuer), opt("item", expr),
	opt("reason", name), opt("hold", obj("kept for a while", opt("if", expr), opt("for", span))), opt("expires", until),
	opt("undo", name), opt("release", name), opt("partly", yesNo), opt("missing", name))

func readUntil(n *shape.Node) *workflow.Until {
	if n == nil {
		return nil
	}
	u := must(workflow.ParseUntil(n.Text))
	return &u
}

func readSeason(n *shape.Node) *workflow.Season {
	if n == nil {
		return nil
	}
	s := workflow.Season{Every: readText(n.Get("every"))}
	if d := n.Get("day"); d != nil {
		day := must(workflow.ParseYearDay(d.Text))
		s.Day = &day
	}
	return &s
}

func (p *Pack) readPoints(n *shape.Node) {
	p.Shops = entries(n.Get("shop"), readShop)
	p.Objections, p.Benefits = readText(n.Get("objections")), readText(n.Get("benefits"))
	p.Honours = readShopRecords(n.Get("honours"))
	p.Boards = entries(n.Get("boards"), func(name string, n *shape.Node) Board {
		return Board{name, readText(n.Get("ledger")), readText(n.Get("group")), readInt(n.Get("first")), readInt(n.Get("cap")), readText(n.Get("adults"))}
	})
	p.Watches = entries(n.Get("watch"), func(name string, n *shape.Node) LedgerWatch {
		return LedgerWatch{name, readText(n.Get("ledger")), readInt(n.Get("fetched")), readText(n.Get("opens")), readGive(n.Get("give"))}
	})
	p.Ledgers = entries(n.Get("ledgers"), func(name string, n *shape.Node) Ledger {
		r := n.Get("roles")
		return Ledger{Name: name, Title: readWords(n.Get("title")), Unit: readWords(n.Get("unit")), Spendable: readBool(n.Get("spendable")),
			Issuer: readIssuer(n.Get("issuer"), nil), Household: readText(n.Get("household")), Expires: readUntil(n.Get("expires")),
			Clear: readSeason(n.Get("clear")), Deductions: readText(n.Get("deductions")),
			Propose: r.Get("propose").Texts(), Confirm: r.Get("confirm").Texts(), Look: r.Get("look").Texts(), Shop: r.Get("shop").Texts()}
	})
}

func readShop(name string, n *shape.Node) Shop {
	return Shop{name, readShopRecords(n.Get("goods")), readShopRecords(n.Get("merchants"))}
}

func readShopRecords(n *shape.Node) *ShopRecords {
	if n == nil {
		return nil
	}
	out := &ShopRecords{Kind: readText(n.Get("records")), Fields: map[string]string{}}
	for _, e := range n.Entries {
		if field, ok := strings.CutPrefix(e.Value.Text, "record."); ok {
			out.Fields[e.Key.Text] = field
		}
	}
	return out
}

// readIssuer reads whose budget; a bare name is a seat where the life has such a seat, and a
// kind of unit otherwise.
func readIssuer(n *shape.Node, seats *shape.Node) *workflow.Issuer {
	switch {
	case n == nil:
		return nil
	case n.Text == unitOfArea:
		return &workflow.Issuer{OfArea: true}
	case unitKind.Text(n.Text) == nil && seats.Get(n.Text) == nil:
		return &workflow.Issuer{Kind: n.Text}
	}
	return &workflow.Issuer{Value: readExpr(n)}
}

func (r lifeReader) post(n *shape.Node) *workflow.Post {
	p := &workflow.Post{Kind: workflow.PostGrant, Ledger: readText(n.Get("ledger")), To: readExpr(n.Get("to")), Amount: readExpr(n.Get("amount")),
		From: readIssuer(n.Get("from"), r.seats), Item: readExpr(n.Get("item")), Reason: readText(n.Get("reason")), Expires: readUntil(n.Get("expires")),
		Partly: readBool(n.Get("partly")), Missing: readText(n.Get("missing"))}
	if k := n.Get("kind"); k != nil {
		p.Kind = k.Text
	}
	if h := n.Get("hold"); h != nil {
		p.Hold = &workflow.Holding{If: readExpr(h.Get("if")), For: readSpan(h.Get("for"))}
	}
	switch undo, release := readText(n.Get("undo")), readText(n.Get("release")); {
	case undo != "":
		p.Kind, p.Action = workflow.PostUndo, undo
	case release != "":
		p.Kind, p.Action = workflow.PostRelease, release
	}
	return p
}
