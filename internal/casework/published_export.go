package casework

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/web"
)

// exported are the media types of the files in which lists are sent.
var exported = map[string]string{"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

// publishedColumns head the list of what is published in a file.
var publishedColumns = []string{"column.number", "column.title", "column.class", "column.area", "column.left_places", "column.places", "column.unclaimed", "column.offered_until"}

// exportPublished sends all that [Service.Published] lists. It ends when the rights of who reads have
// changed meanwhile.
func (s *Service) exportPublished(srv *web.Server, send func(http.ResponseWriter, string, []string, web.Rows) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		who, err := s.asker(ctx)
		if err == nil {
			err = s.noteExport(ctx, who)
		}
		if err != nil {
			return err
		}
		head := make([]string, len(publishedColumns))
		for i, c := range publishedColumns {
			head[i] = web.Say(web.Lang(ctx), c, nil)
		}
		return send(w, "published", head, func(yield func([]string, error) bool) {
			for after := new(PublishedCursor); after != nil; {
				page, next, err := s.Published(ctx, who, *after)
				if err != nil {
					yield(nil, err)
					return
				}
				for i := range page {
					if !yield(s.publishedRow(ctx, &page[i]), nil) {
						return
					}
				}
				if after = next; next != nil {
					if err := s.same(srv, r, who); err != nil {
						yield(nil, err)
						return
					}
				}
			}
		})
	}
}

func (s *Service) publishedRow(ctx context.Context, p *Published) []string {
	o := s.placeOfferJSON(ctx, &p.PlaceOffer)
	until := ""
	if !p.Until.IsZero() {
		until = p.Until.In(clock.CST).Format(time.DateTime)
	}
	return []string{o.Number, o.Title, o.ClassTitle, o.AreaName, strconv.FormatInt(o.Left, 10), strconv.FormatInt(o.Places, 10),
		web.Say(web.Lang(ctx), "public."+strconv.FormatBool(!p.Taken), nil), until}
}
