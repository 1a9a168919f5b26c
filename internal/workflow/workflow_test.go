package workflow

import (
	"fmt"
	"slices"
	"testing"

	"gezhi/internal/fault"
	"gezhi/internal/formula"

	"pgregory.net/rapid"
)

// incident is a small life with most things in it.
func incident() *Life {
	f := formula.MustCompile
	return &Life{
		Name:  "incident",
		Steps: []Step{{"reported", Waiting}, {"handling", Working}, {"checking", Verifying}, {"closed", Closed}},
		Clocks: []Clock{
			{Name: "citizen", From: []Trigger{{Kind: OnOpened}}},
			{Name: "handle", In: []string{"handling", "checking"}},
			{Name: "answer", From: []Trigger{{Kind: OnDid, Name: "take"}}, Until: []Trigger{{Kind: OnEntered, Name: "checking"}}},
		},
		Parts: []PartSet{{Name: "assist", Upon: &Trigger{Kind: OnDid, Name: "ask"}}},
		Actions: []Action{
			{Name: "take", In: []string{"reported"}, To: []Target{{Step: "handling"}}, Who: []Who{{Kind: WhoSeat, Name: "handler"}}},
			{Name: "confirm", In: []string{"checking"}, To: []Target{{"closed", f("field.ok")}, {Step: "handling"}}},
			{Name: "note", In: []string{"reported", "handling"}},
			{Name: "lapse", In: []string{"handling"}, To: []Target{{Step: "closed"}}, Who: []Who{{Kind: WhoSystem}}, Upon: &Trigger{Kind: OnClock, Name: "handle", Event: "due"}},
		},
		Allow:  []Overlay{{Name: Urge}, {Name: Reopen, To: "handling"}, {Name: Return, In: []string{"handling"}}},
		Ending: Ending{Parts: []EndingPart{{"assist", PartsVoid}}},
	}
}

// A case starts in the first step listed, and an action leads where its first holding
// target says.
func TestActionsLeadToTheFirstTargetThatHolds(t *testing.T) {
	l := incident()
	if l.Start() != "reported" || (&Life{}).Start() != "" {
		t.Fatal("start")
	}
	confirm := l.Action("confirm")
	for ok, want := range map[bool]string{true: "closed", false: "handling"} {
		got, err := confirm.Target("checking", formula.Env{Names: map[string]formula.Value{"field": formula.Map{"ok": ok}}})
		if err != nil || got != want {
			t.Errorf("ok=%v leads to %q, %v", ok, got, err)
		}
	}
	if got, _ := l.Action("note").Target("handling", formula.Env{}); got != "handling" {
		t.Error("an action without a target moved the case")
	}
	if _, err := confirm.Target("checking", formula.Env{Names: map[string]formula.Value{"field": formula.Map{"ok": "perhaps"}}}); fault.CodeOf(err) != "formula.type" {
		t.Error(err)
	}
	if !confirm.Allowed("checking") || confirm.Allowed("handling") || !confirm.Moves() || l.Action("note").Moves() {
		t.Error("allowed")
	}
}

// What happened finds exactly what waits for it.
func TestEventsFindWhatWaitsForThem(t *testing.T) {
	l := incident()
	names := func(ev ...Trigger) (out []string) {
		for _, e := range ev {
			for _, a := range l.ActionsUpon(e) {
				out = append(out, "action "+a.Name)
			}
			for _, p := range l.PartsUpon(e) {
				out = append(out, "part "+p.Name)
			}
			for _, c := range l.ClocksFrom(e) {
				out = append(out, "start "+c.Name)
			}
			for _, c := range l.ClocksUntil(e) {
				out = append(out, "stop "+c.Name)
			}
		}
		return out
	}
	for _, c := range []struct {
		ev   []Trigger
		want string
	}{
		{l.MoveEvents("", "", "reported"), "[start citizen]"},
		{l.MoveEvents("take", "reported", "handling"), "[start answer]"},
		{l.MoveEvents("finish", "handling", "checking"), "[stop answer]"},
		{l.MoveEvents("confirm", "checking", "closed"), "[stop citizen stop handle stop answer]"},
		{l.MoveEvents("ask", "handling", "handling"), "[part assist]"},
		{[]Trigger{{Kind: OnClock, Name: "handle", Event: "due"}}, "[action lapse]"},
		{[]Trigger{{Kind: OnClock, Name: "other", Event: "due"}}, "[]"},
	} {
		if got := fmt.Sprint(names(c.ev...)); got != c.want {
			t.Errorf("%v: %s, want %s", c.ev, got, c.want)
		}
	}
	if got := l.ClocksEntered("reported", "handling"); len(got) != 1 || got[0].Name != "handle" {
		t.Error("handle does not start on entering")
	}
	if len(l.ClocksEntered("handling", "checking"))+len(l.ClocksLeft("handling", "checking")) != 0 {
		t.Error("a clock over two steps restarts between them")
	}
	if got := l.ClocksLeft("checking", "closed"); len(got) != 1 {
		t.Error("handle does not stop on leaving")
	}
	if !l.Action("lapse").IsAutomatic() || l.Action("take").IsAutomatic() {
		t.Error("automatic")
	}
}

// Kernel actions are offered where the pack and the kernel let them.
func TestOverlaysAreBoundToSteps(t *testing.T) {
	l := incident()
	for _, c := range []struct {
		name, step string
		want       bool
	}{{Urge, "handling", true}, {Urge, "closed", false}, {Reopen, "closed", true}, {Reopen, "handling", false}, {Return, "handling", true}, {Return, "reported", false}} {
		if got := l.Overlay(c.name).Allowed(l, c.step); got != c.want {
			t.Errorf("%s in %s: %v", c.name, c.step, got)
		}
	}
	if l.Overlay(Suspend) != nil || !IsOverlay(Suspend) || IsOverlay("finish") {
		t.Error("overlay names")
	}
	if l.PartRule("assist") != PartsVoid || l.PartRule("other") != PartsMustBeClosed {
		t.Error("part rule")
	}
	if l.Seat(Reporter) == nil || l.Seat("nobody") != nil || l.Phase("checking") != Verifying || !slices.Equal(l.StepsIn(Working), []string{"handling"}) {
		t.Error("names")
	}
}

// Texts of the four grammars print as they were read; others are refused.
func TestGrammarsRoundTrip(t *testing.T) {
	for _, s := range []string{"opened", "closed", "entered handling", "left handling", "did finish", "date field.meeting", "clock notice due",
		"part assist joined", "part assist opened", "part assist failed", "signal water_back", "record title created"} {
		if got, err := ParseTrigger(s); err != nil || got.String() != s {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "open", "opened now", "entered", "did a b", "clock notice", "clock notice late", "part assist", "date meeting", "record title gone", "did Finish"} {
		if _, err := ParseTrigger(s); fault.CodeOf(err) != "workflow.trigger" {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"handler", "leader of area", "leader of area above", "leader of unit handler", "leader of unit item", "office of jurisdiction",
		"grid_worker on duty of area", "public", "system", "item", "item.owner"} {
		if got, err := ParseWho(s); err != nil || got.String() != s {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "a b", "leader of", "leader of unit", "leader of town", "leader of area below", "Handler", "item."} {
		if _, err := ParseWho(s); fault.CodeOf(err) != "workflow.who" {
			t.Errorf("%q: %v", s, err)
		}
	}
	for s, want := range map[string]string{"2/3": "2/3", "4/6": "2/3", "5%": "1/20", "0.9": "9/10", "1": "1/1", "2.5%": "1/40", "0": "0/1"} {
		if got, err := ParseRatio(s); err != nil || got.String() != want {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "3/2", "1/0", "-1/2", "x", "1.5", "/", "101%", "1/2/3"} {
		if _, err := ParseRatio(s); fault.CodeOf(err) != "workflow.ratio" {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// A join is judged from the answers so far.
func TestJoins(t *testing.T) {
	agree := formula.MustCompile("item.agree")
	third, half := &Ratio{2, 3}, &Ratio{1, 2}
	y, n := Item{ItemDone, formula.Map{"agree": true}}, Item{ItemDone, formula.Map{"agree": false}}
	open, silent, gone := Item{State: ItemOpen}, Item{State: ItemSilent}, Item{State: ItemGone}
	for _, c := range []struct {
		name  string
		join  Join
		items []Item
		want  string
	}{
		{"all of nobody", Join{All: true}, nil, "held"},
		{"all, one open", Join{All: true}, []Item{y, open}, ""},
		{"all, the open one waived", Join{All: true}, []Item{y, gone}, "held"},
		{"all, late is still awaited", Join{All: true}, []Item{y, silent}, ""},
		{"all at latest when due", Join{All: true, AtLatest: true}, []Item{y, silent}, "held"},
		{"consent fails at the first refusal", Join{All: true, That: agree}, []Item{n, open}, "failed"},
		{"consent", Join{All: true, That: agree}, []Item{y, y}, "held"},
		{"any", Join{Any: true, That: agree}, []Item{n, y, open}, "held"},
		{"any of nobody", Join{Any: true}, nil, "failed"},
		{"two at least", Join{AtLeast: 2}, []Item{y, n, open}, "held"},
		{"two at least, out of reach", Join{AtLeast: 2, That: agree}, []Item{y, n}, "failed"},
		{"quorum without majority of all", Join{Turnout: third, Share: half, Of: OfEveryone, That: agree}, []Item{y, n, open}, ""},
		{"quorum and majority", Join{Turnout: third, Share: half, Of: OfEveryone, That: agree}, []Item{y, y, open}, "held"},
		{"majority, no quorum yet", Join{Turnout: third, Share: half, Of: OfEveryone, That: agree}, []Item{y, y, open, open}, ""},
		{"majority of answers may still turn", Join{Share: half, Of: OfAnswered, That: agree}, []Item{y, n, open}, ""},
		{"majority of answers is certain", Join{Share: half, Of: OfAnswered, That: agree}, []Item{y, y, open, open}, "held"},
		{"turnout alone", Join{Turnout: third}, []Item{y, n, open}, "held"},
		{"where nobody counts", Join{Share: half, Of: OfEveryone, Where: formula.MustCompile("item.agree")}, []Item{n}, "failed"},
	} {
		held, impossible, err := c.join.Test(c.items, formula.Env{})
		got := map[[2]bool]string{{true, false}: "held", {false, true}: "failed"}[[2]bool{held, impossible}]
		if err != nil || got != c.want || held && impossible {
			t.Errorf("%s: held %v, impossible %v, %v", c.name, held, impossible, err)
		}
	}
	j := Join{All: true, That: formula.MustCompile("item.agree + 1 > 0")}
	if _, _, err := j.Test([]Item{y}, formula.Env{}); fault.CodeOf(err) != "formula.type" {
		t.Error(err)
	}
}

// Held stays held and impossible stays impossible, however the pending items answer; when
// nobody is pending one of the two is true.
func TestJoinsNeverTurnBack(t *testing.T) {
	agree := formula.MustCompile("item.agree")
	rapid.Check(t, func(t *rapid.T) {
		j := Join{That: agree}
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			j.All = true
		case 1:
			j.Any = true
		case 2:
			j.AtLeast = rapid.IntRange(1, 5).Draw(t, "n")
		case 3:
			j.Share = &Ratio{rapid.Int64Range(1, 4).Draw(t, "num"), 4}
			j.Of = rapid.SampledFrom([]string{OfEveryone, OfAnswered}).Draw(t, "of")
		case 4:
			j.Turnout = &Ratio{rapid.Int64Range(1, 3).Draw(t, "num"), 3}
		}
		if rapid.Bool().Draw(t, "quorum") {
			j.Turnout = &Ratio{1, 2}
		}
		states := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 6).Draw(t, "items")
		items := make([]Item, len(states))
		for i, s := range states {
			items[i] = []Item{{State: ItemOpen}, {ItemDone, formula.Map{"agree": true}}, {ItemDone, formula.Map{"agree": false}}, {State: ItemGone}}[s]
		}
		held, impossible, _ := j.Test(items, formula.Env{})
		for i := range items {
			if items[i].State == ItemOpen {
				items[i] = Item{ItemDone, formula.Map{"agree": rapid.Bool().Draw(t, "answer")}}
			}
		}
		after, never, _ := j.Test(items, formula.Env{})
		if held && !after || impossible && !never || after == never {
			t.Fatalf("%+v: before %v/%v, after %v/%v", j, held, impossible, after, never)
		}
	})
}

// Any text is read to a value that prints and reads back the same, or refused.
func FuzzGrammars(f *testing.F) {
	for _, s := range []string{"part assist joined", "leader of unit handler", "2/3", "5%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := ParseTrigger(s); err == nil {
			if w, err := ParseTrigger(v.String()); err != nil || v != w {
				t.Fatalf("%q", s)
			}
		}
		if v, err := ParseWho(s); err == nil {
			if w, err := ParseWho(v.String()); err != nil || v != w {
				t.Fatalf("%q", s)
			}
		}
		if v, err := ParseRatio(s); err == nil && (v.Den <= 0 || v.Num < 0 || v.Num > v.Den) {
			t.Fatalf("%q", s)
		}
	})
}
