package notify

import (
	"context"
	"maps"
	"strings"

	"gezhi/internal/web"
)

// eventTitle is what an event is called in a language.
func eventTitle(lang, event string) string {
	w := wordList()[language(lang)]
	if title, ok := w["event."+event]; ok {
		return title
	}
	if event == eventDigest {
		return w["digest.title"]
	}
	return w["event.other"]
}

// whyText says in the reader's words why something failed; "" where nothing did.
func whyText(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	return web.Say(web.Lang(ctx), code, nil)
}

// names are what the people and groups of a page are called.
func (s *Service) names(ctx context.Context, a Asker, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if s.Names != nil && len(ids) > 0 {
		known, err := s.Names(ctx, ids)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, known)
	}
	for _, id := range ids {
		if strings.HasPrefix(id, asGroup) {
			groups, err := s.GroupNames(ctx, a.Jurisdiction)
			maps.Copy(out, groups)
			return out, err
		}
	}
	return out, nil
}

// each collects what of gives of every row.
func each[R any](rows []R, of func(R) string) []string {
	out := make([]string, 0, len(rows))
	for _, r := range rows {
		if id := of(r); id != "" {
			out = append(out, id)
		}
	}
	return out
}
