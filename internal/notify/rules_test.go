package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/worktime"
)

func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02T15:04", text, clock.CST)
	if err != nil {
		panic(err)
	}
	return t
}

// Nights, days off and holidays are quiet; a Saturday that makes up for a holiday is not.
func TestQuietHours(t *testing.T) {
	p := DefaultPolicy(worktime.Default())
	for text, quiet := range map[string]bool{
		"2026-03-03T02:00": true,  // Tuesday night
		"2026-03-03T07:29": true,  // one minute too early
		"2026-03-03T07:30": false, // the office day begins
		"2026-03-03T20:59": false,
		"2026-03-03T21:00": true,
		"2026-03-07T10:00": true,  // Saturday
		"2026-02-17T10:00": true,  // first day of the Spring Festival, a Tuesday
		"2026-02-14T10:00": false, // make-up Saturday before it
	} {
		if p.IsQuiet(at(text)) != quiet {
			t.Errorf("%s: quiet is %v", text, !quiet)
		}
	}
	p.Quiet = Quiet{12 * 60, 14 * 60} // within the day
	if p.IsQuiet(at("2026-03-03T02:00")) || !p.IsQuiet(at("2026-03-03T13:00")) || p.IsQuiet(at("2026-03-03T14:00")) {
		t.Error("quiet hours within the day are not kept")
	}
	p.Quiet = Quiet{8 * 60, 8 * 60}
	if p.IsQuiet(at("2026-03-03T08:00")) || p.IsQuiet(at("2026-03-03T23:00")) {
		t.Error("quiet hours without length are quiet")
	}
}

// The digest goes out when the quiet hours of the next working day end.
func TestMorning(t *testing.T) {
	p := DefaultPolicy(worktime.Default())
	for now, want := range map[string]string{
		"2026-03-03T02:00": "2026-03-03T07:30", // the same morning
		"2026-03-03T10:00": "2026-03-04T07:30",
		"2026-03-03T07:30": "2026-03-04T07:30", // the morning itself is over
		"2026-03-06T18:00": "2026-03-09T07:30", // Friday evening to Monday
		"2026-02-13T18:00": "2026-02-14T07:30", // Friday evening to a make-up Saturday
		"2026-02-14T18:00": "2026-02-24T07:30", // over the Spring Festival
	} {
		if got := p.Morning(at(now)); !got.Equal(at(want)) {
			t.Errorf("%s: the morning is %s, want %s", now, got.In(clock.CST), want)
		}
	}
}

// The morning is never in the past, and never within the quiet hours.
func TestMorningIsToCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := DefaultPolicy(worktime.Default())
		p.Quiet = Quiet{worktime.TimeOfDay(rapid.IntRange(0, 1439).Draw(t, "from")), worktime.TimeOfDay(rapid.IntRange(0, 1439).Draw(t, "until"))}
		now := time.UnixMilli(rapid.Int64Range(at("2025-01-01T00:00").UnixMilli(), at("2027-12-31T00:00").UnixMilli()).Draw(t, "now"))
		m := p.Morning(now)
		if !m.After(now) || p.IsQuiet(m) || m.Sub(now) > 15*24*time.Hour {
			t.Fatalf("now %s, quiet %v: morning %s", now, p.Quiet, m)
		}
	})
}

var usualKinds = func(c string) kind {
	switch c {
	case InAppName, "email":
		return silent
	case DigestName:
		return later
	case "sms", CallName, "wecom":
		return aloud
	}
	return missing
}

// At night only what wakes makes a sound; the rest is shown and gathered.
func TestPlan(t *testing.T) {
	for _, x := range []struct {
		says  string
		n     Notice
		quiet bool
		want  []string
	}{
		{"what wakes sounds at night", Notice{Wakes: true, Event: "opened", Fallback: []string{"in_app", "sms", "call"}}, true, []string{"in_app", "sms"}},
		{"and by day", Notice{Wakes: true, Event: "opened", Fallback: []string{"in_app", "sms", "call"}}, false, []string{"in_app", "sms"}},
		{"the rest waits at night", Notice{Event: "opened", Fallback: []string{"in_app", "sms"}}, true, []string{"in_app", "digest"}},
		{"and sounds by day", Notice{Event: "opened", Fallback: []string{"in_app", "sms"}}, false, []string{"in_app", "sms"}},
		{"a closed case wakes nobody", Notice{Wakes: true, Event: EventClosed, Fallback: []string{"in_app", "sms"}}, true, []string{"in_app", "digest"}},
		{"nor does an answered one", Notice{Wakes: true, Event: EventAnswered, Fallback: []string{"sms"}}, true, []string{"digest"}},
		{"a digest cannot wake", Notice{Wakes: true, Event: "opened", Fallback: []string{"digest", "sms"}}, true, []string{"sms"}},
		{"a channel that is not there is passed over", Notice{Wakes: true, Event: "opened", Fallback: []string{"pager", "call"}}, true, []string{"call"}},
		{"without any channel the inbox is left", Notice{Event: "opened", Fallback: []string{"pager"}}, false, []string{"in_app"}},
	} {
		x.n.Fallback = usable(x.n, usualKinds)
		if got, _ := plan(x.n, 0, x.quiet, usualKinds); !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", x.says, got, x.want)
		}
	}
}

// The stages of an order try every channel once, in its order, and each but the last ends
// with a sound.
func TestStagesTryEverythingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := distinct(rapid.SliceOfN(rapid.SampledFrom([]string{"in_app", "email", "sms", "call", "wecom"}), 1, 8).Draw(t, "order"))
		var tried []string
		n := 0
		for from := 0; from < len(order); n++ {
			var channels []string
			channels, from = stage(order, from, usualKinds)
			if len(channels) == 0 {
				t.Fatal("an empty stage")
			}
			if from < len(order) && usualKinds(channels[len(channels)-1]) != aloud {
				t.Fatalf("%v waits for a channel without a sound: %v", order, channels)
			}
			tried = append(tried, channels...)
		}
		if !slices.Equal(tried, order) || n != stages(order, usualKinds) {
			t.Fatalf("%v was tried as %v in %d stages of %d", order, tried, n, stages(order, usualKinds))
		}
	})
}

// The channels share the time until the turn passes on; nobody is given less than a minute.
func TestPause(t *testing.T) {
	p, now := DefaultPolicy(worktime.Default()), at("2026-03-03T02:00")
	for _, x := range []struct {
		until time.Time
		want  time.Duration
	}{{time.Time{}, 5 * time.Minute}, {now.Add(10 * time.Minute), 5 * time.Minute}, {now.Add(30 * time.Minute), 15 * time.Minute}, {now.Add(time.Minute), time.Minute}, {now.Add(-time.Hour), time.Minute}} {
		if got := p.pause(Notice{AckUntil: x.until}, now, 2); got != x.want {
			t.Errorf("until %s: %s, want %s", x.until, got, x.want)
		}
	}
}

// The delay grows to an hour and stays there.
func TestBackoff(t *testing.T) {
	before := time.Duration(0)
	for i := 1; i < 40; i++ {
		d := backoff(i)
		if d < before || d > time.Hour {
			t.Fatalf("after %d tries %s", i, d)
		}
		before = d
	}
	if backoff(1) != 2*time.Second || before != time.Hour {
		t.Fatal(backoff(1), before)
	}
}

// A policy is read as it is written; what is none is refused.
func TestParsePolicy(t *testing.T) {
	p, err := ParsePolicy([]byte(`{"quiet": {"from": "22:00", "until": "6:00"}, "wait": "3m", "digest_by": ["sms", "in_app"]}`), worktime.Default())
	if err != nil || p.Quiet != (Quiet{22 * 60, 6 * 60}) || p.Wait != 3*time.Minute || !slices.Equal(p.DigestBy, []string{"sms", "in_app"}) {
		t.Fatal(p, err)
	}
	for _, bad := range []string{``, `{}`, `{"wait": "3m"}`, `{"wait": "1s", "digest_by": ["sms"]}`, `{"wait": "3m", "digest_by": ["digest"]}`, `{"quiet": {"from": "25:00"}, "wait": "3m", "digest_by": ["sms"]}`} {
		if _, err := ParsePolicy([]byte(bad), worktime.Default()); fault.CodeOf(err) != "notify.bad_policy" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A county's file changes what it names and nothing else; each thing wrong in it is named with
// its line.
func TestACountysPolicy(t *testing.T) {
	text, err := ReadPolicy([]byte("quiet: { from: 20:00, until: 06:30 }\ndigest: 08:15\nwait: 3m\ndigest_by: [sms, in_app]\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := DefaultPolicy(worktime.Default()).With(text)
	if err != nil || p.Quiet != (Quiet{20 * 60, 6*60 + 30}) || *p.Digest != 8*60+15 || p.Wait != 3*time.Minute || !slices.Equal(p.DigestBy, []string{"sms", "in_app"}) {
		t.Fatal(p, err)
	}
	if got := p.Morning(at("2026-03-06T18:00")); !got.Equal(at("2026-03-09T08:15")) || p.IsQuiet(at("2026-03-03T07:00")) || !p.IsQuiet(at("2026-03-03T20:30")) {
		t.Error(got)
	}
	if text, err = ReadPolicy([]byte("wait: 10m")); err != nil {
		t.Fatal(err)
	}
	usual := DefaultPolicy(worktime.Default())
	if p, err = usual.With(text); err != nil || p.Wait != 10*time.Minute || p.Quiet != usual.Quiet || p.Digest != nil || !slices.Equal(p.DigestBy, usual.DigestBy) {
		t.Error(p, err)
	}
	for file, want := range map[string]string{
		"":                                     "0  notify.bad_yaml",
		"wait: [":                              "1  notify.bad_yaml",
		"sound: loud":                          "1 sound notify.unknown_key",
		"wait: 30s":                            "1 wait notify.bad_wait",
		"\nwait: soon":                         "2 wait notify.bad_wait",
		"digest: 8 o'clock":                    "1 digest worktime.bad_time",
		"quiet: { from: 21:00 }":               "1 quiet worktime.bad_time",
		"quiet: { from: 25:00, until: 07:00 }": "1 from worktime.bad_time",
		"quiet: { at: 21:00 }":                 "1 quiet.at notify.unknown_key",
		"digest_by: [pigeon]":                  "1 digest_by notify.bad_digest_channel",
		"digest_by: [digest]":                  "1 digest_by notify.bad_digest_channel",
		"digest: 03:00":                        "",
	} {
		_, err := ReadPolicy([]byte(file))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "notify.bad_policy" {
			t.Errorf("%q: %v", file, err)
			continue
		}
		got := ""
		if len(f.At) > 0 {
			got = fmt.Sprint(f.At[0].Line, " ", f.At[0].Path, " ", f.At[0].Code)
		}
		if got != want && want != "0  notify.bad_yaml" {
			t.Errorf("%q: %s, want %s", file, got, want)
		}
	}
}

// Whatever file is read makes a policy, or is refused with its own code.
func FuzzReadPolicy(f *testing.F) {
	for _, s := range []string{"quiet: { from: 20:00, until: 06:30 }\ndigest: 08:15", "wait: 3m", "digest_by: [sms]", "quiet: {}", "quiet: 3", "digest: { a: b }", "- a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := ReadPolicy(data)
		if err != nil {
			if fault.CodeOf(err) != "notify.bad_policy" {
				t.Fatal(err)
			}
			return
		}
		if _, err := DefaultPolicy(worktime.Default()).With(text); err != nil {
			t.Fatalf("%q makes %s: %v", data, text, err)
		}
	})
}

// Whatever a title holds, what is shown is one short line without anybody's number.
func TestTitlesAreMadeSafe(t *testing.T) {
	for in, want := range map[string]string{
		"暴露垃圾":             "暴露垃圾",
		"路灯\r\nBcc: x@y.z": "路灯 Bcc: x@y.z",
		"call 13800000000": "call ***********",
		"GB 34300":         "GB 34300",
	} {
		if got := safe(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		got := safe(rapid.String().Draw(t, "title"))
		digits := 0
		for _, r := range got {
			if digits++; !unicode.IsDigit(r) {
				digits = 0
			}
			if unicode.IsControl(r) || digits >= tooLong {
				t.Fatalf("%q", got)
			}
		}
		if len([]rune(got)) > maxTitle {
			t.Fatalf("%d characters", len([]rune(got)))
		}
	})
}

// A notice, alone or in a digest, calls the class by its name in the reader's language, and by
// the one that everybody knows where it has none.
func TestAClassIsCalledInTheReadersLanguage(t *testing.T) {
	n := Notice{Number: "N-1", Title: "暴露垃圾", Titles: Titles{"zh": "暴露垃圾", "en": "exposed rubbish"}, Event: "assigned"}
	digest := Notice{Event: eventDigest, Lines: []Line{{Number: n.Number, Title: n.Title, Titles: n.Titles, Event: n.Event}}}
	for lang, want := range map[string]string{"zh": "暴露垃圾", "en": "exposed rubbish", "": "暴露垃圾"} {
		for _, x := range []Notice{n, digest} {
			if _, text, _ := compose(lang, x, ""); !strings.Contains(text, want) {
				t.Errorf("%q: %s", lang, text)
			}
		}
	}
	n.Titles = Titles{"zh": "暴露垃圾"}
	if _, text, _ := compose("en", n, ""); !strings.Contains(text, "暴露垃圾") {
		t.Error(text)
	}
}

// A message has number, class, deadline and link, and nothing else of the case.
func TestWordsOfAMessage(t *testing.T) {
	n := Notice{Number: "YH-2026-000123", Title: "暴露垃圾", Event: "assigned", DueAt: at("2026-03-04T17:30")}
	for lang, want := range map[string]string{
		"zh": "待您办理：暴露垃圾（YH-2026-000123），期限3月4日 17:30 https://gezhi.example/c/1",
		"en": "Yours to handle: 暴露垃圾 (YH-2026-000123), due 4 Mar 17:30 https://gezhi.example/c/1",
		"fr": "待您办理：暴露垃圾（YH-2026-000123），期限3月4日 17:30 https://gezhi.example/c/1",
	} {
		if _, got, _ := compose(lang, n, "https://gezhi.example/c/1"); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
	n.DueAt, n.Event = time.Time{}, "of_a_pack"
	if subject, got, _ := compose("zh", n, ""); got != "有新进展：暴露垃圾（YH-2026-000123）" || subject != "有新进展：YH-2026-000123" {
		t.Error(subject, got)
	}
	n.Title = "{link}"
	if _, got, _ := compose("zh", n, "L"); got != "有新进展：{link}（YH-2026-000123） L" {
		t.Errorf("a value was read as a template: %s", got)
	}
}

// A digest names its count, the first lines, and how many more there are.
func TestWordsOfADigest(t *testing.T) {
	n := Notice{Event: eventDigest}
	for range 25 {
		n.Lines = append(n.Lines, Line{Number: "N", Title: "井盖", Event: "opened"})
	}
	_, text, _ := compose("zh", n, "")
	lines := strings.Split(text, "\n")
	if len(lines) != 1+maxLines+1 || lines[0] != "您有25条提醒：" || lines[1] != "N 井盖：新事件" || lines[len(lines)-1] != "另有5条，请登录查看" {
		t.Fatal(text)
	}
}

// Both languages have words for the same things, with the same values in them.
func TestLanguagesAgree(t *testing.T) {
	names := func(s string) (all []string) {
		for _, part := range strings.Split(s, "{")[1:] {
			name, _, _ := strings.Cut(part, "}")
			all = append(all, name)
		}
		slices.Sort(all)
		return all
	}
	zh, en := wordList()["zh"], wordList()["en"]
	if a, b := slices.Sorted(maps.Keys(zh)), slices.Sorted(maps.Keys(en)); !slices.Equal(a, b) {
		t.Fatalf("%v\n%v", a, b)
	}
	for k := range zh {
		if !slices.Equal(names(zh[k]), names(en[k])) {
			t.Errorf("%s: %q and %q", k, zh[k], en[k])
		}
	}
}

func TestANoticeIsRead(t *testing.T) {
	want := Notice{ID: "i", Jurisdiction: "j", Case: "c", Event: "opened", People: []string{"a", "b"}, Fallback: []string{"sms"}, DueAt: at("2026-03-04T17:30").UTC()}
	body, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseNotice(body, "other", "other")
	if err != nil || got.ID != "i" || got.Jurisdiction != "j" || !got.DueAt.Equal(want.DueAt) || !slices.Equal(got.People, want.People) {
		t.Fatal(got, err)
	}
	if got, err = parseNotice([]byte(`{"event":"opened","people":["a","a"]}`), "m", "j"); err != nil || got.ID != "m" || len(got.People) != 1 {
		t.Fatal(got, err)
	}
	for _, bad := range []string{``, `null`, `[]`, `{}`, `{"event":"opened"}`, `{"event":"opened","people":[""]}`, `{"event":"digest","people":["a"]}`, `{"people":["a"]}`, `{"event":"opened","people":["a"],"due_at":"tomorrow"}`} {
		if _, err := parseNotice([]byte(bad), "m", "j"); fault.CodeOf(err) != "notify.bad_notice" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Whatever comes out of the outbox is read as a notice with people and an event, or refused.
func FuzzParseNotice(f *testing.F) {
	f.Add([]byte(`{"id":"i","jurisdiction":"j","case":"c","number":"n","title":"t","event":"opened","severity":1,"wakes":true,"fallback":["in_app","sms"],"people":["p"],"due_at":"2026-03-04T09:30:00Z"}`))
	f.Add([]byte(`{"event":"x","people":[null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := parseNotice(body, "m", "j")
		if err != nil {
			if fault.CodeOf(err) != "notify.bad_notice" {
				t.Fatal(err)
			}
			return
		}
		if n.ID == "" || n.Event == "" || len(n.People) == 0 || slices.Contains(n.People, "") {
			t.Fatalf("%+v", n)
		}
		if _, text, _ := compose("zh", n, ""); strings.ContainsAny(text, "\r\n") {
			t.Fatalf("%q", text)
		}
	})
}

// Whatever a gateway answers is a receipt or a failure with a code.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"Code":"OK","BizId":"1"}`))
	f.Add([]byte(`<html>`))
	f.Add([]byte(`{"Code":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a := Answer{Field: "Code", Success: "OK", Refused: []string{"bad"}, Ref: "BizId"}
		if _, err := a.read(body); err != nil && fault.CodeOf(err) == "" {
			t.Fatal(err)
		}
	})
}

// What stands between braces is a value if there is one of that name, and else stays as it is.
func TestWhoIsToldHearsByWhichAction(t *testing.T) {
	n := Notice{Number: "T1", Title: "认领", Event: EventTold, Did: Titles{"zh": "审核给分"}}
	for lang, want := range map[string]string{"zh": "审核给分：认领（T1）", "en": fill(wordList()["en"]["message"], map[string]string{"event": wordList()["en"]["event.told"], "title": "认领", "number": "T1", "due": "", "link": ""})} {
		if _, got, _ := compose(lang, n, ""); got != want {
			t.Errorf("%s: %q and not %q", lang, got, want)
		}
	}
	n = Notice{Event: eventDigest, Lines: []Line{{Number: "T1", Title: "认领", Event: EventTold, Did: n.Did}}}
	if _, got, _ := compose("zh", n, ""); !strings.Contains(got, "审核给分") {
		t.Errorf("a digest says %q", got)
	}
}

func TestATemplateIsFilledInOnePass(t *testing.T) {
	values := map[string]string{"a": "{b}", "b": "x"}
	for template, want := range map[string]string{"": "", "plain": "plain", "{a} {b}": "{b} x", "{c}{b}": "{c}x", "{a": "{a", "{{b}}": "{x}", "{": "{"} {
		if got := fill(template, values); got != want {
			t.Errorf("%q: %q and not %q", template, got, want)
		}
	}
}
