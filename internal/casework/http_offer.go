package casework

import (
	"context"
	"net/http"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/web"
)

// PlaceOfferJSON is an open offer, as those see it who may take a place.
type PlaceOfferJSON struct {
	Case       string      `json:"case" doc:"id of the case whose part it is"`
	Part       string      `json:"part"`
	PartTitle  string      `json:"part_title"`
	Number     string      `json:"number"`
	Title      string      `json:"title"`
	ClassTitle string      `json:"class_title"`
	Opens      string      `json:"opens" doc:"class of the case that a taker has: pack/scheme:code"`
	OpensTitle string      `json:"opens_title"`
	AreaID     string      `json:"area_id"`
	AreaName   string      `json:"area_name"`
	Point      *Point      `json:"point,omitempty"`
	Places     int64       `json:"places"`
	Left       int64       `json:"left" doc:"places that nobody has taken yet"`
	Each       int         `json:"each" doc:"how many one person may take"`
	Mine       int64       `json:"mine" doc:"how many the asker has"`
	Until      int64       `json:"until,omitempty" doc:"ms UTC; after it nobody can take one"`
	Since      int64       `json:"since"`
	Shows      []FieldJSON `json:"shows"`
	Form       []FormJSON  `json:"form" doc:"what is asked of a taker"`
	Sample     bool        `json:"sample,omitempty"`
}

type offersInput struct {
	Cursor string `query:"cursor" maxLength:"512" doc:"next of the page before"`
}

type offersOutput struct {
	Body struct {
		Offers []PlaceOfferJSON `json:"offers"`
		Next   string           `json:"next,omitempty"`
	}
}

type offerInput struct {
	ID   string `path:"id" maxLength:"64"`
	Part string `path:"part" maxLength:"100"`
}

type placeOfferOutput struct{ Body PlaceOfferJSON }

type takeInput struct {
	web.Idempotency
	ID   string `path:"id" maxLength:"64"`
	Part string `path:"part" maxLength:"100"`
	Body struct {
		Text     string         `json:"text,omitempty" maxLength:"10000"`
		Fields   map[string]any `json:"fields,omitempty"`
		Seats    map[string]any `json:"seats,omitempty"`
		DeviceAt int64          `json:"device_at,omitempty"`
	}
}

type takeOutput struct {
	Body struct {
		ID     string `json:"id"`
		Number string `json:"number"`
	}
}

func (s *Service) offerRoutes(srv *web.Server) {
	tags := []string{"cases"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/offers", ID: "listOffers", Summary: "A page of the offers of which the asker may take a place, newest first", Tags: tags}, s.httpOffers)
	web.Op(srv, web.Operation{Method: "GET", Path: "/offers/published", ID: "listPublished", Summary: "A page of the open offers of cases that the asker may see, those that nobody took first", Tags: tags}, s.httpPublished)
	for media, send := range map[string]func(http.ResponseWriter, string, []string, web.Rows) error{"csv": web.CSV, "xlsx": web.XLSX} {
		web.Raw(srv, web.Operation{Method: "GET", Path: "/offers/published." + media, ID: "exportPublished" + strings.ToUpper(media), Summary: "The open offers of cases that the asker may see, as a table", Tags: tags, Pace: web.ExportPace,
			Exchange: web.Exchange{Media: exported[media]}}, s.exportPublished(srv, send))
	}
	web.Op(srv, web.Operation{Method: "GET", Path: "/offers/{id}/{part}", ID: "viewOffer", Summary: "One offer of which the asker may take a place", Tags: tags}, s.httpOffer)
	web.Op(srv, web.Operation{Method: "GET", Path: "/cases/{id}/public/{view}", ID: "previewPublic", Summary: "A case as strangers would read it by one of its public views", Tags: tags}, s.httpAsStranger)
	web.Op(srv, web.Operation{Method: "POST", Path: "/offers/{id}/{part}", ID: "takePlace", Summary: "Take a place of an offer: the part opens; what is received first has it", Tags: tags, Status: http.StatusCreated}, s.httpTake)
}

type strangerInput struct {
	ID   string `path:"id" maxLength:"64"`
	View string `path:"view" maxLength:"100"`
}

type strangerOutput struct{ Body PublicJSON }

func (s *Service) httpAsStranger(ctx context.Context, in *strangerInput) (*strangerOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.Preview(ctx, who, in.ID, in.View)
	if err != nil {
		return nil, err
	}
	return &strangerOutput{s.PublicJSON(ctx, c)}, nil
}

func (s *Service) httpOffers(ctx context.Context, in *offersInput) (*offersOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	var after OfferCursor
	if in.Cursor != "" {
		if err := web.ReadCursor(in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	page, next, err := s.Offers(ctx, who, after)
	if err != nil {
		return nil, err
	}
	out := &offersOutput{}
	out.Body.Offers = make([]PlaceOfferJSON, len(page))
	for i := range page {
		out.Body.Offers[i] = s.placeOfferJSON(ctx, &page[i])
	}
	if next != nil {
		out.Body.Next, err = web.Cursor(next)
	}
	return out, err
}

func (s *Service) httpOffer(ctx context.Context, in *offerInput) (*placeOfferOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.Offer(ctx, who, in.ID, in.Part)
	if err != nil {
		return nil, err
	}
	return &placeOfferOutput{s.placeOfferJSON(ctx, o)}, nil
}

func (s *Service) httpTake(ctx context.Context, in *takeInput) (*takeOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.Take(ctx, who, Taking{Case: in.ID, Part: in.Part, Text: in.Body.Text, Fields: in.Body.Fields, Seats: in.Body.Seats, Key: key, DeviceAt: ms(in.Body.DeviceAt)})
	if err != nil {
		if !speaks(err) {
			return nil, err
		}
		if o, gone := s.Offer(ctx, who, in.ID, in.Part); gone == nil {
			err = inWords(err, words{o.Part.In.Pack, web.Lang(ctx)}, o.Part.Life.Name)
		}
		return nil, err
	}
	out := &takeOutput{}
	out.Body.ID, out.Body.Number = c.ID, c.Number
	return out, nil
}

func (s *Service) placeOfferJSON(ctx context.Context, o *PlaceOffer) PlaceOfferJSON {
	w := words{o.Class.In.Pack, web.Lang(ctx)}
	row := s.rowJSON(ctx, rowOf(o.Case))
	out := PlaceOfferJSON{Case: o.ID, Part: o.Set.Name, PartTitle: w.word("parts", o.Case.Life, o.Set.Name), Number: o.Number, Title: row.Title, ClassTitle: row.ClassTitle,
		Opens: o.Part.Ref(), OpensTitle: w.title(o.Part.Title, o.Part.Code), AreaID: o.AreaID, AreaName: row.AreaName, Point: row.Point,
		Places: o.Places, Left: o.Left, Each: o.Set.For.Offer.Each, Mine: o.Mine, Since: db.Ms(o.Since), Shows: []FieldJSON{}, Form: []FormJSON{}, Sample: row.Sample}
	if o.Until != (time.Time{}) {
		out.Until = db.Ms(o.Until)
	}
	for _, name := range o.Set.For.Offer.Shows {
		f := o.Class.Field(name)
		if f == nil || f.Personal != nil || o.Fields[name] == nil {
			continue
		}
		out.Shows = append(out.Shows, FieldJSON{Name: name, Title: fieldTitle(w, o.Case.Life, f), Type: f.Type, Value: liftedIn(w.lang, o.Fields[name]), Said: s.saidAs(w, f, o.Fields[name])})
	}
	given := map[string]bool{}
	for _, a := range o.Set.Give {
		given[a.Field] = true
	}
	for _, f := range openingForm(w, o.Part.EffectiveClass) {
		if !given[f.Name] {
			out.Form = append(out.Form, f)
		}
	}
	return out
}
