package audit

import (
	"context"
	"encoding/json"
	"math"
	"net/http"

	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/checker"
	"gezhi/internal/db"
	"gezhi/internal/web"
)

type logOutput struct {
	Body struct {
		Origin string `json:"origin" doc:"first line of every checkpoint of this log"`
		Key    string `json:"key" doc:"public half of its key, in the note format"`
		Size   int64  `json:"size" doc:"leaves"`
		Root   string `json:"root"`
	}
}

type consistencyInput struct {
	From int64 `query:"from" minimum:"1" required:"true" doc:"size of the older checkpoint"`
	To   int64 `query:"to" minimum:"1" required:"true" doc:"size of the newer one"`
}

type inclusionInput struct {
	Seq  int64 `query:"seq" minimum:"1" required:"true" doc:"number of the leaf, from 1"`
	Size int64 `query:"size" minimum:"1" required:"true" doc:"of the checkpoint"`
}

type proofOutput struct {
	Body struct {
		Proof []string `json:"proof" doc:"RFC 6962 hashes, base64"`
	}
}

// LeafJSON is a leaf as auditors read it.
type LeafJSON struct {
	Seq     int64           `json:"seq"`
	ID      string          `json:"id"`
	Subject string          `json:"subject" doc:"kind/ID"`
	Act     string          `json:"act"`
	Person  string          `json:"person,omitempty" doc:"empty: the system"`
	Name    string          `json:"name,omitempty" doc:"of the person"`
	At      int64           `json:"at" doc:"ms UTC"`
	Hash    string          `json:"hash"`
	Said    json.RawMessage `json:"said,omitempty"`
	Rows    int             `json:"rows" doc:"how many rows it names"`
	Erased  bool            `json:"erased,omitempty" doc:"its salt was destroyed with what it was about"`
}

type leavesInput struct {
	Subject string `query:"subject" maxLength:"200" doc:"kind/ID"`
	Person  string `query:"person" maxLength:"64"`
	Act     string `query:"act" maxLength:"100" doc:"among the newest 200,000"`
	Before  int64  `query:"before" minimum:"0" doc:"number: leaves before it; 0: the newest"`
	Limit   int    `query:"limit" minimum:"0" maximum:"200" doc:"50 when 0"`
}

type leavesOutput struct {
	Body struct {
		Leaves  []LeafJSON `json:"leaves"`
		Next    int64      `json:"next,omitempty" doc:"before of the next page"`
		Size    int64      `json:"size"`
		Root    string     `json:"root,omitempty"`
		HeadAt  int64      `json:"head_at,omitempty" doc:"ms UTC: when the newest head was signed"`
		Waiting int64      `json:"waiting" doc:"leaves without a number yet"`
	}
}

// CheckJSON is a verification that somebody asked for.
type CheckJSON struct {
	ID      string  `json:"id"`
	Person  string  `json:"person"`
	Name    string  `json:"name,omitempty" doc:"of the person"`
	State   string  `json:"state" doc:"waiting, running, done or failed"`
	Done    int64   `json:"done"`
	Total   int64   `json:"total"`
	AskedAt int64   `json:"asked_at"`
	EndedAt int64   `json:"ended_at,omitempty"`
	Report  *Report `json:"report,omitempty"`
}

type checksOutput struct {
	Body struct {
		Checks []CheckJSON `json:"checks"`
	}
}

type askedOutput struct {
	Body struct {
		ID string `json:"id"`
	}
}

// Routes adds the operations of this package.
func (s *Service) Routes(srv *web.Server) {
	s.asked = make(chan string, 1)
	tags := []string{"log"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/log", ID: "viewLog", Summary: "The audit log: its key and newest head", Tags: tags, Public: true}, s.httpLog)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/log/checkpoint", ID: "logCheckpoint", Summary: "The newest signed head of the audit log (C2SP tlog-checkpoint), to be kept elsewhere", Tags: tags, Public: true,
		Exchange: web.Exchange{Media: "text/plain"}}, s.httpCheckpoint)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/log/checker", ID: "receiptChecker", Summary: "A page that checks receipts in a browser, without a network; to be kept", Tags: tags, Public: true,
		Exchange: web.Exchange{Media: "text/html"}}, httpChecker)
	web.Op(srv, web.Operation{Method: "GET", Path: "/log/consistency", ID: "logConsistency", Summary: "Proof that one checkpoint continues another", Tags: tags, Public: true}, s.httpConsistency)
	web.Op(srv, web.Operation{Method: "GET", Path: "/log/inclusion", ID: "logInclusion", Summary: "Proof that a leaf lies under a checkpoint", Tags: tags, Public: true}, s.httpInclusion)
	web.Op(srv, web.Operation{Method: "GET", Path: "/log/leaves", ID: "listLeaves", Summary: "A page of the audit log, newest first; for auditors", Tags: tags}, s.httpLeaves)
	web.Op(srv, web.Operation{Method: "POST", Path: "/log/checks", ID: "askCheck", Summary: "Verify the database against the log; for auditors", Tags: tags, Status: http.StatusCreated}, s.httpAsk)
	web.Op(srv, web.Operation{Method: "GET", Path: "/log/checks", ID: "listChecks", Summary: "Verifications with their progress and result; for auditors", Tags: tags}, s.httpChecks)
}

func (s *Service) httpLog(ctx context.Context, _ *struct{}) (*logOutput, error) {
	out := &logOutput{}
	_, c, err := s.Head(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, theLog, nil, &out.Body.Origin, &out.Body.Key)
	})
	out.Body.Size, out.Body.Root = c.Size, c.Root.String()
	return out, err
}

func (s *Service) httpCheckpoint(w http.ResponseWriter, r *http.Request) error {
	signed, _, err := s.Head(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(signed))
	return nil
}

func httpChecker(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+checker.Name+`"`)
	_, _ = w.Write(checker.Page())
	return nil
}

func texts(hashes []tlog.Hash) []string {
	out := make([]string, len(hashes))
	for i, h := range hashes {
		out[i] = h.String()
	}
	return out
}

func (s *Service) httpConsistency(ctx context.Context, in *consistencyInput) (*proofOutput, error) {
	proof, err := s.Consistency(ctx, in.From, in.To)
	out := &proofOutput{}
	out.Body.Proof = texts(proof)
	return out, err
}

func (s *Service) httpInclusion(ctx context.Context, in *inclusionInput) (*proofOutput, error) {
	proof, err := s.Inclusion(ctx, in.Seq, in.Size)
	out := &proofOutput{}
	out.Body.Proof = texts(proof)
	return out, err
}

func (s *Service) httpLeaves(ctx context.Context, in *leavesInput) (*leavesOutput, error) {
	a, err := s.May(ctx)
	if err != nil {
		return nil, err
	}
	limit, before := in.Limit, in.Before
	if limit == 0 {
		limit = 50
	}
	if before == 0 {
		before = math.MaxInt64
	}
	stmt, args := leavesList, []any{a.Jurisdiction, before, limit}
	switch {
	case in.Subject != "":
		stmt, args = leavesBy, append(args, in.Subject)
	case in.Person != "":
		stmt, args = leavesWho, append(args, in.Person)
	case in.Act != "":
		stmt, args = leavesAct, append(args, in.Act)
	}
	out := &leavesOutput{}
	out.Body.Leaves = []LeafJSON{}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := db.Collect(ctx, tx, stmt, args, scanLeaf)
		if err != nil {
			return err
		}
		for i := range all {
			out.Body.Leaves = append(out.Body.Leaves, all[i].json())
		}
		if len(all) == limit {
			out.Body.Next = all[len(all)-1].Seq
		}
		if err := tx.Row(ctx, howWaits, nil, &out.Body.Waiting); err != nil {
			return err
		}
		var root, signed string
		if err := tx.Row(ctx, lastHead, nil, &out.Body.Size, &root, &signed, &out.Body.HeadAt); err != nil && err != db.ErrNoRows {
			return err
		}
		out.Body.Root = root
		return nil
	})
	for i := range out.Body.Leaves {
		l := &out.Body.Leaves[i]
		l.Name = s.name(ctx, l.Person)
	}
	return out, err
}

// name is what somebody is called; "" where nobody can say.
func (s *Service) name(ctx context.Context, person string) string {
	if s.Name == nil || person == "" {
		return ""
	}
	return s.Name(ctx, person)
}

func (s *stored) json() LeafJSON {
	l := LeafJSON{Seq: s.Seq, ID: s.ID, Subject: s.Subject, Act: s.Act, Person: s.Person, At: s.At, Hash: s.Hash, Erased: s.Form >= form && s.Salt == ""}
	if json.Valid([]byte(s.Said)) {
		l.Said = json.RawMessage(s.Said)
	}
	eachLine(s.Wrote, func(string, string, string) { l.Rows++ })
	return l
}

func (s *Service) httpAsk(ctx context.Context, _ *struct{}) (*askedOutput, error) {
	a, err := s.May(ctx)
	if err != nil {
		return nil, err
	}
	out := &askedOutput{}
	out.Body.ID, err = s.Ask(ctx, a)
	return out, err
}

func (s *Service) httpChecks(ctx context.Context, _ *struct{}) (*checksOutput, error) {
	a, err := s.May(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Checks(ctx, a)
	out := &checksOutput{}
	out.Body.Checks = make([]CheckJSON, len(all))
	for i, c := range all {
		out.Body.Checks[i] = CheckJSON{ID: c.ID, Person: c.Person, Name: s.name(ctx, c.Person), State: c.State, Done: c.Done, Total: c.Total, AskedAt: db.Ms(c.AskedAt), EndedAt: db.Ms(c.EndsAt), Report: c.Report}
	}
	return out, err
}
