package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"gezhi/internal/classifier"
	"gezhi/internal/classify"
	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/web"
)

// classifierWork is what a verb of gezhi classifier was asked to do.
type classifierWork struct {
	cfg                          config.Config
	out                          io.Writer
	columns                      classify.Columns
	unlabelled, model, into      string
	jurisdiction, mapping        string
	cases                        bool
	folds, seeds, metres, withIn int
	files                        []string
}

// classifierCommand teaches and measures: gezhi classifier train | eval | duplicates | list | end.
func classifierCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	verbs := map[string]func(context.Context, *classifierWork) error{"train": trainClassifier, "eval": evalClassifier, "duplicates": evalDuplicates, "list": listModels, "end": endModel}
	usage := fault.New(fault.Invalid, "cli.usage_classifier")
	if len(args) == 0 || verbs[args[0]] == nil {
		return usage
	}
	w := &classifierWork{cfg: cfg, out: out}
	fs := flag.NewFlagSet("gezhi classifier "+args[0], flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&w.columns.Title, "title", "", "`column` of the titles; found by its usual headings")
	fs.StringVar(&w.columns.Text, "text", "", "`column` of the texts; found by its usual headings")
	fs.StringVar(&w.columns.Class, "class", "", "`column` of the classes; found by its usual headings")
	fs.StringVar(&w.unlabelled, "unlabelled", "", "CSV `file` of texts without a class, which help")
	fs.StringVar(&w.model, "model", "", "eval: judge this model `file` instead of cross-validating")
	fs.StringVar(&w.into, "out", "", "train: write the model to a `file`, and touch no database")
	fs.StringVar(&w.jurisdiction, "jurisdiction", cfg.Jurisdiction, "division `code`")
	fs.BoolVar(&w.cases, "cases", false, "train: learn from closed cases besides the file")
	fs.IntVar(&w.folds, "folds", 10, "eval: so many `folds`")
	fs.IntVar(&w.seeds, "seeds", 3, "eval: cut the folds in so many `ways`")
	fs.StringVar(&w.mapping, "mapping", "", "duplicates: `mapping` of a history, as for replay; without it a CSV file of texts")
	fs.IntVar(&w.metres, "metres", 50, "duplicates: how far apart, in `metres`")
	fs.IntVar(&w.withIn, "days", 3, "duplicates of a history: how long after, in `days`")
	files, err := anyOrder(fs, args[1:])
	if err == flag.ErrHelp {
		return err
	}
	if err != nil || len(files) > 1 || w.folds < 2 || w.seeds < 1 || w.metres < 0 || w.withIn < 0 {
		usage.Err = err
		return usage
	}
	w.files = files
	if (args[0] == "eval" || args[0] == "duplicates" || w.into != "") && len(files) == 0 {
		return usage
	}
	return verbs[args[0]](ctx, w)
}

// say prints a line of words.
func (w *classifierWork) say(code string, args map[string]any) {
	fmt.Fprintln(w.out, web.Say(language(), code, args))
}

// examples reads the file of the command, if there is one, and that without classes.
func (w *classifierWork) examples() (examples []classify.Example, texts []classify.Text, err error) {
	if len(w.files) > 0 {
		if examples, err = w.read(w.files[0], true); err != nil {
			return nil, nil, err
		}
	}
	if w.unlabelled == "" {
		return examples, nil, nil
	}
	more, err := w.read(w.unlabelled, false)
	for _, e := range more {
		texts = append(texts, e.Text)
	}
	return examples, texts, err
}

func (w *classifierWork) read(name string, labelled bool) ([]classify.Example, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	out, left, err := classify.ReadExamples(data, w.columns, labelled)
	if left > 0 {
		w.say("classifier.left_out", map[string]any{"file": name, "count": left})
	}
	return out, err
}

func trainClassifier(ctx context.Context, w *classifierWork) error {
	examples, texts, err := w.examples()
	if err != nil {
		return err
	}
	if w.into != "" {
		m, err := classify.Train(examples, texts)
		if err != nil {
			return err
		}
		data, err := m.Encode()
		if err != nil {
			return err
		}
		if err := os.WriteFile(w.into, data, 0o600); err != nil {
			return fault.Wrap(err, fault.Invalid, "cli.cannot_write")
		}
		w.say("classifier.written", map[string]any{"file": w.into, "bytes": len(data)})
		w.learnt(m.Examples, 0, m.Texts, m.Figures)
		return nil
	}
	a, err := New(ctx, w.cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	j, err := a.Jurisdictions.byCode(w.jurisdiction)
	if err != nil {
		return err
	}
	examples, unknown, err := a.inClasses(ctx, j.ID, examples)
	if err != nil {
		return err
	}
	if len(unknown) > 0 {
		w.say("classifier.unknown_classes", map[string]any{"names": strings.Join(unknown, ", ")})
	}
	x, err := a.Classifier.Learn(ctx, classifier.Lesson{Jurisdiction: j.ID, Cases: w.cases || len(w.files) == 0, Examples: examples, Texts: texts})
	if err != nil {
		return err
	}
	w.learnt(x.Examples, x.Cases, x.Texts, x.Figures)
	return nil
}

func (w *classifierWork) learnt(examples, cases, texts int, f classify.Figures) {
	w.say("classifier.learnt", map[string]any{"examples": examples, "cases": cases, "texts": texts, "classes": len(f.Classes)})
	w.figures("classifier.left_one_out", []classify.Figures{f})
}

// inClasses replaces what a file calls a class by the class: its id, its code or its title.
// What names no class, or several, is left out.
func (a *App) inClasses(ctx context.Context, jurisdiction string, examples []classify.Example) (kept []classify.Example, unknown []string, err error) {
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil {
		return nil, nil, err
	}
	by := map[string][]string{}
	for name, e := range packs {
		for i := range e.Pack.Classes {
			k := e.Class(e.Pack.Classes[i].Code)
			id := name + "/" + k.Scheme + ":" + k.Code
			for _, word := range called(id, k) {
				by[word] = append(by[word], id)
			}
		}
	}
	for _, e := range examples {
		if ids := by[e.Class]; len(ids) == 1 {
			e.Class = ids[0]
			kept = append(kept, e)
		} else if !slices.Contains(unknown, e.Class) {
			unknown = append(unknown, e.Class)
		}
	}
	return kept, unknown, nil
}

// called are the ways to name a class, each once.
func called(id string, k *pack.EffectiveClass) []string {
	out := []string{id, k.Code}
	for _, title := range k.Title {
		out = append(out, title)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func evalClassifier(_ context.Context, w *classifierWork) error {
	examples, texts, err := w.examples()
	if err != nil {
		return err
	}
	if w.model != "" {
		data, err := readFile(w.model)
		if err != nil {
			return err
		}
		m, err := classify.Decode(data)
		if err != nil {
			return err
		}
		var answers []classify.Answer
		for _, e := range examples {
			answers = append(answers, classify.Answer{Class: e.Class, Said: m.Say(e.Text, 3)})
		}
		f := classify.Judge(answers)
		w.figures("classifier.judged", []classify.Figures{f})
		w.perClass(f)
		return nil
	}
	var all []classify.Figures
	for seed := range w.seeds {
		f, err := classify.CrossValidate(examples, texts, w.folds, uint64(seed)+1)
		if err != nil {
			return err
		}
		all = append(all, f)
		w.figures("classifier.cut", all[seed:])
	}
	w.perClass(all[0])
	w.figures("classifier.cross_validated", all)
	return nil
}

// figures prints the mean of some figures, and how far they lie from it.
func (w *classifierWork) figures(code string, all []classify.Figures) {
	args := map[string]any{"texts": all[0].Texts}
	for name, of := range map[string]func(classify.Figures) float64{
		"accuracy":  func(f classify.Figures) float64 { return f.Accuracy },
		"f1":        func(f classify.Figures) float64 { return f.MacroF1 },
		"three":     func(f classify.Figures) float64 { return f.BestThree },
		"coverage":  func(f classify.Figures) float64 { return f.Filled },
		"precision": func(f classify.Figures) float64 { return f.Precision },
	} {
		var values []float64
		for _, f := range all {
			values = append(values, of(f))
		}
		mean, deviation := classify.Spread(values)
		args[name] = fmt.Sprintf("%.4f", mean)
		if len(all) > 1 {
			args[name] = fmt.Sprintf("%.4f ±%.4f", mean, deviation)
		}
	}
	fmt.Fprintln(w.out, web.Say(language(), code, args), web.Say(language(), "classifier.figures", args))
}

func (w *classifierWork) perClass(f classify.Figures) {
	for _, c := range f.Classes {
		w.say("classifier.of_class", map[string]any{"class": c.Class, "texts": c.Texts, "precision": fmt.Sprintf("%.3f", c.Precision), "recall": fmt.Sprintf("%.3f", c.Recall)})
	}
}

// models opens the database of the configuration for a verb about its models.
func (w *classifierWork) models(ctx context.Context, do func(a *App, jurisdiction string) error) error {
	a, err := New(ctx, w.cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	j, err := a.Jurisdictions.byCode(w.jurisdiction)
	if err != nil {
		return err
	}
	return do(a, j.ID)
}

func listModels(ctx context.Context, w *classifierWork) error {
	return w.models(ctx, func(a *App, jurisdiction string) error {
		all, err := a.Classifier.List(ctx, jurisdiction)
		for _, x := range all {
			code := "classifier.stored"
			if !x.EndedAt.IsZero() {
				code = "classifier.stored_ended"
			}
			w.figures(code, []classify.Figures{x.Figures})
			w.say("classifier.stored_of", map[string]any{"at": x.MadeAt.UTC().Format("2006-01-02 15:04 UTC"), "cases": x.Cases, "examples": x.Examples, "texts": x.Texts})
		}
		if err == nil && len(all) == 0 {
			w.say("classifier.none", nil)
		}
		return err
	})
}

func endModel(ctx context.Context, w *classifierWork) error {
	return w.models(ctx, func(a *App, jurisdiction string) error {
		if _, err := a.Classifier.End(ctx, jurisdiction, ""); err != nil {
			return err
		}
		w.say("classifier.ended", nil)
		return nil
	})
}
