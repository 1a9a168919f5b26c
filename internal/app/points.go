package app

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/points"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// ledgers joins what is counted to the rest, under a clock.
func (a *App) ledgers(now clock.Now) *points.Service {
	return &points.Service{DB: a.DB, Now: now, NewID: a.newID, Actor: account.From, UnitsAbove: a.unitsAbove, Wake: a.Jobs.Wake, Open: a.openFor, OpenOdd: a.openOdd, Offers: a.openOffers, Idle: a.idleItems,
		AreaOf: a.worksIn, Within: a.lies, Item: a.itemOf, Word: a.packWord, Name: a.ownerName, Over: a.over, Holds: a.holds, Given: a.given}
}

// packWord is a word of a pack that is in force in a jurisdiction, "" for none.
func (a *App) packWord(ctx context.Context, jurisdiction, pack, section, name, lang string) string {
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil || packs[pack] == nil {
		return ""
	}
	return packs[pack].Pack.Word(lang, section, name)
}

// ownerName is what "unit/ID" or "person/ID" is called, "" where nobody is known by it.
func (a *App) ownerName(ctx context.Context, owner string) string {
	if a.World.Renew(ctx) != nil {
		return ""
	}
	_, id, _ := strings.Cut(owner, "/")
	return a.nameOf(id)
}

// over reports whether a post stands above a post of a person: in its unit or one above it, or,
// for who belongs to no unit, over its area.
func (a *App) over(ctx context.Context, p account.Post, person string) (bool, error) {
	if err := a.World.Renew(ctx); err != nil {
		return false, err
	}
	for _, q := range a.World.People().Of(person, clock.System()) {
		if q.UnitID == "" {
			if p.AreaID != "" && q.AreaID != "" && a.World.Tree().Within(q.AreaID, p.AreaID) {
				return true, nil
			}
			continue
		}
		above, err := a.unitsAbove(ctx, q.UnitID)
		if err != nil {
			return false, err
		}
		if q.UnitID == p.UnitID || slices.Contains(above, p.UnitID) {
			return true, nil
		}
	}
	return false, nil
}

// lies reports whether an area lies in another.
func (a *App) lies(ctx context.Context, area, of string) bool {
	return a.World.Renew(ctx) == nil && a.World.Tree().Within(area, of)
}

// itemOf is what a pack calls something that is posted for, and the module that it belongs to: a
// class and its group, or else a word.
func (a *App) itemOf(ctx context.Context, jurisdiction, name, item string) (title, module string) {
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil || packs[name] == nil {
		return "", ""
	}
	p, lang := packs[name].Pack, web.Lang(ctx)
	if k := p.Class(item); k != nil {
		for _, g := range p.Groups {
			if g.Code == k.Group {
				module = cmp.Or(g.Title[lang], p.Word(lang, "groups", g.Code), g.Code)
			}
		}
		return cmp.Or(k.Title[lang], p.Word(lang, "classes", item)), module
	}
	return p.Word(lang, "classes", item), ""
}

// openFor opens a case for somebody who has logged in.
func (a *App) openFor(ctx context.Context, who account.Actor, o casework.Opening) (*casework.Opened, error) {
	actor, err := a.Cases.By(ctx, who)
	if err != nil {
		return nil, err
	}
	return a.Cases.Open(ctx, actor, o)
}

// openOdd opens a case for nobody; what a later version of a pack does not know any more is left.
func (a *App) openOdd(ctx context.Context, jurisdiction string, o casework.Opening) error {
	_, err := a.Cases.Open(ctx, &casework.Actor{Jurisdiction: jurisdiction, System: true}, o)
	if kind := fault.KindOf(err); err != nil && kind != fault.Internal && kind != fault.Unavailable {
		slog.Warn("nothing was opened for what looked odd", "class", o.Class, "code", fault.CodeOf(err))
		return nil
	}
	return err
}

// worksIn is the area of a level in which somebody has a post, "" for none.
func (a *App) worksIn(ctx context.Context, person string, level int) string {
	if a.World.Renew(ctx) != nil {
		return ""
	}
	for _, p := range a.World.People().Of(person, clock.System()) {
		if x, ok := a.World.Area(p.AreaID); ok && x.Path[level] != "" {
			return x.Path[level]
		}
	}
	return ""
}

// mostOpen is how many open offers a report lists.
const mostOpen = 1000

// openOffers are the open offers of a pack that somebody may read.
func (a *App) openOffers(ctx context.Context, who account.Actor, pack string) (out []points.OpenOffer, err error) {
	actor, err := a.Cases.By(ctx, who)
	if err != nil {
		return nil, err
	}
	for after := (&casework.PublishedCursor{}); after != nil && len(out) < mostOpen; {
		var page []casework.Published
		if page, after, err = a.Cases.Published(ctx, actor, *after); err != nil {
			return nil, err
		}
		for _, o := range page {
			if o.Case.Pack == pack {
				out = append(out, points.OpenOffer{Case: o.Case.ID, Number: o.Number, Title: o.Title, Item: o.Case.Class, Area: o.AreaID, Places: o.Places, Left: o.Left, Since: o.Since, Until: o.Until})
			}
		}
	}
	return out, nil
}

// idleItems are the classes of a pack whose work is offered and in which nobody took part between
// two moments, of what somebody may read.
func (a *App) idleItems(ctx context.Context, who account.Actor, pack string, from, until time.Time) (out []points.IdleItem, err error) {
	actor, err := a.Cases.By(ctx, who)
	if err != nil {
		return nil, err
	}
	packs, err := a.Book.Packs(ctx, who.Jurisdiction)
	if err != nil || packs[pack] == nil {
		return nil, err
	}
	demand, err := a.Cases.Demand(ctx, actor, pack, from, until)
	if err != nil {
		return nil, err
	}
	p := packs[pack].Pack
	for _, k := range p.Classes {
		l := p.Life(k.Life)
		offered := l != nil && slices.ContainsFunc(l.Parts, func(d workflow.PartSet) bool { return d.For.Offer != nil })
		if offered && demand[k.Code].Taken == 0 {
			out = append(out, points.IdleItem{Item: k.Code, Class: pack + "/" + p.Scheme + ":" + k.Code, Published: demand[k.Code].Published})
		}
	}
	return out, nil
}

// given are the cases of a class that somebody opened.
func (a *App) given(ctx context.Context, jurisdiction, person, pack, class string) ([]points.Given, error) {
	return a.Cases.GivenTo(ctx, jurisdiction, person, pack, class)
}

// isDuty tells whether a class is somebody's work: they report it themselves, or places of it are
// offered. What opens below other cases, or about them, is no duty of its own.
func isDuty(l *pack.Life, roles []string) bool {
	if l == nil || len(l.About) > 0 {
		return false
	}
	return slices.ContainsFunc(l.Parts, func(d workflow.PartSet) bool { return d.For.Offer != nil }) ||
		slices.ContainsFunc(l.Opens, func(o workflow.Opening) bool {
			return o.By == workflow.OpenByPerson && (len(o.Who) == 0 || slices.ContainsFunc(o.Who, func(w workflow.Who) bool { return slices.Contains(roles, w.Name) }))
		})
}

// holds are the posts of somebody in the reader's words, and the classes that packs admit to the
// roles of these posts.
func (a *App) holds(ctx context.Context, jurisdiction, person string) ([]points.PersonPostJSON, []points.PersonDutyJSON, error) {
	if err := a.World.Renew(ctx); err != nil {
		return nil, nil, err
	}
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil {
		return nil, nil, err
	}
	now := a.Cases.Now()
	posts, roles := []points.PersonPostJSON{}, []string{}
	for _, p := range a.World.People().Of(person, now) {
		x := points.PersonPostJSON{Role: p.Role, Title: a.roleTitle(ctx, jurisdiction, p.Role), Since: db.Ms(p.From)}
		if u, ok := a.World.Tree().Unit(p.UnitID); ok {
			x.Unit = u.Name
		}
		if place, ok := a.World.Tree().Area(p.AreaID); ok {
			x.Area = place.Name
		}
		posts, roles = append(posts, x), append(roles, p.Role)
	}
	duties, lang, day := []points.PersonDutyJSON{}, web.Lang(ctx), now.In(clock.CST).Format(time.DateOnly)
	for _, name := range slices.Sorted(maps.Keys(packs)) {
		p := packs[name].Pack
		duty := points.PersonDutyJSON{Pack: cmp.Or(p.Title[lang], name)}
		for i := range p.Classes {
			k := packs[name].Class(p.Classes[i].Code)
			if !isDuty(k.Life, roles) {
				continue
			}
			if slices.ContainsFunc(k.Admitted, func(x pack.Admission) bool { return slices.Contains(roles, x.Role) && x.On(day) }) {
				duty.Classes = append(duty.Classes, cmp.Or(k.Title[lang], p.Word(lang, "classes", k.Code)))
			}
		}
		if duty.Classes != nil {
			duties = append(duties, duty)
		}
	}
	return posts, duties, nil
}
