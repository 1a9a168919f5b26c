package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gezhi/internal/db"
	"gezhi/internal/pack"
	"gezhi/internal/pack/shape"
)

// Broken is a story file that could not be read.
type Broken struct {
	File     string
	Problems []shape.Problem
}

// Stories reads every story in a folder and below it, in the order of their paths. Files
// without the key story are what other stories use; those below broken/ are broken packs
// and no stories.
func Stories(f fs.FS) ([]*Story, []Broken, error) {
	var stories []*Story
	var bad []Broken
	err := fs.WalkDir(f, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "broken" || strings.Contains(d.Name(), "@")):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".yaml":
			return nil
		}
		data, err := fs.ReadFile(f, name)
		if err != nil {
			return err
		}
		if !isStory.Match(data) {
			return nil
		}
		s, problems := Parse(name, data)
		if s != nil && s.Given.Use != "" {
			problems = s.use(f)
		}
		if len(problems) > 0 {
			bad = append(bad, Broken{name, problems})
			return nil
		}
		stories = append(stories, s)
		return nil
	})
	return stories, bad, err
}

var isStory = regexp.MustCompile(`(?m)^["']?story["']?\s*:`)

// use reads the given of another file before the story's own.
func (s *Story) use(f fs.FS) []shape.Problem {
	name := path.Join(path.Dir(s.File), s.Given.Use)
	data, err := fs.ReadFile(f, name)
	if err != nil {
		beside, _ := fs.Glob(f, path.Join(path.Dir(s.File), "*.yaml"))
		for i := range beside {
			beside[i] = path.Base(beside[i])
		}
		return []shape.Problem{{Code: "story.unknown_file", File: s.File, Line: s.Line, Args: map[string]any{"name": s.Given.Use},
			Suggestion: shape.Suggest(s.Given.Use, beside)}}
	}
	base, problems := ParseGiven(name, data)
	if len(problems) > 0 {
		return problems
	}
	s.Given = base.over(s.Given)
	return nil
}

// over lays what a story gives over what it uses.
func (g Given) over(s Given) Given {
	s.Areas = slices.Concat(g.Areas, s.Areas)
	for _, p := range g.People {
		if !slices.ContainsFunc(s.People, func(q Person) bool { return q.ID == p.ID }) {
			s.People = append(s.People, p)
		}
	}
	s.Units = slices.Concat(g.Units, s.Units)
	s.Records, s.Relations = slices.Concat(g.Records, s.Records), slices.Concat(g.Relations, s.Relations)
	s.Tables = slices.Concat(s.Tables, g.Tables)
	s.Absent, s.Roster = slices.Concat(g.Absent, s.Absent), slices.Concat(g.Roster, s.Roster)
	s.Duty = slices.Concat(s.Duty, g.Duty)
	s.Budgets = slices.Concat(g.Budgets, s.Budgets)
	if len(s.Holidays)+len(s.Workdays) == 0 {
		s.Holidays, s.Workdays = g.Holidays, g.Workdays
	}
	if s.Overlay == "" {
		s.Overlay = g.Overlay
	}
	return s
}

// Fresh gives a fresh, migrated database and what drops it.
type Fresh func(ctx context.Context) (d *db.DB, drop func(), err error)

// SQLite makes databases in files of a temporary folder, copies of one that was migrated
// once. done removes them all.
func SQLite(ctx context.Context) (fresh Fresh, done func(), err error) {
	dir, err := os.MkdirTemp("", "gezhi-stories")
	if err != nil {
		return nil, nil, err
	}
	done = func() { os.RemoveAll(dir) }
	first := filepath.Join(dir, "first.db")
	d, err := db.Open(ctx, first)
	if err == nil {
		err = d.Migrate(ctx)
		d.Close()
	}
	var empty []byte
	if err == nil {
		empty, err = os.ReadFile(first)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	n := 0
	return func(ctx context.Context) (*db.DB, func(), error) {
		n++
		sub := filepath.Join(dir, fmt.Sprint(n))
		if err := os.Mkdir(sub, 0o700); err != nil {
			return nil, nil, err
		}
		file := filepath.Join(sub, "story.db")
		if err := os.WriteFile(file, empty, 0o600); err != nil {
			return nil, nil, err
		}
		d, err := db.Open(ctx, file)
		if err != nil {
			return nil, nil, err
		}
		return d, func() { d.Close(); os.RemoveAll(sub) }, nil
	}, done, nil
}

// Suite is what Test runs.
type Suite struct {
	Pack    fs.FS                 // the folder of the pack
	Stories fs.FS                 // where its stories lie; nil: the pack's own
	Core    *pack.Pack            // gives the life of tasks
	Others  map[string]*pack.Pack // packs that it may need, by name
	Fresh   Fresh                 // SQLite when nil
	Run     *regexp.Regexp        // names or files of the stories to run; nil: all
	Lang    string                // of the messages, "zh" or "en"
	Verbose bool                  // print the timeline of passed stories too
	// Tell hears how each story went, as soon as it did; nil: nobody.
	Tell func(Outcome)
}

// Outcome is how one story went.
type Outcome struct {
	File, Name string
	Text       string // why it failed; "": it passed
}

func (s Suite) tell(file, name, text string) {
	if s.Tell != nil {
		s.Tell(Outcome{file, name, strings.TrimRight(text, "\n")})
	}
}

// Test runs the stories of a pack and prints what failed, with the timeline and the first
// difference, and, when all are told, the conditions that no story has made both true and
// false. Its last line is "N passed, N failed". A pack or a story that cannot be read
// counts as failed.
func Test(ctx context.Context, s Suite, out io.Writer) (passed, failed int) {
	defer func() { fmt.Fprintf(out, "%d passed, %d failed\n", passed, failed) }()
	fail := func(text string) {
		failed++
		fmt.Fprintln(out, "FAIL", strings.TrimRight(text, "\n"))
	}
	main, report := pack.Load(s.Pack)
	if main == nil {
		fail(report.Text(s.Lang))
		return
	}
	if s.Stories == nil {
		if s.Stories, _ = fs.Sub(s.Pack, "stories"); s.Stories == nil {
			return
		}
	}
	stories, bad, err := Stories(s.Stories)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		fail(err.Error())
		return
	}
	for _, b := range bad {
		fail(b.Text(s.Lang))
		s.tell(b.File, b.File, b.Text(s.Lang))
	}
	if s.Fresh == nil {
		fresh, done, err := SQLite(ctx)
		if err != nil {
			fail(err.Error())
			return
		}
		defer done()
		s.Fresh = fresh
	}
	proof := Prove(main.Name)
	packs := Packs{Main: main, Core: s.Core, Others: s.Others, Root: s.Pack, Files: s.Stories}
	for _, x := range stories {
		if s.Run != nil && !s.Run.MatchString(x.Name) && !s.Run.MatchString(x.File) {
			continue
		}
		if ctx.Err() != nil {
			fail(ctx.Err().Error())
			return
		}
		text := s.one(ctx, x, packs, proof)
		s.tell(x.File, x.Name, text)
		if text != "" {
			fail(text)
		} else {
			passed++
		}
	}
	passed += s.broken(main, fail)
	if passed+failed == 0 {
		if s.Run != nil { // a mistyped pattern must not look like success
			fail(say(s.Lang, "story.none_fits", map[string]any{"pattern": s.Run}))
		} else {
			fmt.Fprintln(out, say(s.Lang, "story.none", nil))
		}
	}
	if s.Run == nil && failed == 0 && passed > 0 {
		proof.tell(main, s.Lang, out)
	}
	return
}

// broken spoils the pack as its stories/broken/ say, and counts what the check caught.
func (s Suite) broken(p *pack.Pack, fail func(string)) (caught int) {
	all, report := pack.BrokenOf(p)
	if !report.OK() {
		fail(report.Text(s.Lang))
	}
	others := slices.Collect(maps.Values(s.Others))
	for _, b := range all {
		if s.Run != nil && !s.Run.MatchString(b.Name) && !s.Run.MatchString(b.File) {
			continue
		}
		if report, ok := b.Caught(p, others...); ok {
			caught++
			s.tell(b.File, b.Name, "")
		} else {
			code := "story.not_caught"
			if report.OK() {
				code = "story.nothing_caught"
			}
			text := fmt.Sprintf("%s: %s: %s\n%s", b.File, b.Name, say(s.Lang, code, map[string]any{"check": b.Check}), report.Text(s.Lang))
			s.tell(b.File, b.Name, text)
			fail(text)
		}
	}
	return caught
}

// one runs one story; the text says why it failed.
func (s Suite) one(ctx context.Context, x *Story, packs Packs, proof *Proof) string {
	d, drop, err := s.Fresh(ctx)
	if err != nil {
		return x.File + ": " + err.Error()
	}
	defer drop()
	r := Run(ctx, d, x, packs, Options{Timeline: s.Verbose, Proof: proof})
	if r.Passed() {
		return ""
	}
	return r.Text(s.Lang)
}

// Text prints a result: the name of the story, its timeline, and the first difference.
func (r Result) Text(lang string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s\n%s", r.Story.File, r.Story.Name, r.Timeline)
	if r.Diff != nil {
		fmt.Fprintln(&b, r.Diff.Text(lang))
	}
	return b.String()
}

// Text says what is wrong with a story file.
func (b Broken) Text(lang string) string {
	var out strings.Builder
	for _, p := range b.Problems {
		fmt.Fprintf(&out, "%s: %s [%s]\n%s", p.Place(), say(lang, p.Code, p.Args), p.Code, p.Quoted())
		if p.Suggestion != "" {
			fmt.Fprintf(&out, "    %s\n", pack.Say(lang, "pack.did_you_mean", map[string]any{"word": p.Suggestion}))
		}
	}
	return out.String()
}
