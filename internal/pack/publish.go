package pack

import (
	"encoding/json"
	"slices"

	"gezhi/internal/fault"
)

// SchemaFiles are the files that have a schema: the files of a pack by name, words.yaml for
// each file in words/, overlay.yaml for a county's overlay, broken.yaml for a broken story.
func SchemaFiles() []string { return append(sortedKeys(fileShapes()), "broken.yaml") }

// Schema returns the JSON Schema (2020-12) of one file of a pack, for editors. An unknown
// file is NotFound, pack.no_schema.
func Schema(file string) ([]byte, error) {
	shapes := fileShapes()
	shapes["broken.yaml"] = brokenShape
	s := shapes[file]
	if s == nil {
		return nil, fault.New(fault.NotFound, "pack.no_schema", "known", SchemaFiles())
	}
	return json.MarshalIndent(s.Schema("https://gezhi.example/schema/1/"+file, "Gezhi "+file), "", "  ")
}

// Depends lists what must be loaded before p, nearest first: the packs it needs and those
// that they need. A missing one is left out; Check names it.
func Depends(p *Pack, all []*Pack) []*Pack {
	var out []*Pack
	queue := slices.Clone(p.Needs)
	for len(queue) > 0 {
		i := slices.IndexFunc(all, func(o *Pack) bool { return o.Name == queue[0] })
		queue = queue[1:]
		if i < 0 || slices.Contains(out, all[i]) || all[i] == p {
			continue
		}
		out = append(out, all[i])
		queue = append(queue, all[i].Needs...)
	}
	return out
}
