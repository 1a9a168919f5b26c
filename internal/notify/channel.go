package notify

import (
	"context"
	"errors"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Channel carries deliveries to people. It may be asked to carry the same delivery again and
// passes Delivery.ID on as the key by which the other side can tell.
//
// An error that is Invalid means that trying again is of no use; the delivery is given up and
// goes on to the person's next channel. Any other error is tried again.
type Channel interface {
	Send(ctx context.Context, d Delivery) (Receipt, error)
}

// local is a channel within the program itself: it carries in the transaction that plans the
// delivery, so that there is nothing to wait for and nothing to try again.
type local interface {
	put(ctx context.Context, tx *db.Tx, d Delivery) error
}

// Delivery is one message to one person, or to a group, as a channel gets it.
type Delivery struct {
	ID           string // UUIDv7, the same at every try
	Jurisdiction string
	Person       string // "" for a channel that many share
	Channel      string
	Address      string // of that person or group on that channel; "" where the line needs none
	Secret       string // of that group: signs; "" for none
	Attempt      int    // from 1
	At           time.Time
	Subject      string // one line
	Text         string
	Link         string
	Values       map[string]string // number, title, event, due, severity, count, link: for templates
	Notice       Notice
}

// Receipt is what the other side said to a delivery that it took.
type Receipt struct {
	Ref       string // its name for the message, for a later report; "" for none
	Delivered bool   // it is there already; otherwise it has only been taken
}

// Wire is a configured channel with the limits that hold for all who use it.
type Wire struct {
	Channel   Channel
	Timeout   time.Duration // of one try; 0 means 10 seconds
	PerMinute int           // tries within a minute, over all processes; 0 means any number
	Silent    bool          // makes no sound: may be used in quiet hours, and is not waited for
	Shared    bool          // reaches a group or a machine: sent once, not once for each person
	Addressed bool          // needs an address of the person
	Grouped   bool          // shared, and at the address of every group of the jurisdiction that hears it
}

const usualTimeout = 10 * time.Second

func (w Wire) timeout() time.Duration {
	if w.Timeout > 0 {
		return w.Timeout
	}
	return usualTimeout
}

// refused is an error that trying again does not mend.
func refused(err error, code string, args ...any) error {
	return fault.Wrap(err, fault.Invalid, code, args...)
}

// unavailable is an error that may be over at the next try.
func unavailable(err error, code string, args ...any) error {
	return fault.Wrap(err, fault.Unavailable, code, args...)
}

// why returns the code under which a failure is kept. Its text may hold an address and is
// only logged.
func why(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "notify.timeout"
	}
	if c := fault.CodeOf(err); c != "" {
		return c
	}
	return "notify.failed"
}

const (
	tries    = 8 // of a delivery before it lies dead
	together = 8 // deliveries that a lane sends side by side
	firstGap = 2 * time.Second
	lastGap  = time.Hour
)

// backoff returns the delay after so many failed tries.
func backoff(attempts int) time.Duration {
	d := firstGap
	for range attempts - 1 {
		if d *= 2; d > lastGap {
			return lastGap
		}
	}
	return d
}
