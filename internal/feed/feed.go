package feed

import (
	"encoding/json"
	"time"

	"gezhi/internal/fault"
)

// What became of a line.
const (
	New       = "new"
	Updated   = "updated"
	Unchanged = "unchanged"
	TakenBack = "withdrawn"
	Refused   = "refused"
)

// The kinds of runs.
const (
	Check   = "check" // an import that changes nothing
	Import  = "import"
	History = "history"
	Export  = "export"
)

// The states of runs.
const (
	Running = "running"
	Done    = "done"
	Failed  = "failed" // or given up: the process ended
)

// Line is what became of one line of a table, or of one message.
type Line struct {
	Line   int           `json:"line,omitempty"`
	Theirs string        `json:"theirs,omitempty"` // its number there
	Number string        `json:"number,omitempty"` // of the case
	Case   string        `json:"case,omitempty"`
	State  string        `json:"state"`
	Why    *fault.Place  `json:"why,omitempty"`   // of a refusal
	Notes  []fault.Place `json:"notes,omitempty"` // what deserves a look
}

// Report is what a run came to.
type Report struct {
	Rows      int    `json:"rows"`
	New       int    `json:"new"`
	Updated   int    `json:"updated"`
	Unchanged int    `json:"unchanged"`
	Withdrawn int    `json:"withdrawn"`
	Refused   int    `json:"refused"`
	Answers   int    `json:"answers,omitempty"` // of an export
	Failed    string `json:"failed,omitempty"`  // code of what ended it
	Lines     []Line `json:"lines"`             // the first 2,000 that changed something or were refused
}

const mostLines = 2000

// add counts a line.
func (r *Report) add(l Line) {
	r.Rows++
	switch l.State {
	case New:
		r.New++
	case Updated:
		r.Updated++
	case TakenBack:
		r.Withdrawn++
	case Refused:
		r.Refused++
	default:
		r.Unchanged++
		if len(l.Notes) == 0 {
			return
		}
	}
	if len(r.Lines) < mostLines {
		r.Lines = append(r.Lines, l)
	}
}

// Run is one import or export.
type Run struct {
	ID, Source, Kind, Person, State string
	Done, Total                     int64
	BeganAt, MovedAt                time.Time

	report string
}

// Report is what it came to so far; empty while it runs.
func (r *Run) Report() (out Report) {
	_ = json.Unmarshal([]byte(r.report), &out) // what we wrote ourselves; '' while it runs
	if out.Lines == nil {
		out.Lines = []Line{}
	}
	return out
}
