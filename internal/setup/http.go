package setup

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// SetupUnitJSON is a unit as the system administrator sees it.
type SetupUnitJSON struct {
	ID         string `json:"id"`
	Code       string `json:"code"`
	Name       string `json:"name"`
	Kind       string `json:"kind,omitempty"`
	ParentID   string `json:"parent_id,omitempty"`
	ParentName string `json:"parent_name,omitempty"`
	AreaID     string `json:"area_id,omitempty"`
	AreaName   string `json:"area_name,omitempty"`
	Posts      int64  `json:"posts" doc:"that stand now or later"`
	Duty       int64  `json:"duty" doc:"duty lines that name it"`
}

// UnitBody is what a unit is to be.
type UnitBody struct {
	Name     string `json:"name" minLength:"1" maxLength:"100"`
	Kind     string `json:"kind,omitempty" maxLength:"64"`
	ParentID string `json:"parent_id,omitempty" maxLength:"64"`
	AreaID   string `json:"area_id,omitempty" maxLength:"64"`
}

type setupUnitsOutput struct {
	Body struct {
		Units []SetupUnitJSON `json:"units"`
		Kinds []string        `json:"kinds" doc:"kinds and codes that duty lines of the packs in force name"`
	}
}

type newUnitInput struct {
	Body struct {
		UnitBody
		Code string `json:"code" minLength:"1" maxLength:"64" doc:"how packs and files name it; stays as it is"`
	}
}

type changeUnitInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body UnitBody
}

type endUnitInput struct {
	ID string `path:"id" maxLength:"64"`
}

type newUnitOutput struct {
	Body struct {
		ID string `json:"id"`
	}
}

// SetupPackJSON is a pack with all versions that were in force, the newest first.
type SetupPackJSON struct {
	Name     string            `json:"name"`
	Title    string            `json:"title"`
	Lives    []LifeJSON        `json:"lives" doc:"of the version in force, which can be drawn"`
	Versions []PackVersionJSON `json:"versions"`
}

// LifeJSON is a life of a pack by name.
type LifeJSON struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

func livesOf(ctx context.Context, p *pack.Pack) []LifeJSON {
	out := []LifeJSON{}
	for _, l := range p.Lives {
		x := LifeJSON{l.Name, p.Word(web.Lang(ctx), "lives", l.Name)}
		if t := l.Title[web.Lang(ctx)]; t != "" {
			x.Title = t
		}
		if x.Title == "" {
			x.Title = l.Name
		}
		out = append(out, x)
	}
	return out
}

// PackVersionJSON is a version of a pack that came into force.
type PackVersionJSON struct {
	Version string `json:"version"`
	Hash    string `json:"hash"`
	Overlay string `json:"overlay,omitempty" doc:"hash of the county's overlay"`
	From    int64  `json:"from" doc:"ms UTC"`
	By      string `json:"by_name,omitempty" doc:"none: the command line"`
}

type setupPacksOutput struct {
	Body struct {
		Packs []SetupPackJSON `json:"packs"`
	}
}

// PackCheckJSON is the report on an uploaded pack.
type PackCheckJSON struct {
	Name     string            `json:"name,omitempty"`
	Title    string            `json:"title,omitempty"`
	Version  string            `json:"version,omitempty"`
	Hash     string            `json:"hash,omitempty" doc:"to be told when it is loaded"`
	OK       bool              `json:"ok" doc:"it may be loaded"`
	Same     bool              `json:"same,omitempty" doc:"it is in force already"`
	Before   string            `json:"before,omitempty" doc:"version that is in force"`
	Overlay  bool              `json:"overlay,omitempty" doc:"the overlay in force stays"`
	Problems []PackProblemJSON `json:"problems"`
	Changes  []string          `json:"changes" doc:"from what is in force, in words"`
	Roles    []string          `json:"roles" doc:"of the pack, that nobody holds"`
	Units    []string          `json:"units" doc:"that duty lines name, and that do not stand"`
}

// PackProblemJSON is one thing wrong with a pack.
type PackProblemJSON struct {
	Place  string `json:"place" doc:"file, line and column"`
	Code   string `json:"code"`
	Text   string `json:"text"`
	Quoted string `json:"quoted,omitempty" doc:"the line, with a mark below"`
	Meant  string `json:"meant,omitempty" doc:"the word that was probably meant"`
}

// LoadQuery says which pack a file is believed to hold.
type LoadQuery struct {
	Hash string `query:"hash" minLength:"64" maxLength:"64" required:"true" doc:"as its check told"`
}

type packAgainInput struct {
	Name string `path:"name" maxLength:"100"`
	Body struct {
		Hash    string `json:"hash" maxLength:"64"`
		Overlay string `json:"overlay,omitempty" maxLength:"64"`
	}
}

type packChangesInput struct {
	Name string `path:"name" maxLength:"100"`
	From string `query:"from" maxLength:"64" required:"true"`
	To   string `query:"to" maxLength:"64" required:"true"`

	FromOverlay string `query:"from_overlay" maxLength:"64" doc:"hash of the overlay it had"`
	ToOverlay   string `query:"to_overlay" maxLength:"64"`
}

type packChangesOutput struct {
	Body struct {
		Changes []string `json:"changes" doc:"in words"`
	}
}

// Routes adds the operations of this package.
func (s *Service) Routes(srv *web.Server) {
	op := func(method, path, id, summary string, status int) web.Operation {
		return web.Operation{Method: method, Path: "/setup" + path, ID: id, Summary: summary, Tags: []string{"setup"}, Status: status}
	}
	web.Op(srv, op("GET", "/units", "setupUnits", "Units of the jurisdiction, for system administrators", 0), s.httpUnits)
	web.Op(srv, op("POST", "/units", "createUnit", "Make a unit", http.StatusCreated), s.httpNewUnit)
	web.Op(srv, op("PUT", "/units/{id}", "changeUnit", "Give a unit another name, kind, unit above or area", http.StatusNoContent), s.httpUnit)
	web.Op(srv, op("POST", "/units/{id}/end", "endUnit", "End a unit that nobody works in and that has no open case", http.StatusNoContent), s.httpEndUnit)
	web.Op(srv, op("GET", "/packs", "setupPacks", "Packs in force, with the versions before", 0), s.httpPacks)
	web.Op(srv, op("GET", "/packs/{name}/changes", "comparePacks", "What changes from one version of a pack to another", 0), s.httpCompare)
	web.Op(srv, op("POST", "/packs/{name}/again", "packAgain", "Put a version in force again that was before", http.StatusNoContent), s.httpAgain)
	diagram := op("GET", "/packs/{name}/diagram", "packDiagram", "A life of the pack in force, drawn (SVG)", 0)
	diagram.Exchange = web.Exchange{Query: diagramQuery{}, Media: "image/svg+xml"}
	web.Raw(srv, diagram, s.httpDiagram)
	check := op("POST", "/packs/check", "checkPack", "Check a pack folder (ZIP): what is wrong, what it would change; nothing is kept", 0)
	check.MaxBody, check.Exchange = maxArchive+64<<10, web.Exchange{Upload: "file", Answer: PackCheckJSON{}}
	web.Raw(srv, check, s.httpCheck)
	load := op("POST", "/packs", "loadPack", "Put a checked pack folder (ZIP) in force for new cases", http.StatusCreated)
	load.MaxBody, load.Exchange = maxArchive+64<<10, web.Exchange{Query: LoadQuery{}, Upload: "file", Answer: PackCheckJSON{}}
	web.Raw(srv, load, s.httpLoad)
	s.overlayRoutes(srv, op)
	s.gridRoutes(srv, op)
	s.storyRoutes(srv, op)
}

func (s *Service) httpUnits(ctx context.Context, _ *struct{}) (*setupUnitsOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	all, err := s.Units(ctx, a)
	if err != nil {
		return nil, err
	}
	if err := s.Cases.World.Renew(ctx); err != nil {
		return nil, err
	}
	t := s.Cases.World.Tree()
	out := &setupUnitsOutput{}
	out.Body.Units, out.Body.Kinds = []SetupUnitJSON{}, []string{}
	for _, u := range all {
		x := SetupUnitJSON{ID: u.ID, Code: u.Code, Name: u.Name, Kind: u.Kind, ParentID: u.Parent, AreaID: u.Area, Posts: u.Posts, Duty: u.Duty}
		if p, ok := t.Unit(u.Parent); ok {
			x.ParentName = p.Name
		}
		if p, ok := t.Area(u.Area); ok {
			x.AreaName = p.Name
		}
		out.Body.Units = append(out.Body.Units, x)
	}
	out.Body.Kinds, err = s.kinds(ctx, a.Jurisdiction)
	return out, err
}

func (s *Service) httpNewUnit(ctx context.Context, in *newUnitInput) (*newUnitOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	b := in.Body
	u, err := s.SetUnit(ctx, a, territory.Unit{Code: b.Code, Name: b.Name, Kind: b.Kind, Parent: b.ParentID, Area: b.AreaID})
	out := &newUnitOutput{}
	out.Body.ID = u.ID
	return out, err
}

func (s *Service) httpUnit(ctx context.Context, in *changeUnitInput) (*struct{}, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	b := in.Body
	_, err = s.SetUnit(ctx, a, territory.Unit{ID: in.ID, Name: b.Name, Kind: b.Kind, Parent: b.ParentID, Area: b.AreaID})
	return nil, err
}

func (s *Service) httpEndUnit(ctx context.Context, in *endUnitInput) (*struct{}, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	return nil, s.EndUnit(ctx, a, in.ID)
}

func (s *Service) httpPacks(ctx context.Context, _ *struct{}) (*setupPacksOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	all, err := s.Cases.Book.History(ctx, a.Jurisdiction)
	if err != nil {
		return nil, err
	}
	inForce, err := s.Cases.Book.Packs(ctx, a.Jurisdiction)
	if err != nil {
		return nil, err
	}
	if err := s.Cases.World.Renew(ctx); err != nil {
		return nil, err
	}
	out := &setupPacksOutput{}
	out.Body.Packs = []SetupPackJSON{}
	for _, v := range all {
		n := len(out.Body.Packs)
		if n == 0 || out.Body.Packs[n-1].Name != v.Name {
			p := SetupPackJSON{Name: v.Name, Title: v.Name, Lives: []LifeJSON{}}
			if e := inForce[v.Name]; e != nil {
				p.Title, p.Lives = titleOf(ctx, e.Pack), livesOf(ctx, e.Pack)
			}
			out.Body.Packs = append(out.Body.Packs, p)
			n++
		}
		p := &out.Body.Packs[n-1]
		p.Versions = append([]PackVersionJSON{s.versionJSON(v)}, p.Versions...)
	}
	return out, nil
}

func (s *Service) versionJSON(v casework.Version) PackVersionJSON {
	return PackVersionJSON{v.Version, v.Hash, v.Overlay, db.Ms(v.From), s.Cases.World.People().Name(v.PersonID)}
}

func titleOf(ctx context.Context, p *pack.Pack) string {
	if t := p.Title[web.Lang(ctx)]; t != "" {
		return t
	}
	return p.Name
}

func (s *Service) httpCompare(ctx context.Context, in *packChangesInput) (*packChangesOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	all, err := s.Compare(ctx, a, in.Name, VersionRef{in.From, in.FromOverlay}, VersionRef{in.To, in.ToOverlay})
	out := &packChangesOutput{}
	out.Body.Changes = inWords(ctx, all)
	return out, err
}

func inWords(ctx context.Context, all []pack.Sentence) []string {
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = x.Text(web.Lang(ctx))
	}
	return out
}

func (s *Service) httpAgain(ctx context.Context, in *packAgainInput) (*struct{}, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	return nil, s.Again(ctx, a, in.Name, in.Body.Hash, in.Body.Overlay)
}

// diagramQuery says which life is drawn.
type diagramQuery struct {
	Life string `query:"life" maxLength:"64" required:"true"`
	Lang string `query:"lang" enum:",zh,en" doc:"as the reader's requests say when empty"`
}

func (s *Service) httpDiagram(w http.ResponseWriter, r *http.Request) error {
	a, err := account.Administrator(r.Context(), account.SystemAdmin)
	if err != nil {
		return err
	}
	inForce, err := s.Cases.Book.Packs(r.Context(), a.Jurisdiction)
	if err != nil {
		return err
	}
	e := inForce[r.PathValue("name")]
	if e == nil {
		return fault.New(fault.NotFound, "setup.no_version")
	}
	lang := r.URL.Query().Get("lang")
	if lang != "en" && lang != "zh" {
		lang = web.Lang(r.Context())
	}
	_, svg, err := pack.Diagram(e.Pack, r.URL.Query().Get("life"), lang)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	_, err = w.Write(svg)
	return err
}

// archiveOf reads the uploaded file.
func archiveOf(r *http.Request) (account.Actor, []byte, error) {
	a, err := account.Administrator(r.Context(), account.SystemAdmin)
	if err != nil {
		return a, nil, err
	}
	part, err := web.FilePart(r, "file")
	if err != nil {
		return a, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(part, maxArchive+1))
	switch {
	case err != nil:
		err = fault.Wrap(err, fault.Invalid, "setup.not_a_zip")
	case len(data) > maxArchive:
		err = tooLarge()
	}
	return a, data, err
}

func (s *Service) httpCheck(w http.ResponseWriter, r *http.Request) error {
	a, data, err := archiveOf(r)
	if err != nil {
		return err
	}
	c, err := s.Check(r.Context(), a, data)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, s.checkedJSON(r.Context(), a.Jurisdiction, c))
}

func (s *Service) httpLoad(w http.ResponseWriter, r *http.Request) error {
	a, data, err := archiveOf(r)
	if err != nil {
		return err
	}
	c, err := s.Load(r.Context(), a, data, r.URL.Query().Get("hash"))
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusCreated, s.checkedJSON(r.Context(), a.Jurisdiction, c))
}

func (s *Service) checkedJSON(ctx context.Context, jurisdiction string, c *Checked) PackCheckJSON {
	lang := web.Lang(ctx)
	out := PackCheckJSON{OK: c.Pack != nil && c.Report.OK() && !c.Same, Same: c.Same, Problems: problemsOf(ctx, c.Report), Changes: inWords(ctx, c.Changes), Roles: []string{}, Units: c.Units}
	if c.Units == nil {
		out.Units = []string{}
	}
	if c.Pack == nil {
		return out
	}
	out.Name, out.Title, out.Version, out.Hash = c.Pack.Name, titleOf(ctx, c.Pack), c.Pack.Version, c.Pack.Hash()
	if c.Before != nil {
		out.Before, out.Overlay = c.Before.Pack.Version, c.Before.Overlay != nil
	}
	for _, r := range c.Roles {
		title := r
		if x := c.Pack.Role(r); x != nil && x.Title[lang] != "" {
			title = x.Title[lang]
		}
		out.Roles = append(out.Roles, title)
	}
	return out
}

func problemsOf(ctx context.Context, r pack.Report) []PackProblemJSON {
	out := make([]PackProblemJSON, len(r.Problems))
	for i, p := range r.Problems {
		out[i] = PackProblemJSON{p.Place(), p.Code, pack.Say(web.Lang(ctx), p.Code, p.Args), p.Quoted(), p.Suggestion}
	}
	return out
}

// kinds are the kinds and codes of units that duty lines of the packs in force name.
func (s *Service) kinds(ctx context.Context, jurisdiction string) ([]string, error) {
	packs, err := s.Cases.Book.Packs(ctx, jurisdiction)
	seen := map[string]bool{}
	for _, e := range packs {
		for _, d := range e.Pack.Duty {
			if d.Unit != "" {
				seen[d.Unit] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), err
}
