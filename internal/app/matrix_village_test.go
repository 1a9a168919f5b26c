package app_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"gezhi/internal/account"
	"gezhi/internal/pack"
	"gezhi/internal/points"
	"gezhi/internal/record"
	"gezhi/internal/territory"
)

// What is of the village's work and points.
const (
	anOffer    kind = "open offer"
	aPlaceFree kind = "place of an open offer"
	aGrant     kind = "grant that is shown"
	aNotice    kind = "what is shown to everybody"
	aGood      kind = "good"
	aClaim     kind = "claim"
	aPickup    kind = "code of a claim"
	aFetched   kind = "code of what was fetched"
	aMerchant  kind = "merchant"
	aPurse     kind = "somebody with points"
	aBudgetOf  kind = "unit with a budget"
	aBoard     kind = "place with a board"
	anEntry    kind = "entry of a ledger"
	aPack      kind = "pack in force"
	aVersion   kind = "version of a pack"
	aStatement kind = "what is shown, and takes no objection"
)

// village is where in each cell things are done for points, and by whom.
var village = map[cell]struct{ place, admin, assessor, party, claimant, shop, budget string }{
	own:         {"99010100120101", "community_admin", "assessor", "party_committee", "neighbour", "shop", "bridge"},
	otherUnit:   {"99010100120101", "street_office", "", "", "neighbour", "market", "enforcement"},
	otherArea:   {"990101002201", "admin beyond", "assessor beyond", "party beyond", "resident beyond", "shop-beyond", "ridge"},
	otherCounty: {"990102001201", "admin elsewhere", "assessor elsewhere", "party elsewhere", "resident elsewhere", "shop-elsewhere", "hill"},
}

// offered are the cells in which a place is offered to a role.
var offered = map[string][]cell{"grid_worker": street, "resident": street, "village_cadre": street, "community_admin": street, "leader": street}

// inVillage are the cells in which somebody knows of a thing of the village's.
func (k kind) inVillage(s standpoint) ([]cell, bool) {
	switch k {
	case anOffer:
		return offered[s.role], true
	case aPlaceFree:
		if s.role == "handler" || s.role == "unit_leader" || s.role == "deputy" || s.role == "resident" {
			return offered[s.role], true
		}
		return s.sees, true
	case aGrant:
		if s.role == "handler" || s.role == "unit_leader" || s.role == "deputy" || s.role == "resident" {
			return nil, true
		}
		return s.sees, true
	case aNotice, aStatement, aGood, aPickup, aFetched:
		return wholeCounty, true
	case aClaim, anEntry:
		return ownOnly, true
	case aMerchant:
		return map[string][]cell{"merchant": ownOnly}[s.role], true
	case aPurse, aBudgetOf:
		return map[string][]cell{"street_office": street, "community_admin": ownOnly, "party_committee": ownOnly}[s.role], true
	case aBoard:
		switch s.role {
		case "resident", "merchant", "grid_worker", "village_cadre", "community_admin", "assessor", "party_committee", "street_office":
			return ownOnly, true
		}
		return nil, true
	case aPack, aVersion:
		return map[string][]cell{"admin.system": ownOnly}[s.role], true
	}
	return nil, false
}

// villages lets people of both counties work for points: offers with free places, grants that are
// shown, goods and merchants, and points that are somebody's.
func (c *counties) villages() {
	c.Helper()
	c.seat(c.home, "second neighbour", "resident", "", "990101001201")
	for _, x := range [][4]string{{"admin beyond", "community_admin", "ridge", "990101002201"}, {"assessor beyond", "assessor", "ridge", "990101002201"}, {"party beyond", "party_committee", "ridge", "990101002201"}} {
		c.seat(c.home, x[0], x[1], x[2], x[3])
	}
	for _, x := range [][4]string{{"admin elsewhere", "community_admin", "hill", "990102001201"}, {"assessor elsewhere", "assessor", "hill", "990102001201"}, {"party elsewhere", "party_committee", "hill", "990102001201"}} {
		c.seat(c.other, x[0], x[1], x[2], x[3])
	}
	c.versions(own, c.home, "core", "task")
	c.versions(otherCounty, c.other, "rounds", "note")
	for office, j := range map[string]account.Jurisdiction{"east": c.home, "west": c.home, "north": c.other} {
		c.posts(j, points.Allot, "budget "+office, points.Of(points.Mint), points.Budget(c.unit(j, office), 2026), 5000)
	}
	for who, p := range c.people {
		j, office := c.home, "east"
		if p.Jurisdiction == c.other.ID {
			j, office = c.other, "north"
		}
		c.posts(j, points.Adjust, "to "+who, points.Budget(c.unit(j, office), 2026), points.Own("person/"+p.ID), 100)
	}
	c.shops()
	for _, at := range []cell{own, otherUnit, otherArea, otherCounty} {
		c.worked(at)
		c.stated(at)
	}
	c.work()
}

// versions puts a pack in force that was another one before, with the same lives.
func (c *counties) versions(at cell, j account.Jurisdiction, name, life string) {
	c.Helper()
	now, from := c.pack(name), os.DirFS("../../packs/"+name)
	other := fstest.MapFS{}
	c.must(fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, path)
		if path == "pack.yaml" {
			data = append(data, "# as it was before\n"...)
		}
		other[path] = &fstest.MapFile{Data: data}
		return err
	}))
	before, report := pack.Load(other)
	if before == nil || before.Hash() == now.Hash() {
		c.Fatal(report.Text("en"))
	}
	for _, p := range []*pack.Pack{before, now} {
		c.hand.Add(time.Second) // each comes into force at a time of its own
		c.must(c.app.Book.Load(c.Context(), "", j.ID, p, nil))
	}
	c.hand.Add(time.Second)
	c.things[string(aVersion)+string(at)] = []string{name, before.Hash(), now.Hash(), life}
}

// stated publishes a notice that nobody can object to; in the own village there is a second one
// that is not published yet.
func (c *counties) stated(at cell) {
	c.Helper()
	v := village[at]
	if v.party == "" {
		return
	}
	names := []string{"statement " + string(at)}
	if at == own {
		names = append(names, "statement "+string(kept))
	}
	for _, name := range names {
		c.cases[name] = c.got(v.admin, "POST", "/cases", map[string]any{"class": "village-points/notice", "channel": "window", "text": "样例", "area_id": c.place(v.place),
			"fields": map[string]any{"heading": "样例", "body": "样例", "until": "2026-04-30"}}, http.StatusCreated)["id"].(string)
		c.does(name, deed{v.party, "approve", nil})
		c.things[string(aStatement)+strings.TrimPrefix(name, "statement ")] = []string{c.cases[name], "notice"}
	}
	c.does(names[0], deed{v.admin, "publish", nil})
}

// posts posts something that two people have agreed to.
func (c *counties) posts(j account.Jurisdiction, k points.Kind, key string, from, to points.Account, amount int64) {
	c.Helper()
	_, err := c.app.Points.Do(c.Context(), points.Posting{Jurisdiction: j.ID, Ledger: "points", Kind: k, Key: strings.ReplaceAll(key, " ", "-"), From: from, To: to, Amount: amount, Reason: "样例", Person: "one", Second: "another"})
	c.must(err)
}

// shops has a merchant of each cell, and goods at an office and at the merchants.
func (c *counties) shops() {
	c.Helper()
	taken := func(j account.Jurisdiction, county, kind, rows string) {
		r, err := c.app.Records.Import(c.Context(), []byte(rows), record.Import{Jurisdiction: j.ID, Kind: "village-points/" + kind, From: "2026-01-01", Nature: territory.Sample, Home: c.place(county)})
		if err != nil || r.BadRows > 0 {
			c.Fatal(err, r)
		}
	}
	taken(c.home, "990101", "merchant", "code,name,unit,levels\nS1,样例甲店,shop,0:95折\nS2,样例乙店,market,0:95折\nS3,样例丙店,shop-beyond,0:95折\n")
	taken(c.other, "990102", "merchant", "code,name,unit,levels\nS4,样例丁店,shop-elsewhere,0:95折\n")
	taken(c.home, "990101", "good", "code,name,price,stock,shop\nG1,样例毛巾,1,900,\nG2,样例甲店券,1,900,shop\n")
	taken(c.other, "990102", "good", "code,name,price,stock,shop\nG3,样例毛巾,1,900,\n")
	c.work()
	for _, j := range []account.Jurisdiction{c.home, c.other} {
		goods, err := c.app.Points.Goods(c.Context(), points.Place{Jurisdiction: j.ID, Ledger: "points"})
		c.must(err)
		for _, g := range goods {
			for at := range village {
				if g.Merchant == "" && c.jurisdictionOf(at).ID == j.ID {
					c.things[string(aGood)+string(at)] = []string{g.ID}
				}
			}
		}
		all, err := c.app.Points.Merchants(c.Context(), points.Place{Jurisdiction: j.ID, Ledger: "points"})
		c.must(err)
		for _, m := range all {
			for at, v := range village {
				if c.jurisdictionOf(at).ID == j.ID && c.unit(j, v.shop) == m.UnitID {
					c.things[string(aMerchant)+string(at)] = []string{m.ID}
				}
			}
		}
	}
}

// jurisdictionOf is the county in which a cell lies.
func (c *counties) jurisdictionOf(at cell) account.Jurisdiction {
	if at == otherCounty {
		return c.other
	}
	return c.home
}

// worked publishes work, which stays open, and lets somebody do it so well that what was granted
// is shown to everybody.
func (c *counties) worked(at cell) {
	c.Helper()
	v := village[at]
	class := map[bool]string{true: "305", false: "301"}[at == otherUnit]
	job := c.got(v.admin, "POST", "/cases", map[string]any{"class": "village-points/" + class, "channel": "window", "text": "<img src=x onerror=alert(1)> 样例", "area_id": c.place(v.place),
		"fields": map[string]any{"difficulty": "hard", "places": 60, "ends": "2026-03-31"}}, http.StatusCreated)["id"].(string)
	c.cases["job "+string(at)] = job
	c.does("job "+string(at), deed{v.admin, "publish", nil})
	c.things[string(anOffer)+string(at)] = []string{job, "claims"}
	if v.assessor == "" {
		return
	}
	name := "grant " + string(at)
	c.cases[name] = c.got(v.claimant, "POST", "/offers/"+job+"/claims", map[string]any{}, http.StatusCreated)["id"].(string)
	c.does(name, deed{v.claimant, "submit", map[string]any{"done_on": "2026-03-03"}}, deed{v.assessor, "assess", map[string]any{"grade": "full"}}, deed{v.party, "approve", nil})
	c.things[string(aGrant)+string(at)] = []string{c.cases[name], "grant"}
}

// inVillages are the ids of a request about something of the village's.
func (c *counties) inVillages(k kind, s standpoint, at cell, fresh bool) []string {
	c.Helper()
	j := c.jurisdictionOf(at)
	switch k {
	case anOffer, aPlaceFree:
		return c.things[string(anOffer)+string(at)]
	case aGrant, aNotice:
		if at == otherUnit {
			at = own
		}
		if at == kept { // not shown yet
			return []string{c.things[string(anOffer)+string(own)][0], "grant"}
		}
		return c.things[string(aGrant)+string(at)]
	case aGood, aMerchant, aVersion, aStatement:
		return c.things[string(k)+string(at)]
	case aPurse:
		return []string{c.people[map[cell]string{own: "neighbour", otherUnit: "colleague", otherArea: "resident beyond", otherCounty: "resident elsewhere"}[at]].ID}
	case aBudgetOf:
		return []string{c.unit(j, village[at].budget)}
	case aBoard:
		return []string{c.place(map[cell]string{own: "990101001201", otherArea: "990101002201", otherCounty: "990102001201"}[at])}
	case aPack:
		return []string{map[cell]string{own: "core", otherCounty: "rounds"}[at]}
	}
	owner := map[cell]string{own: s.role, otherUnit: "cleaner", otherArea: "resident beyond", otherCounty: "resident elsewhere"}[at]
	if owner == anonymous {
		owner = "neighbour"
	}
	if k == anEntry {
		return []string{"to-" + strings.ReplaceAll(owner, " ", "-")}
	}
	key := string(k) + string(at) + owner
	if fresh || c.things[key] == nil {
		c.things[key] = c.claimed(k, j, c.things[string(aGood)+string(at)][0], owner)
	}
	return c.things[key]
}

// claimed reserves a good for somebody: the id of the claim, or its code.
func (c *counties) claimed(k kind, j account.Jurisdiction, good, owner string) []string {
	c.Helper()
	place := points.Place{Jurisdiction: j.ID, Ledger: "points"}
	claim, err := c.app.Points.Reserve(c.Context(), place, uuid.NewString(), good, "person/"+c.people[owner].ID, c.people[owner].ID)
	c.must(err)
	if k == aClaim {
		return []string{claim.ID}
	}
	if k == aFetched {
		_, err = c.app.Points.PickUp(c.Context(), place, claim.Code, "somebody")
		c.must(err)
	}
	return []string{claim.Code}
}

// code is what the telephone of somebody shows now.
func (c *counties) code(who string) string {
	c.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	c.must(err)
	key := c.got(who, "POST", "/points/code-keys", map[string]any{"key": base64.RawURLEncoding.EncodeToString(public)}, http.StatusCreated)["id"].(string)
	return points.Code{KeyID: key, Stamp: c.hand.Now().Unix(), Nonce: uuid.NewString()[:12]}.Sign(private)
}

// villagesAgree compares what is listed of offers, of what is shown, of goods, claims, merchants
// and boards with what a single request about each is answered.
func (c *counties) villagesAgree(t *testing.T) {
	c.T = t
	for _, s := range standpoints {
		if s.role == anonymous {
			continue
		}
		c.offersAgree(t, s.role)
		c.shopAgrees(t, s.role)
	}
	c.noticesAgree(t)
}

func (c *counties) offersAgree(t *testing.T, who string) {
	t.Helper()
	reads, cases := ids{}, ids{}
	offers := of(objects(c.got(who, "GET", "/offers", nil, http.StatusOK)["offers"].([]any)), "case")
	published := of(objects(c.got(who, "GET", "/offers/published", nil, http.StatusOK)["offers"].([]any)), "case")
	for _, at := range []cell{own, otherUnit, otherArea, otherCounty} {
		id := c.things[string(anOffer)+string(at)][0]
		if c.ask(who, "GET", "/offers/"+id+"/claims", nil).Code == http.StatusOK {
			reads.add(id)
		}
		if c.ask(who, "GET", "/cases/"+id, nil).Code == http.StatusOK {
			cases.add(id)
		}
	}
	c.same(t, who, "the offers", offers, reads)
	c.same(t, who, "the published offers", published, cases)
}

func (c *counties) shopAgrees(t *testing.T, who string) {
	t.Helper()
	const ledger = "?ledger=points"
	reads := ids{}
	for _, at := range []cell{own, otherUnit, otherArea, otherCounty} {
		id := c.things[string(aMerchant)+string(at)][0]
		if c.ask(who, "GET", "/points/merchants/"+id+"/statement"+ledger, nil).Code == http.StatusOK {
			reads.add(id)
		}
	}
	c.same(t, who, "the merchants", of(objects(c.got(who, "GET", "/points/merchants", nil, http.StatusOK)["merchants"].([]any)), "id"), reads)
	all, month := c.ask(who, "GET", "/points/merchants"+ledger, nil), "&month=2026-03"
	if body := all.Body.String(); strings.Contains(body, c.things[string(aMerchant)+string(otherCounty)][0]) {
		t.Errorf("%s: the merchants show one of the other county", who)
	}
	table, book := c.ask(who, "GET", "/points/settlements"+ledger+month, nil), c.ask(who, "GET", "/points/settlements.xlsx"+ledger+month, nil)
	if table.Code != book.Code {
		t.Errorf("%s: the settlements %d, their workbook %d", who, table.Code, book.Code)
	}
	for _, good := range objects(c.got(who, "GET", "/points/goods"+ledger, nil, http.StatusOK)["goods"].([]any)) {
		if good["id"] == c.things[string(aGood)+string(otherCounty)][0] {
			t.Errorf("%s: the goods show one of the other county", who)
		}
	}
	report, sheet := c.ask(who, "GET", "/points/report"+ledger, nil), c.ask(who, "GET", "/points/report.xlsx"+ledger, nil)
	entries := c.ask(who, "GET", "/points/report/entries"+ledger+"&figure=issued", nil)
	if report.Code != sheet.Code || report.Code != entries.Code {
		t.Errorf("%s: the report %d, its workbook %d, its entries %d", who, report.Code, sheet.Code, entries.Code)
	}
	page := c.got(who, "GET", "/points/person", nil, http.StatusOK)
	if page["own"] != true || page["id"] != c.people[who].ID {
		t.Errorf("%s: one's own page is %v", who, page)
	}
}

// noticesAgree looks at what is shown in each place, with an account and without.
func (c *counties) noticesAgree(t *testing.T) {
	t.Helper()
	for _, who := range []string{anonymous, "resident", "admin.audit"} {
		for at, county := range map[cell]string{own: "990101", otherArea: "990101", otherCounty: "990102"} {
			id := c.things[string(aGrant)+string(at)][0]
			listed := of(objects(c.got(who, "GET", "/intake/notices?jurisdiction="+county+"&area="+c.place(village[at].place), nil, http.StatusOK)["notices"].([]any)), "id")
			statement := c.things[string(aStatement)+string(at)][0]
			c.same(t, who, "what is shown", listed, ids{id: true, statement: true})
			if one := c.ask(who, "GET", "/intake/notices/"+statement+"/notice?jurisdiction="+county, nil); one.Code != http.StatusOK {
				t.Errorf("%s reads what is stated: %d %s", who, one.Code, one.Body)
			}
			one := c.ask(who, "GET", "/intake/notices/"+id+"/grant?jurisdiction="+county, nil)
			if body := one.Body.String(); one.Code != http.StatusOK || strings.Contains(body, c.people[village[at].claimant].Name) || strings.Contains(body, c.people[village[at].claimant].ID) {
				t.Errorf("%s reads what is shown: %d %s", who, one.Code, body)
			}
		}
	}
}

// A key under which one person took a place or reserved a good is of no use to another, the code
// of somebody of the other county is forged here, and whoever looks at entries learns no code by
// which something is fetched.
func (c *counties) keysAreOnesOwn(t *testing.T) {
	c.T = t
	body := map[string]any{"ledger": "points", "good": c.things[string(aGood)+string(own)][0]}
	take := "/offers/" + c.things[string(anOffer)+string(otherUnit)][0] + "/claims"
	c.key = uuid.NewString()
	mine := c.got("neighbour", "POST", "/points/claims", body, http.StatusCreated)
	part := c.got("neighbour", "POST", take, map[string]any{}, http.StatusCreated)
	if again := c.got("neighbour", "POST", "/points/claims", body, http.StatusCreated); again["code"] != mine["code"] {
		t.Errorf("sent again it is another claim: %v", again)
	}
	if again := c.got("neighbour", "POST", take, map[string]any{}, http.StatusCreated); again["id"] != part["id"] {
		t.Errorf("sent again it is another place: %v", again)
	}
	if w := c.ask("resident", "POST", "/points/claims", body); w.Code != http.StatusConflict || strings.Contains(w.Body.String(), mine["code"].(string)) {
		t.Errorf("the key of somebody else reserves: %d %s", w.Code, w.Body)
	}
	if w := c.ask("clerk of the village", "POST", take, map[string]any{}); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), part["id"].(string)) {
		t.Errorf("the key of somebody else takes a place: %d %s", w.Code, w.Body)
	}
	if w := c.ask("second neighbour", "POST", take, map[string]any{}); w.Code != http.StatusCreated || strings.Contains(w.Body.String(), part["id"].(string)) {
		t.Errorf("the same key is not a neighbour's own: %d %s", w.Code, w.Body)
	}
	c.key = ""
	for who, n := range map[string]int{"neighbour": 1, "second neighbour": 0} {
		if list := c.got(who, "GET", "/points/claims?ledger=points", nil, http.StatusOK)["claims"].([]any); len(list) != n {
			t.Errorf("%s has the claims %v", who, list)
		}
	}
	w := c.ask("merchant", "POST", "/points/scans", map[string]any{"ledger": "points", "merchant": c.things[string(aMerchant)+string(own)][0], "code": c.code("resident elsewhere")})
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "points.code_forged") {
		t.Errorf("a code of the other county is scanned: %d %s", w.Code, w.Body)
	}
	entries := c.ask("community_admin", "GET", "/points/entries?ledger=points&kind=held&owner=person/"+c.people["neighbour"].ID, nil)
	id, code := mine["id"].(string), mine["code"].(string)
	if entries.Code != http.StatusOK || !strings.Contains(entries.Body.String(), "claim/"+id) || strings.Contains(entries.Body.String(), code) {
		t.Errorf("the entries of a claim: %d %s", entries.Code, entries.Body)
	}
	if sum := sha256.Sum256([]byte("pick-up " + id)); code == base32.StdEncoding.EncodeToString(sum[:5]) {
		t.Error("whoever sees the id of a claim among entries can work out its code")
	}
}
