package jobs

import (
	"encoding/json"
	"time"
)

// Timer is something that waits for a moment.
type Timer struct {
	Kind         string // which function fires it
	Ref          string // what it is about; one timer per kind and ref
	Jurisdiction string
	DueAt        time.Time
	Attempts     int
}

// Message is work done after the commit that caused it.
type Message struct {
	ID           string // UUIDv7; also the key under which it is delivered
	Jurisdiction string
	Topic        string // which function delivers it
	Subject      string // what it is about, "case/ID"
	Body         json.RawMessage
	DueAt        time.Time
	Attempts     int
	State        string
	Error        string // of the last try; never shown to those it is for
	MadeAt       time.Time
}

// The states of a message.
const (
	Waiting = "waiting"
	Done    = "done"
	Dead    = "dead"
)

const (
	lease    = 30 * time.Second
	tries    = 8         // of a message before it lies dead
	batch    = 64        // claimed at once
	together = 128       // written at once
	longest  = time.Hour // longest delay between two tries
	shortest = 2 * time.Second
	gather   = 50 * time.Millisecond // between two rounds
)

// backoff is the delay before the next try after so many.
func backoff(attempts int) time.Duration {
	d := shortest
	for range attempts - 1 {
		if d *= 2; d > longest {
			return longest
		}
	}
	return d
}
