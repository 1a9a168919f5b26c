package casework

import (
	"strings"
	"sync"

	"gezhi/internal/territory"
)

// placeNames remembers what areas are called, for one picture of the territory. The zero value is
// ready.
type placeNames struct {
	mu    sync.RWMutex
	in    *territory.Tree
	known map[string]string
}

// of is what people of the county call an area; "" for none that stands.
func (p *placeNames) of(t *territory.Tree, id string) string {
	p.mu.RLock()
	name, ok := p.known[id]
	ok = ok && p.in == t
	p.mu.RUnlock()
	if ok {
		return name
	}
	if name = called(t, id); name == "" {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.in != t {
		p.in, p.known = t, map[string]string{}
	}
	p.known[id] = name
	return name
}

// called is the name of an area behind those of the village, and of the grid, in which it lies.
func called(t *territory.Tree, id string) string {
	a, ok := t.Area(id)
	if !ok {
		return ""
	}
	var name strings.Builder
	for level := int(territory.Village); level < int(a.Level); level++ {
		if up, ok := t.Area(a.Path[level]); ok {
			name.WriteString(up.Name)
		}
	}
	name.WriteString(a.Name)
	return name.String()
}
