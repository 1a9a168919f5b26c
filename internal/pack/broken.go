package pack

import (
	"bytes"
	"maps"
	"strings"

	"gezhi/internal/pack/shape"
)

// Broken is a patch that spoils a good pack, and the check that must catch it: the proof
// that a rule works. Files lie in stories/broken/.
type Broken struct {
	File  string
	Name  string
	Check string // the code that must be found
	Base  string // for samples outside a pack: the pack that is spoilt
	Patch []Patch
}

// Patch changes one file of a pack: replaces a text that must be there once or more, adds
// to its end, or removes it.
type Patch struct {
	File          string
	Replace, With string
	Append        string
	Remove        bool
	line          int
}

var brokenShape = obj("a broken pack", need("broken", text), need("check", matching("a code", `^[a-z]+\.[a-z_]+$`, "pack.bad_name")), opt("base", text),
	need("patch", list(obj("", need("file", text), opt("replace", text), opt("with", &shape.Shape{Alt: &shape.Alternatives{Scalar: &shape.Shape{Free: true}}}), opt("append", text), opt("remove", yesNo)))))

// ParseBroken reads a broken story.
func ParseBroken(file string, data []byte) (*Broken, Report) {
	report := Report{files: map[string][]byte{file: data}}
	n, problems := shape.Read(data)
	if n != nil && len(problems) == 0 {
		problems = brokenShape.Check(n)
	}
	for _, p := range problems {
		p.File = file
		report.add(p)
	}
	if !report.OK() {
		return nil, report
	}
	b := &Broken{File: file, Name: readText(n.Get("broken")), Check: readText(n.Get("check")), Base: readText(n.Get("base"))}
	b.Patch = each(n.Get("patch").Items, func(n *shape.Node) Patch {
		return Patch{readText(n.Get("file")), readText(n.Get("replace")), readText(n.Get("with")), readText(n.Get("append")), readBool(n.Get("remove")), n.Line}
	})
	return b, report
}

// BrokenOf reads the broken stories of a pack, in the order of their names.
func BrokenOf(p *Pack) ([]*Broken, Report) {
	var out []*Broken
	all := Report{files: p.files}
	for _, name := range sortedKeys(p.files) {
		if !strings.HasPrefix(name, "stories/broken/") || !strings.HasSuffix(name, ".yaml") {
			continue
		}
		b, report := ParseBroken(name, p.files[name])
		if b != nil {
			out = append(out, b)
		}
		all.Problems = append(all.Problems, report.Problems...)
	}
	return out, all
}

// Caught spoils p and tells whether the check was found, with the report that should have
// it. A patch that changes nothing is pack.patch_misses in that report.
func (b *Broken) Caught(p *Pack, others ...*Pack) (Report, bool) {
	files := maps.Clone(p.files)
	report := Report{files: files}
	for _, x := range b.Patch {
		switch {
		case x.Remove:
			delete(files, x.File)
		case x.Append != "":
			files[x.File] = append(bytes.Clone(files[x.File]), x.Append...)
		case x.Replace != "" && bytes.Contains(files[x.File], []byte(x.Replace)):
			files[x.File] = []byte(strings.ReplaceAll(string(files[x.File]), x.Replace, x.With))
		default:
			report.add(Problem{Code: "pack.patch_misses", File: b.File, Line: x.line})
			return report, false
		}
	}
	spoilt, read := fromFiles(files)
	if spoilt != nil {
		read = Check(spoilt, others...)
	}
	return read, read.Has(b.Check)
}
