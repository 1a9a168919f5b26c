package casework

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/jobs"
	"gezhi/internal/workflow"
)

// topicWatch is what looked odd, to be asked once an act stands.
const topicWatch = "case.watch"

// watched are the rules of the life that are to be asked after this act. What is kept from
// somebody is not watched: another case about it would tell.
func (st *state) watched() (names []string) {
	if st.LiesIn != "" {
		return nil
	}
	for _, w := range st.life.Watches {
		if anyHeard(w.Upon, st.happened) {
			names = append(names, w.Name)
		}
	}
	return names
}

func (s *Service) hearWatch(ctx context.Context, m jobs.Message) error {
	var t task
	if err := json.Unmarshal(m.Body, &t); err != nil {
		return err
	}
	return s.watch(ctx, t.Case, t.Cause, func(w workflow.Watch) bool { return slices.Contains(t.Watch, w.Name) })
}

// watchFiles asks the rules that look at files again, once the files of a case are compared.
func (s *Service) watchFiles(ctx context.Context, id string) error {
	return s.watch(ctx, id, "", func(w workflow.Watch) bool {
		return slices.ContainsFunc(w.If.Refs(), func(r formula.Ref) bool { return r.Func == "" && r.Path[0] == "files" })
	})
}

// watch asks rules of a case whether something looks odd, and opens the cases in which people
// look: one for each rule and case, however often it is asked. Nothing else is done.
func (s *Service) watch(ctx context.Context, id, cause string, which func(workflow.Watch) bool) error {
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	var odd []Opening
	var jurisdiction string
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		odd = nil
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil || st.LiesIn != "" {
			return err
		}
		jurisdiction = st.Jurisdiction
		env := st.env()
		if s.Saw != nil {
			env.Saw = func(e *formula.Expr, holds bool) { s.Saw(st.class.In.Pack, e, holds) }
		}
		for _, w := range st.life.Watches {
			if !which(w) {
				continue
			}
			ok, err := w.If.Holds(env)
			if err != nil || !ok {
				slog.Debug("watch", "case", id, "rule", w.Name, "holds", ok, "code", fault.CodeOf(err))
				continue
			}
			give, err := st.give(w.Give, env)
			if err != nil {
				return err
			}
			odd = append(odd, Opening{Class: st.Pack + "/" + w.Opens, Fields: give, AreaID: st.AreaID, Channel: "watch", Nature: st.Nature,
				About: &About{Kind: workflow.AboutCase, ID: id}, Key: "watch/" + w.Name + "/" + id, OneKey: true, Cause: cause, Follows: id})
		}
		return nil
	}); err != nil {
		return err
	}
	for _, o := range odd {
		_, err := s.Open(ctx, &Actor{Jurisdiction: jurisdiction, System: true}, o)
		if kind := fault.KindOf(err); err != nil && (kind == fault.Internal || kind == fault.Unavailable) {
			return err
		} else if err != nil { // a county's later version may not know the class any more
			slog.Warn("nothing was opened for what looked odd", "case", id, "class", o.Class, "code", fault.CodeOf(err))
		}
	}
	return nil
}
