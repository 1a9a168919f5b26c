package classify

import (
	"bytes"
	"compress/gzip"
	"encoding/gob"
	"errors"
	"io"
	"math"

	"gezhi/internal/fault"
)

// stored is a model as it is kept. Fields are only ever added.
type stored struct {
	Classes         []string
	Examples, Texts int
	Sure, Sharpness float64
	Bias            []float64
	Grams           []string
	Rare            []float32
	Step            float64
	Weight          []int16
}

// largest is how many bytes an unpacked model may have.
const largest = 64 << 20

// Encode packs a model; the same model gives the same bytes.
func (m *Model) Encode() ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	err := gob.NewEncoder(z).Encode(stored{m.Classes, m.Examples, m.Texts, m.Sure, m.sharpness, m.bias, m.grams, m.rare, m.step, m.weight})
	err = errors.Join(err, z.Close())
	return out.Bytes(), err
}

// Decode unpacks a model; anything else is classify.no_model.
func Decode(data []byte) (*Model, error) {
	bad := func(err error) error { return fault.Wrap(err, fault.Invalid, "classify.no_model") }
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, bad(err)
	}
	var s stored
	if err := gob.NewDecoder(io.LimitReader(z, largest)).Decode(&s); err != nil {
		return nil, bad(err)
	}
	k, n := len(s.Classes), len(s.Grams)
	if k < 2 || len(s.Bias) != k || len(s.Rare) != n || len(s.Weight) != n*k || !finite(s) {
		return nil, bad(errors.New("its parts do not fit together"))
	}
	m := &Model{Classes: s.Classes, Examples: s.Examples, Texts: s.Texts, Sure: s.Sure, sharpness: s.Sharpness, bias: s.Bias, grams: s.Grams, rare: s.Rare, step: s.Step, weight: s.Weight}
	m.index()
	return m, nil
}

func finite(s stored) bool {
	sum := s.Sure + s.Sharpness + s.Step
	for _, b := range s.Bias {
		sum += b
	}
	for _, r := range s.Rare {
		sum += float64(r)
	}
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}
