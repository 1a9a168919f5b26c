package form

import "gezhi/internal/fault"

// maxCorners is how many positions a polygon may have in all.
const maxCorners = 5000

// readPolygon takes the coordinates of a GeoJSON polygon (RFC 7946), or the polygon itself,
// and returns the rings. Rings must be closed and have four positions or more; whether they
// cross themselves is asked where they are imported.
func readPolygon(_ *Field, v any, at string) (any, []fault.Place) {
	if m, ok := v.(map[string]any); ok && m["type"] == "Polygon" {
		v = m["coordinates"]
	}
	rings, ok := v.([]any)
	if !ok || len(rings) == 0 {
		return nil, wrong(at, "form.polygon")
	}
	out, corners := []any{}, 0
	for _, r := range rings {
		ring, ok := r.([]any)
		corners += len(ring)
		if !ok || len(ring) < 4 || corners > maxCorners {
			return nil, wrong(at, "form.polygon")
		}
		var line []any
		for _, c := range ring {
			p, ok := position(c)
			if !ok {
				return nil, wrong(at, "form.polygon")
			}
			line = append(line, p)
		}
		first, last := line[0].([]any), line[len(line)-1].([]any)
		if first[0] != last[0] || first[1] != last[1] {
			return nil, wrong(at, "form.polygon")
		}
		out = append(out, line)
	}
	return out, nil
}
