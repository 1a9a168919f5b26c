package story

import (
	"io/fs"
	"path"
	"strings"

	"gezhi/internal/fault"
	"gezhi/internal/pack"
)

// Packs is what the stories of a pack may load.
type Packs struct {
	Main   *pack.Pack            // the pack that the stories are about
	Core   *pack.Pack            // gives the life of tasks
	Others map[string]*pack.Pack // packs that Main may need, by name
	Root   fs.FS                 // the folder of Main, for its later versions; nil: none
	Files  fs.FS                 // where the stories lie, for what they name; nil: nothing

	now *pack.Pack // the version in force in a story
}

// all are the packs of a story, the one it is about first.
func (p *Packs) all() []*pack.Pack {
	out := []*pack.Pack{p.Main}
	for _, n := range p.Main.Needs {
		if q := p.Others[n]; q != nil {
			out = append(out, q)
		}
	}
	return out
}

// packOf is the pack that has a class.
func (p *Packs) packOf(class string) string {
	for _, q := range p.all() {
		if q.Class(class) != nil {
			return q.Name
		}
	}
	return p.Main.Name
}

// file reads a file that a story names: beside the story.
func (p *Packs) file(story, name string) ([]byte, error) {
	if p.Files == nil {
		return nil, fault.New(fault.Invalid, "story.unknown_file", "name", name)
	}
	data, err := fs.ReadFile(p.Files, path.Join(path.Dir(story), name))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "story.unknown_file", "name", name)
	}
	return data, nil
}

// version reads what load names: an overlay ("county.yaml"), or a version of the pack
// ("incident@2"), a folder of that name beside the story whose files stand in place of
// the pack's. The pack is nil for an overlay.
func (p *Packs) version(story, name string) (*pack.Pack, string, error) {
	if strings.HasSuffix(name, ".yaml") {
		data, err := p.file(story, name)
		return nil, string(data), err
	}
	if p.Files == nil || p.Root == nil {
		return nil, "", fault.New(fault.Invalid, "story.unknown_file", "name", name)
	}
	dir := path.Join(path.Dir(story), name)
	if info, err := fs.Stat(p.Files, dir); err != nil || !info.IsDir() {
		return nil, "", fault.Wrap(err, fault.Invalid, "story.unknown_file", "name", name)
	}
	over, err := fs.Sub(p.Files, dir)
	if err != nil {
		return nil, "", err
	}
	next, report := pack.Load(layered{over, p.Root})
	if next == nil {
		return nil, "", report.Fault()
	}
	return next, "", nil
}

// layered is a folder whose files stand in place of those below.
type layered struct{ over, under fs.FS }

// Open opens a file of the upper folder, else of the lower one.
func (l layered) Open(name string) (fs.File, error) {
	if name != "." {
		if f, err := l.over.Open(name); err == nil {
			if info, err := f.Stat(); err == nil && !info.IsDir() {
				return f, nil
			}
			f.Close()
		}
	}
	return l.under.Open(name)
}
