package pack

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gezhi/internal/pack/shape"
)

// maxFiles and maxBytes bound a pack's folder.
const (
	maxFiles = 2000
	maxBytes = 32 << 20
)

// Load reads the pack in the root of f. The pack is nil when a file could not be read or
// does not have its shape; the report then says why. A pack that was read may still be
// refused by Check, which Load does not call.
func Load(f fs.FS) (*Pack, Report) {
	files, report := readFiles(f)
	if len(report.Problems) > 0 {
		return nil, report
	}
	return fromFiles(files)
}

// LoadFiles is Load for files that were read already, by their paths below the folder.
func LoadFiles(files map[string][]byte) (*Pack, Report) { return fromFiles(files) }

// Decoded files, or those of a folder.
func fromFiles(files map[string][]byte) (p *Pack, report Report) {
	p = &Pack{files: files, docs: map[string]*shape.Node{}, words: map[string]*shape.Node{}}
	report.files = files
	if files["pack.yaml"] == nil {
		report.add(shape.Problem{Code: "pack.no_pack_yaml"})
	}
	p.parse(&report)
	if len(report.Problems) > 0 {
		return nil, report
	}
	defer func() {
		if r := recover(); r != nil {
			p = nil
			report.add(shape.Problem{Code: "pack.internal"})
		}
	}()
	p.readPack(p.docs["pack.yaml"])
	p.readClasses(p.docs["classes.yaml"])
	p.readLives(p.docs["lives.yaml"])
	p.readRecords(p.docs["records.yaml"])
	p.readPoints(p.docs["points.yaml"])
	p.Duty = readDuty(p.docs["duty.yaml"])
	return p, report
}

// readFiles takes what belongs to a pack: the YAML files, words, README, stories and demo.
func readFiles(f fs.FS) (map[string][]byte, Report) {
	files, report, total := map[string][]byte{}, Report{}, 0
	err := fs.WalkDir(f, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := path.Base(name); name != "." && strings.HasPrefix(base, ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		if !d.Type().IsRegular() {
			report.add(shape.Problem{Code: "pack.not_a_file", File: name})
			return nil
		}
		data, err := fs.ReadFile(f, name)
		if err != nil {
			return err
		}
		if total += len(data); total > maxBytes || len(files) >= maxFiles {
			return errTooLarge
		}
		files[name] = data
		return nil
	})
	switch {
	case errors.Is(err, errTooLarge):
		report.add(shape.Problem{Code: "pack.too_large", Args: map[string]any{"files": maxFiles, "bytes": maxBytes}})
	case err != nil:
		report.add(shape.Problem{Code: "pack.unreadable", Args: map[string]any{"message": err.Error()}})
	}
	report.files = files
	return files, report
}

var errTooLarge = errors.New("pack too large")

// parse reads every YAML file of the pack itself into trees and checks their shapes.
func (p *Pack) parse(report *Report) {
	shapes := fileShapes()
	for _, name := range sortedKeys(p.files) {
		dir, base := path.Split(name)
		switch {
		case dir == "words/" && strings.HasSuffix(base, ".yaml"):
			if n := p.tree(name, shapes["words.yaml"], report); n != nil {
				p.words[strings.TrimSuffix(base, ".yaml")] = n
			}
		case dir == "" && slices.Contains(laterFiles, base):
			report.add(shape.Problem{Code: "pack.not_yet", File: name, Line: 1, Args: map[string]any{"word": base}})
		case dir == "" && strings.HasSuffix(base, ".yaml"):
			s := shapes[base]
			if s == nil || base == "words.yaml" || base == "overlay.yaml" {
				report.add(shape.Problem{Code: "pack.unknown_file", File: name, Suggestion: shape.Suggest(base, []string{"pack.yaml", "classes.yaml", "lives.yaml", "records.yaml", "duty.yaml", "points.yaml"})})
				continue
			}
			p.docs[base] = p.tree(name, s, report)
		case strings.HasSuffix(base, ".yml"):
			report.add(shape.Problem{Code: "pack.unknown_file", File: name, Suggestion: strings.TrimSuffix(base, ".yml") + ".yaml"})
		}
	}
}

func (p *Pack) tree(name string, s *shape.Shape, report *Report) *shape.Node {
	n, problems := shape.Read(p.files[name])
	if n != nil && len(problems) == 0 {
		problems = s.Check(n)
		if f := n.Get("format"); f != nil && f.Text != "1" && f.Kind == shape.Scalar {
			problems = append(problems, shape.Problem{Code: "pack.format", Line: f.Line, Col: f.Col})
		}
	}
	for _, q := range problems {
		q.File = name
		report.add(q)
	}
	return n
}
