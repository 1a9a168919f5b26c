package intake

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// Somebody without an account reports, follows it by number and code to its end, sees the answer
// and rates it. Sent again it is the same report; only a hash of the code is kept.
func TestAnAnonymousReportIsFollowedToItsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		r := c.rubbish()
		r.Contact = Contact{"王女士", "13800000000"}
		r.Photos = []string{c.upload(nil, Upload{Key: r.Key, Name: "a.jpg"}, jpeg)}
		filed, err := c.Report(ctx, nil, phone, r)
		must(t, err)
		again, err := c.Report(ctx, nil, phone, r)
		if err != nil || again != filed {
			t.Fatalf("sent again: %+v, %v", again, err)
		}
		changed := r
		changed.Text = "别的事"
		if _, err := c.Report(ctx, nil, phone, changed); code(err) != "idempotency.other_body" {
			t.Errorf("another report under the key: %v", err)
		}
		kept := ""
		must(t, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, db.SQL(`SELECT code_hash FROM query_code`), nil, &kept)
		}))
		if kept == "" || strings.Contains(kept, strings.ReplaceAll(filed.Code, "-", "")) {
			t.Errorf("kept as %s", kept)
		}
		ticket := Ticket{strings.ReplaceAll(filed.Number, "-", " "), strings.ToLower(filed.Code)}
		f, err := c.Follow(ctx, other, ticket)
		must(t, err)
		if f.Phase != workflow.Waiting || !f.DueAt.Equal(time.Date(2026, 3, 11, 17, 30, 0, 0, clock.CST)) || len(f.Replies) != 0 || !can(f, "withdraw") || can(f, "classify") || can(f, "rate") {
			t.Errorf("at first: %s due %s, may %v", f.Phase, f.DueAt, f.Can)
		}
		c.does("dispatcher", f.ID, "classify", nil)
		c.does("dispatcher", f.ID, "dispatch", map[string]any{"handler": unitOf(c, "waste")})
		c.does("handler", f.ID, "acknowledge", nil)
		c.does("handler", f.ID, "finish", map[string]any{"result": "已清运"})
		c.clock.Add(time.Hour)
		c.does("inspector", f.ID, "confirm", map[string]any{"reply": "已清运并增设一只垃圾桶"})
		f, err = c.Follow(ctx, phone, ticket)
		must(t, err)
		if len(f.Replies) != 1 || f.Replies[0].Text != "已清运并增设一只垃圾桶" || f.RateUntil.IsZero() || !can(f, "rate") {
			t.Errorf("answered: %+v, rate until %s", f.Replies, f.RateUntil)
		}
		f, err = c.Act(ctx, nil, phone, ticket, casework.Act{Action: "rate", Values: map[string]any{"stars": 5}, Key: uuid.NewString()})
		must(t, err)
		if f.Phase != workflow.Closed || f.Outcome != "solved" || !can(f, "reopen") {
			t.Errorf("rated: %s %s", f.Phase, f.Outcome)
		}
		var went []string
		for _, p := range f.Phases {
			went = append(went, string(p.Phase))
		}
		if got := strings.Join(went, " "); got != "waiting working verifying rating closed" {
			t.Errorf("it went %s", got)
		}
	})
}

// Two report the same matter without an account, and the reports are merged: both read the
// answer under their own number and code, and both may say what they think of it. What comes
// before the answer, only the first may take back.
func TestBothWhoseReportsWereMergedAreAnswered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		first, err := c.Report(ctx, nil, phone, c.rubbish())
		must(t, err)
		second, err := c.Report(ctx, nil, other, c.rubbish())
		must(t, err)
		one, two := Ticket{first.Number, first.Code}, Ticket{second.Number, second.Code}
		into := first.CaseID
		c.does("dispatcher", second.CaseID, "merge", map[string]any{"into": into})
		f, err := c.Follow(ctx, other, two)
		must(t, err)
		if f.Into != first.Number || may(f, "withdraw") || may(f, "rate") {
			t.Errorf("merged into %s, may %v", f.Into, f.Goes.Can)
		}
		c.does("dispatcher", into, "classify", nil)
		c.does("dispatcher", into, "dispatch", map[string]any{"handler": unitOf(c, "waste")})
		c.does("handler", into, "acknowledge", nil)
		c.does("handler", into, "finish", map[string]any{"result": "已清运"})
		c.clock.Add(time.Hour)
		c.does("inspector", into, "confirm", map[string]any{"reply": "已清运"})
		for _, ticket := range []Ticket{one, two} {
			f, err := c.Follow(ctx, phone, ticket)
			must(t, err)
			if len(f.Replies) != 1 || f.Replies[0].Text != "已清运" || !may(f, "rate") || f.RateUntil.IsZero() {
				t.Errorf("%s: %+v, may %v", ticket.Number, f.Replies, f.Goes.Can)
			}
		}
		_, err = c.Act(ctx, nil, other, two, casework.Act{Action: "rate", Values: map[string]any{"stars": 5}, Key: uuid.NewString()})
		must(t, err)
		f, err = c.Follow(ctx, phone, one)
		must(t, err)
		if !f.Open() || !may(f, "rate") {
			t.Errorf("closed by the other's content: %s, may %v", f.Phase, f.Goes.Can)
		}
		f, err = c.Act(ctx, nil, phone, one, casework.Act{Action: "rate", Values: map[string]any{"stars": 4}, Key: uuid.NewString()})
		must(t, err)
		if f.Outcome != "solved" || !may(f, "reopen") || may(f, "rate") {
			t.Errorf("rated by both: %s, may %v", f.Outcome, f.Goes.Can)
		}
	})
}

// Who follows a case by its code may say only so much about it: by the address without an account,
// by the account with one, unless they are in office.
func TestRemarksByCodeArePaced(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		c.Cases.Slow = func(context.Context, casework.Doing) error {
			return fault.New(fault.TooMany, "request.too_often", "seconds", 60)
		}
		filed, err := c.Report(ctx, nil, phone, c.rubbish())
		must(t, err)
		says := func(by *account.Actor, from Origin) string {
			_, err := c.Act(ctx, by, from, Ticket{filed.Number, filed.Code}, casework.Act{Action: "comment", Note: "样例", Key: uuid.NewString()})
			return code(err)
		}
		for i := range int(moves.most) {
			if i%int(codeUses.most-1) == 0 {
				c.clock.Add(codeUses.window + time.Second)
			}
			if err := says(nil, phone); err != "" {
				t.Fatalf("remark %d: %s", i, err)
			}
		}
		if err := says(nil, phone); err != "intake.too_many" {
			t.Errorf("one more: %q", err)
		}
		if err := says(nil, other); err != "" {
			t.Errorf("from elsewhere: %q", err)
		}
		if err := says(c.as("resident"), other); err != "request.too_often" {
			t.Errorf("with an account: %q", err)
		}
		if err := says(c.as("dispatcher"), phone); err != "" {
			t.Errorf("by somebody in office, who helps: %q", err)
		}
		c.clock.Add(moves.window)
		if err := says(nil, phone); err != "" {
			t.Errorf("an hour later: %q", err)
		}
	})
}

// may tells whether the reporter is offered an action, on the report or on that with its answer.
func may(f *Followed, action string) bool {
	return slices.ContainsFunc(f.Goes.Can, func(o casework.Offer) bool { return o.Action == action })
}

func can(f *Followed, action string) bool {
	return slices.ContainsFunc(f.Can, func(o casework.Offer) bool { return o.Action == action })
}

func unitOf(c county, code string) string {
	u, _ := c.Cases.World.Tree().UnitByCode(c.home.ID, code)
	return u.ID
}

// Whatever is wrong about number and code, the answer is the same as for a case that is not
// there; who guesses is stopped, and nobody else.
func TestAWrongTicketIsAnAbsentCase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		one, err := c.Report(ctx, nil, phone, c.rubbish())
		must(t, err)
		two, err := c.Report(ctx, nil, phone, c.rubbish())
		must(t, err)
		for _, x := range []Ticket{{one.Number, two.Code}, {two.Number, one.Code}, {one.Number, grouped(newCode(make([]byte, 10)))}, {one.Number, "secret"}, {one.Number, ""}, {"", one.Code},
			{one.Number, one.Code[:len(one.Code)-1] + "!"}, {one.Number + "' OR 1=1", one.Code}} {
			if _, err := c.Follow(ctx, other, x); code(err) != "intake.not_found" {
				t.Errorf("%v: %v", x, err)
			}
			if _, err := c.Act(ctx, nil, other, x, casework.Act{Action: "withdraw", Reason: "x"}); code(err) != "intake.not_found" {
				t.Errorf("act with %v: %v", x, err)
			}
		}
		for range int(wrongCodes.most) {
			_, err = c.Follow(ctx, other, Ticket{one.Number, two.Code})
		}
		if code(err) != "intake.too_many" {
			t.Errorf("guessing goes on: %v", err)
		}
		if _, err := c.Follow(ctx, other, Ticket{one.Number, one.Code}); code(err) != "intake.too_many" {
			t.Errorf("and may hit: %v", err)
		}
		if _, err := c.Follow(ctx, phone, Ticket{one.Number, one.Code}); err != nil {
			t.Errorf("who has the code is stopped, too: %v", err)
		}
		c.clock.Add(wrongCodes.window + time.Minute)
		if _, err := c.Follow(ctx, other, Ticket{one.Number, one.Code}); err != nil {
			t.Errorf("for ever: %v", err)
		}
		for range int(codeUses.most) + 1 {
			_, err = c.Follow(ctx, phone, Ticket{one.Number, one.Code})
		}
		if code(err) != "intake.too_many" {
			t.Errorf("a code may be used without end: %v", err)
		}
	})
}

// After some reports from one address a challenge must be answered: by this client, rightly,
// once. A wrong answer spends it. Where it is the rule the first report needs one.
func TestManyReportsNeedAChallenge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		for i := range int(reports.free) {
			if _, err := c.Report(ctx, nil, phone, c.rubbish()); err != nil {
				t.Fatalf("report %d: %v", i, err)
			}
		}
		sent := func(from Origin, r Report, a *Answer) string {
			r.Challenge = a
			_, err := c.Report(ctx, nil, from, r)
			return code(err)
		}
		solved := func(kind string) *Answer {
			token, q, err := c.Challenge(ctx, phone, kind)
			must(t, err)
			a := &Answer{Token: token, Answer: q.want(testKey)}
			if kind == ByWords {
				a.Work = work(token)
			}
			return a
		}
		r := c.rubbish()
		if got := sent(phone, r, nil); got != "intake.challenge_needed" {
			t.Fatalf("the next one: %s", got)
		}
		if got := sent(other, c.rubbish(), nil); got != "" {
			t.Errorf("somebody elsewhere: %s", got)
		}
		wrong := solved(ByPicture)
		right := wrong.Answer
		wrong.Answer = "11111"
		if got := sent(phone, r, wrong); got != "intake.challenge_wrong" {
			t.Errorf("a wrong answer: %s", got)
		}
		wrong.Answer = right
		if got := sent(phone, r, wrong); got != "intake.challenge_wrong" {
			t.Errorf("a second try at one challenge: %s", got)
		}
		forged := *solved(ByPicture)
		forged.Token = issue([]byte("another key"), ByPicture, make([]byte, nonceBytes), c.clock.Now().Add(time.Minute), phone.client())
		if got := sent(phone, r, &forged); got != "intake.challenge_wrong" {
			t.Errorf("a forged token: %s", got)
		}
		foreign := solved(ByWords)
		moved := phone
		moved.UserAgent = "another browser"
		if got := sent(moved, r, foreign); got != "intake.challenge_wrong" {
			t.Errorf("another client's: %s", got)
		}
		for _, kind := range []string{ByPicture, ByWords} {
			a, r := solved(kind), c.rubbish()
			lacking := r
			lacking.AreaID = ""
			if got := sent(phone, lacking, a); got != "case.no_place" {
				t.Errorf("%s: %s", kind, got)
			}
			if got := sent(phone, r, a); got != "" {
				t.Errorf("%s, put right under the same key: %s", kind, got)
			}
			if got := sent(phone, c.rubbish(), a); got != "intake.challenge_wrong" {
				t.Errorf("%s, replayed: %s", kind, got)
			}
		}
		late := solved(ByPicture)
		c.clock.Add(challengeLasts)
		if got := sent(phone, r, late); got != "intake.challenge_wrong" {
			t.Errorf("too late: %s", got)
		}
		c.Always = true
		if got := sent(Origin{Addr: "192.0.2.1"}, c.rubbish(), nil); got != "intake.challenge_needed" {
			t.Errorf("always: %s", got)
		}
		if _, err := c.Report(ctx, c.as("resident"), phone, c.rubbish()); err != nil {
			t.Errorf("who is logged in: %v", err)
		}
	})
}

// No address reports without end, whatever it answers; one household's network is one address.
func TestAnAddressReportsOnlySoOften(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		most := reports
		most.most = 2
		for i, addr := range []string{"2001:db8:1:2::7", "2001:db8:1:2:ffff::8"} {
			if _, err := c.count(ctx, most, network(addr)); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		if _, err := c.count(ctx, most, network("2001:db8:1:2::9")); code(err) != "intake.too_many" {
			t.Errorf("a third: %v", err)
		}
		if _, err := c.count(ctx, most, network("2001:db8:1:3::9")); err != nil {
			t.Errorf("the neighbours: %v", err)
		}
		c.clock.Add(most.window)
		if _, err := c.count(ctx, most, network("2001:db8:1:2::9")); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

// A clerk reports for a caller: the clerk is written down, the caller has the code, and the
// telephone is for calling back alone. A helper types for somebody: the act is the reporter's,
// the helper is written down. Neither is for everybody.
func TestForACallerAndWithAHelper(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		call := c.rubbish()
		call.By, call.Channel, call.Contact = ByCaller, "hotline", Contact{"李先生", "0578-2000000"}
		filed, err := c.Report(ctx, c.as("dispatcher"), phone, call)
		must(t, err)
		v := c.caseOf(filed)
		if v.Channel != "hotline" || v.EnteredBy != c.as("dispatcher").PersonID || v.ReporterID == v.EnteredBy || v.ReporterID == "" || v.Moves[0].PersonID != v.EnteredBy {
			t.Errorf("a call: %+v", v.Case)
		}
		if v.Masked["caller_phone"] != "057****0000" || v.Masked["caller_name"] != "李**" {
			t.Errorf("masked: %v", v.Masked)
		}
		if f, err := c.Follow(ctx, other, Ticket{filed.Number, filed.Code}); err != nil || !can(f, "withdraw") {
			t.Errorf("the caller follows: %v", err)
		}
		help := c.rubbish()
		help.By = ByHelper
		help.Photos = []string{c.upload(c.as("resident"), Upload{Key: help.Key, By: ByHelper, Name: "a.jpg"}, jpeg)}
		filed, err = c.Report(ctx, c.as("resident"), phone, help)
		must(t, err)
		v = c.caseOf(filed)
		helper := c.as("resident").PersonID
		if m := v.Moves[0]; m.HelperID != helper || m.PersonID != v.ReporterID || v.ReporterID == helper || v.EnteredBy != helper || v.Channel != channelField {
			t.Errorf("with help: %+v by %+v", v.Case, m)
		}
		f, err := c.Act(ctx, c.as("resident"), phone, Ticket{filed.Number, filed.Code}, casework.Act{Action: "withdraw", Reason: "已经好了", Key: uuid.NewString()})
		if err != nil || f.Phase != workflow.Closed {
			t.Fatalf("with help again: %v", err)
		}
		if m := c.caseOf(filed).Moves[1]; m.HelperID != helper || m.PersonID != v.ReporterID {
			t.Errorf("withdrawn by %+v", m)
		}
		if _, err := c.Report(ctx, c.as("resident"), phone, call); code(err) != "case.staff_only" {
			t.Errorf("a resident for a caller: %v", err)
		}
		for _, way := range []string{ByCaller, ByHelper} {
			r := c.rubbish()
			r.By = way
			if _, err := c.Report(ctx, nil, phone, r); code(err) != "session.none" {
				t.Errorf("nobody as %s: %v", way, err)
			}
		}
		own, err := c.Report(ctx, c.as("resident"), phone, c.rubbish())
		must(t, err)
		if v := c.caseOf(own); v.ReporterID != helper || v.EnteredBy != "" || v.Channel != channelHome {
			t.Errorf("for oneself: %+v", v.Case)
		}
	})
}

// A recording alone is a report: nobody need know the class, lists call it by what it is, and
// it waits for the dispatcher, who can hear it.
func TestARecordingIsAReport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		r := Report{AreaID: c.village("桥头村"), Key: uuid.NewString()}
		r.Recording = c.upload(nil, Upload{Key: r.Key, Name: "said.webm"}, webm)
		filed, err := c.Report(ctx, nil, phone, r)
		must(t, err)
		v := c.caseOf(filed)
		if v.Title != "语音上报" || v.Severity != "3" || v.Fields["recording"] == nil || v.Class.Unsorted != true {
			t.Errorf("%+v", v.Case)
		}
		who, err := c.Cases.By(ctx, *c.as("dispatcher"))
		must(t, err)
		queue, _, err := c.Cases.List(ctx, who, casework.Query{Queue: "mine"})
		must(t, err)
		if !slices.ContainsFunc(queue, func(r casework.Row) bool { return r.ID == v.ID }) {
			t.Errorf("the dispatcher does not find it in %d", len(queue))
		}
		other := Report{AreaID: r.AreaID, Key: uuid.NewString(), Recording: r.Recording}
		if _, err := c.Report(ctx, nil, phone, other); code(err) != "file.not_found" {
			t.Errorf("another's recording: %v", err)
		}
		theirs := Report{AreaID: r.AreaID, Key: uuid.NewString(), Recording: c.upload(nil, Upload{Key: uuid.NewString(), Name: "x.webm"}, webm)}
		if _, err := c.Report(ctx, nil, phone, theirs); code(err) != "file.not_found" {
			t.Errorf("a recording that came for another report: %v", err)
		}
	})
}

// A file that comes by parts goes with the report of its key and no other, is looked into like one
// that comes at once, and each that begins is counted by the network it comes from.
func TestFilesByPartsGoWithTheirReport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		r := c.rubbish()
		a, err := c.sender(ctx, nil, phone, c.home, BySelf, r.Key, true)
		must(t, err)
		f, err := c.Keep(ctx, a, "a.jpg", bytes.NewReader(jpeg))
		must(t, err)
		other := c.rubbish()
		other.Photos = []string{f.ID}
		if _, err := c.Report(ctx, nil, phone, other); code(err) != "file.not_found" {
			t.Errorf("with another report: %v", err)
		}
		r.Photos = []string{f.ID}
		_, err = c.Report(ctx, nil, phone, r)
		must(t, err)
		if _, err := c.Keep(ctx, a, "page.jpg", bytes.NewReader([]byte("<html><script>alert(1)</script>"))); code(err) != "intake.file_type" {
			t.Errorf("a page: %v", err)
		}
		must(t, d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			return tx.Queue(ctx, db.SQL(`UPDATE intake_rate SET n = $1`), uploads.most)
		}))
		if _, err := c.sender(ctx, nil, phone, c.home, BySelf, uuid.NewString(), true); code(err) != "intake.too_many" {
			t.Errorf("one too many: %v", err)
		}
		if _, err := c.sender(ctx, nil, phone, c.home, BySelf, r.Key, false); err != nil {
			t.Errorf("what has begun may go on: %v", err)
		}
	})
}

// What no report may be is refused, and leaves nothing behind.
func TestWhatNoReportMayBe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		for i, x := range []struct {
			change func(r *Report)
			want   string
		}{
			{func(r *Report) { r.Text = " \n" }, "intake.nothing_said"},
			{func(r *Report) { r.Text = strings.Repeat("长", maxText+1) }, "form.too_long"},
			{func(r *Report) { r.AreaID = "" }, "case.no_place"},
			{func(r *Report) { r.AreaID = uuid.NewString() }, "case.unknown_area"},
			{func(r *Report) { r.Class = "incident/sample:9001" }, "case.unknown_class"}, // not from home
			{func(r *Report) { r.Class = "secret" }, "case.unknown_class"},
			{func(r *Report) { r.Channel = "leader" }, "case.channel"},
			{func(r *Report) { r.By = "everybody" }, "intake.unknown_way"},
			{func(r *Report) { r.Fields = map[string]any{"false_closure": true} }, "form.unknown_field"},
			{func(r *Report) { r.Fields = map[string]any{"node": c.village("桥头村")} }, "form.unknown_field"},
			{func(r *Report) { r.Fields = map[string]any{"danger": "perhaps"} }, "form.type"},
			{func(r *Report) { r.Contact.Phone = "1380000\r\nBcc: x" }, "form.phone"},
			{func(r *Report) { r.Contact.Name = "a\r\nb" }, "form.characters"},
			{func(r *Report) { r.Photos = []string{"../etc/passwd"} }, "form.file"},
			{func(r *Report) { r.Photos = make([]string, maxPhotos+1) }, "form.too_many"},
			{func(r *Report) { r.Jurisdiction = "110000" }, "jurisdiction.unknown"},
			{func(r *Report) { r.HappenedAt = c.clock.Now().AddDate(0, 0, -9) }, "case.staff_only"}, // else it would be late at once
		} {
			r := c.rubbish()
			x.change(&r)
			if _, err := c.Report(ctx, nil, Origin{Addr: "192.0.2." + string(rune('1'+i%9)), UserAgent: strings.Repeat("x", i)}, r); code(err) != x.want {
				t.Errorf("%d: %v, want %s", i, err, x.want)
			}
		}
		for name, body := range map[string][]byte{"page.jpg": []byte("<html><script>alert(1)</script>"), "run.png": []byte("MZ\x90\x00"), "x.svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="x"/>`), "doc.jpg": []byte("%PDF-1.7\n%%EOF")} {
			if _, err := c.Upload(ctx, nil, phone, Upload{Key: uuid.NewString(), Name: name}, bytes.NewReader(body)); code(err) != "intake.file_type" {
				t.Errorf("%s: %v", name, err)
			}
		}
		for seconds, want := range map[int]string{59: "", 62: "", 63: "intake.recording_too_long"} { // a telephone overruns a little
			said := slices.Clone(webm)
			for at := range seconds + 1 {
				said = binary.BigEndian.AppendUint32(append(said, "\x1f\x43\xb6\x75\xff\xe7\x84"...), uint32(at*1000))
				said = append(said, "\xa3\x84\x81\x00\x00\x80"...)
			}
			if _, err := c.Upload(ctx, nil, phone, Upload{Key: uuid.NewString(), Name: "said.webm"}, bytes.NewReader(said)); code(err) != want {
				t.Errorf("a recording of %d seconds: %v", seconds, err)
			}
		}
		if _, err := c.Upload(ctx, nil, phone, Upload{Key: uuid.NewString(), Name: "a.jpg"}, bytes.NewReader(append(jpeg, make([]byte, MaxFile)...))); code(err) != "blob.too_large" {
			t.Errorf("too large: %v", err)
		}
		if _, err := c.Upload(ctx, nil, phone, Upload{Key: uuid.NewString(), Name: "a.jpg"}, bytes.NewReader(nil)); code(err) != "blob.empty" {
			t.Errorf("empty: %v", err)
		}
		n := 0
		must(t, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, db.SQL(`SELECT COUNT(*) FROM cases`), nil, &n)
		}))
		if n != 0 {
			t.Errorf("%d cases", n)
		}
	})
}

// Proposals come with reasons: the place that the text names, the class whose title it speaks
// of, the grade and whose duty it is. What is for the unsorted is no proposal.
func TestProposalsComeWithReasons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		p, err := c.Propose(ctx, nil, phone, Draft{Text: "北镇桥头边上有暴露垃圾，臭得很"})
		must(t, err)
		if len(p.Places) != 2 || p.Places[0].Name != "北镇桥头村" || p.Places[0].Named != "桥头" || p.Places[1].Name != "北镇" || p.Foreseen != nil {
			t.Errorf("%+v", p)
		}
		slip, err := c.Propose(ctx, nil, phone, Draft{Text: "我住桥斗村，河东村的垃圾没人收"})
		must(t, err)
		if len(slip.Places) != 2 || slip.Places[0].Name != "北镇河东村" || slip.Places[1].Name != "北镇桥头村" || slip.Places[1].Near != "桥斗村" || slip.Places[1].Named != "" {
			t.Errorf("a slip of the pen: %+v", slip.Places)
		}
		if len(p.Classes) == 0 || p.Classes[0].Class != "incident/sample:0102" || p.Classes[0].Probability < .99 || !slices.Contains(p.Classes[0].Words, "垃圾") {
			t.Errorf("%+v", p.Classes)
		}
		for _, x := range p.Classes {
			if strings.HasSuffix(x.Class, ":0000") {
				t.Error("the unsorted is proposed")
			}
		}
		p, err = c.Propose(ctx, nil, phone, Draft{Class: "incident/sample:0201", AreaID: c.village("河东村")})
		must(t, err)
		if f := p.Foreseen; f == nil || f.Severity != "3" || f.UnitName != "" {
			t.Errorf("nobody's duty: %+v", f)
		}
		p, err = c.Propose(ctx, nil, phone, Draft{Class: "incident/sample:0102", AreaID: c.village("河东村"), Fields: map[string]any{"danger": true}})
		must(t, err)
		if f := p.Foreseen; f == nil || f.Severity != "1" || f.SeverityWhy != "因为：危及人身安全" || f.UnitName != "North Waste" || f.UnitWhy == "" {
			t.Errorf("danger: %+v", f)
		}
		n := 0
		must(t, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, db.SQL(`SELECT COUNT(*) FROM cases`), nil, &n)
		}))
		if n != 0 {
			t.Errorf("%d cases were opened by looking", n)
		}
	})
}
