package web

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"gezhi/internal/fault"
)

// Pace is how often one caller may use an operation that costs much: so many times at once, and
// from then on once in a while. The zero Pace is no limit.
type Pace struct {
	Burst int
	Every time.Duration
}

// The paces of operations of one kind.
var (
	ExportPace = Pace{Burst: 10, Every: 6 * time.Second}         // a whole list
	UploadPace = Pace{Burst: 120, Every: 500 * time.Millisecond} // a file
	SearchPace = Pace{Burst: 60, Every: 500 * time.Millisecond}  // words looked for in everything
	CodePace   = Pace{Burst: 60, Every: 2 * time.Second}         // a code that is typed in, which might be guessed, or a key that is made
	ReportPace = Pace{Burst: 60, Every: time.Minute}             // what somebody without an office reports or objects to, or does in cases
)

// walker is one caller of one operation.
type walker struct{ operation, caller string }

// mostWalkers is how many callers are remembered; then those that may go on freely are forgotten.
const mostWalkers = 20_000

// paces remembers when each caller may go on. The zero value is ready.
type paces struct {
	mu   sync.Mutex
	free map[walker]time.Time // when all of the burst is there again
}

// step lets a caller go on, or says how long they must wait.
func (p *paces) step(w walker, pace Pace, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) >= mostWalkers {
		for k, at := range p.free {
			if !at.After(now) {
				delete(p.free, k)
			}
		}
	}
	at := p.free[w]
	if at.Before(now) {
		at = now
	}
	at = at.Add(pace.Every)
	if wait := at.Sub(now) - time.Duration(pace.Burst)*pace.Every; wait > 0 {
		return wait
	}
	if p.free == nil {
		p.free = map[walker]time.Time{}
	}
	p.free[w] = at
	return 0
}

// inPace refuses a request of a caller who asks too often: a person, wherever they sit, or
// where nobody is known an address.
func (s *Server) inPace(ctx context.Context, o Operation) error {
	if o.Pace == (Pace{}) {
		return nil
	}
	return s.InPace(ctx, o.ID, o.Pace)
}

// InPace refuses a caller who does something too often: request.too_often with the seconds to wait.
func (s *Server) InPace(ctx context.Context, what string, pace Pace) error {
	caller := ""
	if s.Reader != nil {
		caller = s.Reader(ctx)
	}
	if caller == "" {
		caller = Network(ClientOf(ctx).Addr)
	}
	if wait := s.paces.step(walker{what, caller}, pace, s.now()); wait > 0 {
		return fault.New(fault.TooMany, "request.too_often", "seconds", int64((wait+time.Second-1)/time.Second))
	}
	return nil
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// Network is what an address is counted as: whoever has an IPv6 address has 2^64 of them.
func Network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Unmap().Is4() {
		return addr
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return addr
	}
	return p.String()
}
