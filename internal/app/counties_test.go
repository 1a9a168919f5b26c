package app_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gezhi/internal/account"
	"gezhi/internal/app"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/media"
	"gezhi/internal/pack"
	"gezhi/internal/record"
	"gezhi/internal/territory"
	"gezhi/packs"
)

// counties are two small sample counties in one database: the first has somebody for every role,
// the second is the other one. Everything in them is made up.
type counties struct {
	office
	home, other account.Jurisdiction
	people      map[string]account.Person
	tokens      map[string]string // of sessions, by who
	cases       map[string]string // ids, by name
	files       map[string]string // ids of the file on each case
	numbers     map[string]string // of the cases
	records     map[cell]string   // ids of a household in each place
	things      map[string][]string
	addresses   map[string]string
	strangers   int    // who came without an account, each from elsewhere
	key         string // the idempotency key of the next requests; one of its own for each when empty
	registered  ids    // cases that a register opened by itself
}

// The places of the two counties: a code, that of the place above, its level and its name.
var places = []territory.Draft{
	{Code: "99", Level: territory.Province, Name: "样例省"},
	{Code: "9901", Parent: "99", Level: territory.City, Name: "样例市"},
	{Code: "990101", Parent: "9901", Level: territory.County, Name: "甲县（样例）"},
	{Code: "990101001", Parent: "990101", Level: territory.Township, Name: "东街道（样例）"},
	{Code: "990101001201", Parent: "990101001", Level: territory.Village, Name: "桥头村（样例）"},
	{Code: "99010100120101", Parent: "990101001201", Level: territory.Grid, Name: "桥头第一网格（样例）"},
	{Code: "990101002", Parent: "990101", Level: territory.Township, Name: "西街道（样例）"},
	{Code: "990101002201", Parent: "990101002", Level: territory.Village, Name: "岭下村（样例）"},
	{Code: "990102", Parent: "9901", Level: territory.County, Name: "乙县（样例）"},
	{Code: "990102001", Parent: "990102", Level: territory.Township, Name: "北街道（样例）"},
	{Code: "990102001201", Parent: "990102001", Level: territory.Village, Name: "南山村（样例）"},
}

// The units of the two counties: a code, the kind, the code of the unit above and of the place.
// Who watches over all others belongs to none.
var offices = []territory.UnitDraft{
	{Code: "centre", Kind: "centre", Area: "990101"},
	{Code: "watch", Kind: "discipline", Area: "990101"},
	{Code: "congress", Kind: "congress", Parent: "centre", Area: "990101"},
	{Code: "data", Kind: "data", Parent: "centre", Area: "990101"},
	{Code: "east", Kind: "office", Parent: "centre", Area: "990101001"},
	{Code: "command", Kind: "command_room", Parent: "east", Area: "990101001"},
	{Code: "enforcement", Kind: "enforcement_station", Parent: "east", Area: "990101001"},
	{Code: "sanitation", Kind: "sanitation_station", Parent: "east", Area: "990101001"},
	{Code: "bridge", Kind: "committee", Parent: "east", Area: "990101001201"},
	{Code: "west", Kind: "office", Parent: "centre", Area: "990101002"},
	{Code: "ridge", Kind: "committee", Parent: "west", Area: "990101002201"},
	{Code: "shop", Kind: "shop", Area: "990101001201"},
	{Code: "market", Kind: "shop", Area: "990101001"},
	{Code: "shop-beyond", Kind: "shop", Area: "990101002201"},
}

var officesElsewhere = []territory.UnitDraft{
	{Code: "centre2", Kind: "centre", Area: "990102"},
	{Code: "watch2", Kind: "discipline", Area: "990102"},
	{Code: "north", Kind: "office", Parent: "centre2", Area: "990102001"},
	{Code: "hill", Kind: "committee", Parent: "north", Area: "990102001201"},
	{Code: "shop-elsewhere", Kind: "shop", Area: "990102001201"},
}

// staff is somebody beside those of the table of standpoints: who, the role, the unit, the place.
var staff = [][4]string{
	{"clerk of the village", "dispatcher", "bridge", "990101001201"},
	{"neighbour", "resident", "", "990101001201"},
	{"second deputy", "deputy", "", "990101"},
	{"colleague", "handler", "enforcement", "990101001"},
	{"cleaner", "handler", "sanitation", "990101001"},
	{"leader beyond", "leader", "west", "990101002"},
	{"worker beyond", "grid_worker", "ridge", "990101002201"},
	{"resident beyond", "resident", "", "990101002201"},
	{"stand-in", "handler", "command", "990101001"},
	{"watcher", "dispatcher", "watch", "990101"},
}

var staffElsewhere = [][4]string{
	{"resident elsewhere", "resident", "", "990102001201"},
	{"worker elsewhere", "grid_worker", "hill", "990102001201"},
	{"leader elsewhere", "leader", "north", "990102001"},
	{"clerk elsewhere", "dispatcher", "north", "990102001"},
	{"chief elsewhere", "county_chief", "centre2", "990102"},
}

// began is when the counties stand from, a working day; today is when their cases are opened.
var (
	began = time.Date(2026, 1, 1, 0, 0, 0, 0, clock.CST)
	today = time.Date(2026, 3, 3, 10, 0, 0, 0, clock.CST)
)

// newCounties sets up both counties, with nobody in them yet but the staff.
func newCounties(t *testing.T, database string) *counties {
	t.Helper()
	args := []string{"-data", t.TempDir(), "-factor-roles", "none"}
	if database != "" {
		args = append(args, "-db", database)
	}
	c := &counties{office: office{t, opened(t, args), clock.At(today)}, people: map[string]account.Person{}, tokens: map[string]string{}, cases: map[string]string{}, files: map[string]string{}, numbers: map[string]string{}, records: map[cell]string{}, things: map[string][]string{}, addresses: map[string]string{}}
	c.home, c.other = c.jurisdiction("990101", "甲县（样例）"), c.jurisdiction("990102", "乙县（样例）")
	c.app.DB.Close()
	a := opened(t, args) // which knows them from its start
	t.Cleanup(func() { a.DB.Close() })
	c.app = a
	a.Feeds.Dir = "../feed/sampledata"
	now := c.hand.Now
	a.Cases.Now, a.Jobs.Now, a.Accounts.Now, a.Notify.Now, a.Territory.Now, a.Book.Now, a.Intake.Now, a.Audit.Now, a.SignOn.Now, a.Calendars.Now, a.Records.Now, a.Feeds.Now, a.Points.Now = now, now, now, now, now, now, now, now, now, now, now, now, now
	a.Web.Log = slog.New(slog.DiscardHandler)
	paced := clock.At(today)
	a.Web.Now = func() time.Time { paced.Add(time.Hour); return paced.Now() } // nobody is told to wait
	for i := range places {
		places[i].Scheme, places[i].ParentScheme = schemeOf(places[i].Code), territory.SchemeDivision
	}
	imp := territory.Import{Jurisdiction: c.home.ID, Owners: map[string]string{"990101": c.home.ID, "990102": c.other.ID}, From: began, Nature: territory.Sample}
	c.ok(a.Territory.Plant(t.Context(), places, imp))
	for j, units := range map[string][]territory.UnitDraft{c.home.ID: offices, c.other.ID: officesElsewhere} {
		for i := range units {
			units[i].Name, units[i].AreaScheme = units[i].Code+"（样例）", territory.SchemeDivision
		}
		c.ok(a.Territory.PlantUnits(t.Context(), units, territory.Import{Jurisdiction: j, From: began, Nature: territory.Sample}))
		for _, name := range []string{"core", "incident", "deputy-proposal", "personal-data", "registers", "village-points"} {
			c.must(a.Book.Load(t.Context(), "", j, c.pack(name), nil))
		}
	}
	for _, x := range staff {
		c.seat(c.home, x[0], x[1], x[2], x[3])
	}
	for _, x := range staffElsewhere {
		c.seat(c.other, x[0], x[1], x[2], x[3])
	}
	return c
}

func opened(t *testing.T, args []string) *app.App {
	t.Helper()
	cfg, _, err := config.Read(args, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func schemeOf(code string) string {
	if len(code) > 12 {
		return territory.SchemeGrid
	}
	return territory.SchemeDivision
}

func (c *counties) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *counties) ok(r territory.Report, err error) {
	c.Helper()
	if err != nil || len(r.Bad) > 0 {
		c.Fatal(err, r.Bad)
	}
}

func (c *counties) jurisdiction(code, name string) account.Jurisdiction {
	c.Helper()
	j, err := c.app.Accounts.CreateJurisdiction(c.Context(), account.Jurisdiction{Code: code, Name: name, Nature: territory.Sample, Settings: account.Settings{Runs: []string{"centre", "office", "committee"}}})
	c.must(err)
	return j
}

// pack is a shipped pack, or one of the samples of stories.
func (c *counties) pack(name string) *pack.Pack {
	c.Helper()
	from := os.DirFS("../story/testdata/" + name)
	if name != "registers" {
		from = os.DirFS("../../packs/" + name)
	}
	p, report := pack.Load(from)
	if p == nil {
		c.Fatal(report.Text("en"))
	}
	return p
}

// seat makes somebody and gives them a post.
func (c *counties) seat(j account.Jurisdiction, who, role, unit, place string) account.Person {
	c.Helper()
	login := strings.NewReplacer(" ", "", ".", "", "_", "").Replace(who)
	p, err := c.app.Accounts.CreatePerson(c.Context(), "", account.NewPerson{Jurisdiction: j.ID, Name: "样例" + strings.ReplaceAll(who, "_", " "), Login: login, Nature: territory.Sample})
	c.must(err)
	n := account.NewPost{PersonID: p.ID, Role: role, From: began, UnitID: c.unit(j, unit), AreaID: c.place(place)}
	if n.AreaID != "" {
		t, err := c.app.Territory.Tree(c.Context())
		c.must(err)
		x, _ := t.Area(n.AreaID)
		n.AreaLevel = account.Level(x.Level)
	}
	if role != "" {
		_, err = c.app.Accounts.GivePost(c.Context(), "", n)
		c.must(err)
	}
	c.people[who] = p
	return p
}

// unit is the id of a unit by its code; "" is none.
func (c *counties) unit(j account.Jurisdiction, code string) string {
	c.Helper()
	t, err := c.app.Territory.Tree(c.Context())
	c.must(err)
	u, ok := t.UnitByCode(j.ID, code)
	if code != "" && !ok {
		c.Fatal("no unit", code)
	}
	if code == "" {
		return ""
	}
	return u.ID
}

// place is the id of a place by its code; "" is none.
func (c *counties) place(code string) string {
	c.Helper()
	if code == "" {
		return ""
	}
	t, err := c.app.Territory.Tree(c.Context())
	c.must(err)
	a, ok := t.ByCode(schemeOf(code), code)
	if !ok {
		c.Fatal("no place", code)
	}
	return a.ID
}

// registers takes in the deputies, whom proposals are by, and a household of three villages.
func (c *counties) registers() {
	c.Helper()
	taken := func(j account.Jurisdiction, county, kind, rows string) {
		c.Helper()
		r, err := c.app.Records.Import(c.Context(), []byte(rows), record.Import{Jurisdiction: j.ID, Kind: kind, From: "2026-01-01", Nature: territory.Sample, Home: c.place(county)})
		if err != nil || r.BadRows > 0 {
			c.Fatal(err, r)
		}
	}
	taken(c.home, "990101", "deputy-proposal/deputy", "代表证号,姓名,账号,代表团,起始日期,结束日期\nS1,样例代表甲,deputy,样例第一代表团,2022-01-01,\nS2,样例代表乙,seconddeputy,样例第一代表团,2022-01-01,\n")
	taken(c.home, "990101", "registers/household", "number,name,area\nH1,样例一户,99010100120101\nH2,样例二户,990101002201\n")
	taken(c.other, "990102", "registers/household", "number,name,area\nH3,样例三户,990102001201\n")
	for reader, places := range map[string]map[string][]cell{"county_chief": {"H1": {own, otherUnit}, "H2": {otherArea}}, "chief elsewhere": {"H3": {otherCounty}}} {
		for _, r := range c.got(reader, "GET", "/records?kind=registers/household", nil, http.StatusOK)["records"].([]any) {
			for _, at := range places[r.(map[string]any)["key"].(string)] {
				c.records[at] = r.(map[string]any)["id"].(string)
			}
		}
	}
}

// token is that of a session of somebody.
func (c *counties) token(who string) string {
	c.Helper()
	if c.tokens[who] == "" {
		p, ok := c.people[who]
		if !ok {
			c.Fatal("nobody is", who)
		}
		token, _, err := c.app.Accounts.Enter(context.WithoutCancel(c.Context()), p.ID, account.Origin{Addr: "192.0.2.1", UserAgent: "sample", Strong: true})
		c.must(err)
		c.tokens[who] = token
	}
	return c.tokens[who]
}

// ask sends a request as somebody; "anonymous" is nobody. A body that is bytes is sent as a file.
func (c *counties) ask(who, method, path string, body any) *httptest.ResponseRecorder {
	c.Helper()
	var sent bytes.Buffer
	media := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		form := multipart.NewWriter(&sent)
		part, err := form.CreateFormFile("file", "样例.jpg")
		c.must(err)
		_, err = part.Write(b)
		c.must(err)
		form.Close()
		media = form.FormDataContentType()
	default:
		c.must(json.NewEncoder(&sent).Encode(b))
	}
	r := httptest.NewRequest(method, "/api/v1"+path, &sent)
	r.Header.Set("Content-Type", media)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Idempotency-Key", cmp.Or(c.key, uuid.NewString()))
	r.Header.Set("Accept-Language", "en")
	r.RemoteAddr = c.address(who) + ":1"
	if who != anonymous {
		r.Header.Set("Cookie", "gezhi_session="+c.token(who))
	}
	w := httptest.NewRecorder()
	c.app.Web.ServeHTTP(w, r)
	return w
}

// address is where somebody sits, so that the guesses of one keep nobody else out.
func (c *counties) address(who string) string {
	if who == anonymous {
		c.strangers++
		return fmt.Sprintf("203.%d.%d.1", c.strangers/256, c.strangers%256)
	}
	if c.addresses[who] == "" {
		c.addresses[who] = fmt.Sprintf("198.18.%d.1", len(c.addresses))
	}
	return c.addresses[who]
}

// got asks and reads the answer, which must be of a status.
func (c *counties) got(who, method, path string, body any, status int) map[string]any {
	c.Helper()
	w := c.ask(who, method, path, body)
	if w.Code != status {
		c.Fatalf("%s: %s %s: %d %s", who, method, path, w.Code, w.Body)
	}
	var v map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &v)
	return v
}

// pictures are those that were made already, by name.
var pictures sync.Map

// picture is what a camera might have made, another one for each name.
func picture(name string) []byte {
	made, ok := pictures.Load(name)
	if !ok {
		made, _ = pictures.LoadOrStore(name, media.Sample(media.SampleLitter, uint64(crc32.ChecksumIEEE([]byte(name))), media.Hint{}, 1))
	}
	return made.([]byte)
}

// reports opens a case under a name, with a file on it.
func (c *counties) reports(name, who, class, place string, more map[string]any) {
	c.Helper()
	file := c.got(who, "POST", "/files", picture(name), http.StatusCreated)["id"].(string)
	body := map[string]any{"class": class, "channel": "home", "text": "样例 " + searched + " of the " + name, "area_id": c.place(place),
		"fields": map[string]any{"photo": []any{file}, "caller_name": "某样例某", "caller_phone": "13800000000"}}
	if strings.HasPrefix(class, "deputy-proposal/") {
		body["fields"] = map[string]any{"attachment": []any{file}}
	}
	for k, v := range more {
		body[k] = v
	}
	opened := c.got(who, "POST", "/cases", body, http.StatusCreated)
	c.cases[name], c.numbers[name], c.files[name] = opened["id"].(string), opened["number"].(string), file
}

// searched is a word in the text of every case of the counties.
const searched = "青石样例"

// deed is an act of somebody, with what it asks for.
type deed struct {
	who, action string
	values      map[string]any
}

// does lets people act on a case, in turn.
func (c *counties) does(name string, deeds ...deed) {
	c.Helper()
	for _, d := range deeds {
		c.got(d.who, "POST", "/cases/"+c.cases[name]+"/moves", map[string]any{"action": d.action, "values": d.values}, http.StatusOK)
	}
}

// rolesOfPacks are all roles that the shipped packs name, and the kernel's.
func (c *counties) rolesOfPacks() map[string]bool {
	c.Helper()
	roles := map[string]bool{}
	entries, err := packs.FS.ReadDir(".")
	c.must(err)
	for _, e := range entries {
		if e.IsDir() {
			for _, r := range c.pack(e.Name()).Roles {
				roles[r.Name] = true
			}
		}
	}
	for _, r := range account.KernelRoles() {
		roles[r] = true
	}
	return roles
}
