package notify

import (
	"context"
	"net/http"
	"time"

	"gezhi/internal/web"
)

// Page is how much of a list is asked for.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"rows of a page"`
	Cursor string `query:"cursor" maxLength:"2048" doc:"the field next of the page before"`
}

// from returns the id to read on from.
func (p Page) from() (id string, err error) {
	if p.Cursor != "" {
		err = web.ReadCursor(p.Cursor, &id)
	}
	return id, err
}

// List is a page of a list.
type List[T any] struct {
	Body struct {
		Items []T    `json:"items"`
		Next  string `json:"next,omitempty" doc:"cursor of the next page; none on the last"`
	}
}

// list makes a page of rows, asked for with one row too many.
func list[R, T any](rows []R, limit int, id func(R) string, show func(R) T) (*List[T], error) {
	out := &List[T]{}
	out.Body.Items = []T{}
	if len(rows) > limit {
		rows = rows[:limit]
		next, err := web.Cursor(id(rows[limit-1]))
		if err != nil {
			return nil, err
		}
		out.Body.Next = next
	}
	for _, r := range rows {
		out.Body.Items = append(out.Body.Items, show(r))
	}
	return out, nil
}

// NoteView is a note as the faces see it.
type NoteView struct {
	ID       string    `json:"id"`
	Case     string    `json:"case,omitempty"`
	Number   string    `json:"number,omitempty"`
	Event    string    `json:"event"`
	Title    string    `json:"event_title" doc:"what happened, in the reader's words"`
	Severity int64     `json:"severity,omitempty"`
	DueAt    time.Time `json:"due_at,omitzero"`
	Text     string    `json:"text"`
	MadeAt   time.Time `json:"made_at"`
	ReadAt   time.Time `json:"read_at,omitzero" doc:"none while unread"`
}

// CallView is a call task as the faces see it.
type CallView struct {
	ID       string    `json:"id"`
	Case     string    `json:"case,omitempty"`
	Number   string    `json:"number"`
	Person   string    `json:"person" doc:"whom to telephone"`
	Name     string    `json:"person_name,omitempty"`
	Address  string    `json:"address,omitempty" doc:"telephone number"`
	Severity int64     `json:"severity,omitempty"`
	DueAt    time.Time `json:"due_at,omitzero"`
	Text     string    `json:"text" doc:"what to say"`
	MadeAt   time.Time `json:"made_at"`
}

// DeliveryView is a delivery as an operator sees it.
type DeliveryView struct {
	ID        string    `json:"id"`
	Notice    string    `json:"notice"`
	Case      string    `json:"case,omitempty"`
	Person    string    `json:"person,omitempty"`
	Name      string    `json:"person_name,omitempty"`
	Channel   string    `json:"channel"`
	State     string    `json:"state" enum:"waiting,sent,delivered,read,failed,dead,void"`
	Why       string    `json:"why,omitempty" doc:"code of the last failure"`
	WhyText   string    `json:"why_text,omitempty" doc:"the same in words"`
	Attempts  int       `json:"attempts"`
	DueAt     time.Time `json:"due_at,omitzero" doc:"of the next try"`
	MadeAt    time.Time `json:"made_at"`
	ChangedAt time.Time `json:"changed_at"`
}

// LetterView is a dead letter as an operator sees it.
type LetterView struct {
	ID       string    `json:"id"`
	Of       string    `json:"of" doc:"delivery, or the topic of a message"`
	Subject  string    `json:"subject,omitempty"`
	Channel  string    `json:"channel,omitempty"`
	Person   string    `json:"person,omitempty"`
	Name     string    `json:"person_name,omitempty"`
	State    string    `json:"state" enum:"failed,dead"`
	Why      string    `json:"why,omitempty"`
	WhyText  string    `json:"why_text,omitempty" doc:"the same in words"`
	Attempts int       `json:"attempts"`
	MadeAt   time.Time `json:"made_at"`
}

type notesInput struct {
	Page
	Unread bool `query:"unread" doc:"only what is not read yet"`
}

type deliveriesInput struct {
	Page
	Case string `query:"case" maxLength:"64" doc:"only of the case with this id"`
}

type oneInput struct {
	ID string `path:"id" maxLength:"64"`
}

type calledInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Reached bool `json:"reached" doc:"whether the person answered"`
	}
}

type unreadOutput struct {
	Body struct {
		Count    int  `json:"count"`
		More     bool `json:"more" doc:"there are more than were counted"`
		Clerk    bool `json:"clerk" doc:"I am to telephone: see /calls"`
		Operator bool `json:"operator" doc:"I see what became of messages: see /dead-letters"`
	}
}

// mostUnread is how far unread notes are counted.
const mostUnread = 99

// Register adds the operations of this package.
func (s *Service) Register(srv *web.Server) {
	s.registerNotes(srv)
	s.registerCalls(srv)
	s.registerLetters(srv)
}

func (s *Service) registerNotes(srv *web.Server) {
	tags := []string{"notes"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/notes", ID: "notes", Summary: "What I was told, newest first", Tags: tags},
		func(ctx context.Context, in *notesInput) (*List[NoteView], error) {
			a, from, err := s.asks(ctx, in.Page)
			if err != nil {
				return nil, err
			}
			rows, err := s.Notes(ctx, a.Person, in.Unread, from, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return list(rows, in.Limit, func(n Note) string { return n.ID }, func(n Note) NoteView {
				return NoteView{n.ID, n.Case, n.Number, n.Event, eventTitle(web.Lang(ctx), n.Event), n.Severity, n.DueAt, n.Text, n.MadeAt, n.ReadAt}
			})
		})
	web.Op(srv, web.Operation{Method: "GET", Path: "/notes/unread", ID: "unreadNotes", Summary: "How many notes I have not read", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*unreadOutput, error) {
			a, err := s.Who(ctx)
			if err != nil {
				return nil, err
			}
			n, err := s.Unread(ctx, a.Person, mostUnread+1)
			out := &unreadOutput{}
			out.Body.Count, out.Body.More = min(n, mostUnread), n > mostUnread
			out.Body.Clerk, out.Body.Operator = a.Clerk, a.Operator
			return out, err
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/notes/{id}/read", ID: "readNote", Summary: "Mark a note of mine as read", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *oneInput) (*struct{}, error) {
			a, err := s.Who(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Read(ctx, a.Person, in.ID)
		})
}

func (s *Service) registerCalls(srv *web.Server) {
	tags := []string{"calls"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/calls", ID: "calls", Summary: "Whom the clerk on duty is to telephone, oldest first", Tags: tags},
		func(ctx context.Context, in *Page) (*List[CallView], error) {
			a, from, err := s.asks(ctx, *in)
			if err != nil {
				return nil, err
			}
			rows, err := s.Calls(ctx, a, from, in.Limit+1)
			if err != nil {
				return nil, err
			}
			names, err := s.names(ctx, a, each(rows, func(c Call) string { return c.Person }))
			if err != nil {
				return nil, err
			}
			return list(rows, in.Limit, func(c Call) string { return c.ID }, func(c Call) CallView {
				return CallView{c.ID, c.Case, c.Number, c.Person, names[c.Person], c.Address, c.Severity, c.DueAt, c.Text, c.MadeAt}
			})
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/calls/{id}", ID: "called", Summary: "Say whether the person was reached", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *calledInput) (*struct{}, error) {
			a, err := s.Who(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Called(ctx, a, in.ID, in.Body.Reached)
		})
}

func (s *Service) registerLetters(srv *web.Server) {
	tags := []string{"deliveries"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/deliveries", ID: "deliveries", Summary: "What became of messages, newest first", Tags: tags},
		func(ctx context.Context, in *deliveriesInput) (*List[DeliveryView], error) {
			a, from, err := s.asks(ctx, in.Page)
			if err != nil {
				return nil, err
			}
			rows, err := s.Deliveries(ctx, a, in.Case, from, in.Limit+1)
			if err != nil {
				return nil, err
			}
			names, err := s.names(ctx, a, each(rows, func(d DeliveryStatus) string { return d.Person }))
			if err != nil {
				return nil, err
			}
			return list(rows, in.Limit, func(d DeliveryStatus) string { return d.ID }, func(d DeliveryStatus) DeliveryView {
				v := DeliveryView{d.ID, d.Notice, d.Case, d.Person, names[d.Person], d.Channel, d.State, d.Why, whyText(ctx, d.Why), d.Attempts, d.DueAt, d.MadeAt, d.ChangedAt}
				if d.State != Waiting {
					v.DueAt = time.Time{}
				}
				return v
			})
		})
	web.Op(srv, web.Operation{Method: "GET", Path: "/dead-letters", ID: "deadLetters", Summary: "Messages that were given up, oldest first", Tags: tags},
		func(ctx context.Context, in *Page) (*List[LetterView], error) {
			a, from, err := s.asks(ctx, *in)
			if err != nil {
				return nil, err
			}
			rows, err := s.DeadLetters(ctx, a, from, in.Limit+1)
			if err != nil {
				return nil, err
			}
			names, err := s.names(ctx, a, each(rows, func(l Letter) string { return l.Person }))
			if err != nil {
				return nil, err
			}
			return list(rows, in.Limit, func(l Letter) string { return l.ID }, func(l Letter) LetterView {
				return LetterView{l.ID, l.Of, l.Subject, l.Channel, l.Person, names[l.Person], l.State, l.Why, whyText(ctx, l.Why), l.Attempts, l.MadeAt}
			})
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/dead-letters/{id}/resend", ID: "resend", Summary: "Send a dead letter again", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *oneInput) (*struct{}, error) {
			a, err := s.Who(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Resend(ctx, a, in.ID)
		})
}

// asks returns who asks for a page, and where it begins.
func (s *Service) asks(ctx context.Context, p Page) (a Asker, from string, err error) {
	if a, err = s.Who(ctx); err == nil {
		from, err = p.from()
	}
	return a, from, err
}
