package classifier

import (
	"time"

	"gezhi/internal/classify"
)

// Stored is a model as it is listed.
type Stored struct {
	ID, Jurisdiction string
	MadeAt, EndedAt  time.Time // EndedAt is zero while it is in use
	By               string    // person; "" is the command line
	Cases            int       // closed cases learnt from
	Examples, Texts  int
	Figures          classify.Figures // how it judges each example by the others
}

// Lesson says what to learn from.
type Lesson struct {
	Jurisdiction, By string
	Cases            bool // the jurisdiction's closed cases
	Examples         []classify.Example
	Texts            []classify.Text // without a class
}

const (
	// mostCases are read, the newest first: far more than are learnt from, for rare classes.
	mostCases = 20_000
	pageSize  = 500
	// mostGuesses are returned; whoever asks leaves out what may not be chosen.
	mostGuesses = 20
	// mostShown are shown to a person.
	mostShown = 3
)
