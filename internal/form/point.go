package form

import (
	"encoding/json"
	"math"

	"gezhi/internal/fault"
)

// readPoint takes [longitude, latitude] or {"lon": …, "lat": …} in degrees of WGS-84 and
// returns the pair, rounded to seven decimals (a centimetre).
func readPoint(_ *Field, v any, at string) (any, []fault.Place) {
	if m, ok := v.(map[string]any); ok && len(m) == 2 {
		v = []any{m["lon"], m["lat"]}
	}
	p, ok := position(v)
	if !ok {
		return nil, wrong(at, "form.point")
	}
	return p, nil
}

func position(v any) ([]any, bool) {
	pair, ok := v.([]any)
	if !ok || len(pair) != 2 {
		return nil, false
	}
	lon, ok1 := degrees(pair[0], 180)
	lat, ok2 := degrees(pair[1], 90)
	return []any{lon, lat}, ok1 && ok2
}

func degrees(v any, most float64) (float64, bool) {
	var x float64
	switch v := v.(type) {
	case float64:
		x = v
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return 0, false
		}
		x = f
	default:
		return 0, false
	}
	if math.IsNaN(x) || math.Abs(x) > most {
		return 0, false
	}
	return math.Round(x*1e7) / 1e7, true
}
