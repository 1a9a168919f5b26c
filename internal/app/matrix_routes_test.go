package app_test

import (
	"strings"

	"github.com/google/uuid"
)

// route is one operation, and whom it answers how.
type route struct {
	op      string         // method and path below the prefix
	about   kind           // what the id in its path, or in its body, is of
	may     []string       // roles; everybody who is logged in when nothing is said
	ok      int            // to who may
	refused int            // to who may not; 403 when nothing is said
	absent  int            // of what one may not know of; 404 when nothing is said
	instead map[string]int // what single roles are answered in place of ok

	anonymous int  // what nobody in particular is answered; 401 when nothing is said
	leaves    bool // ends the session that asked
	query     string
	body      func(c *counties, s standpoint, ids []string) any
}

// says is a body that is the same for all.
func says(v map[string]any) func(*counties, standpoint, []string) any {
	return func(*counties, standpoint, []string) any { return v }
}

// Who may what, by roles.
var (
	staffed = []string{"grid_worker", "village_cadre", "dispatcher", "inspector", "leader", "handler", "unit_leader", "duty_clerk", "duty_leader", "county_chief",
		"congress_office", "congress_leader", "government_office", "data_officer", "data_leader", "community_admin", "assessor", "party_committee", "street_office"}
	accountants = []string{"admin.system", "admin.security"}
	system      = []string{"admin.system"}
	security    = []string{"admin.security"}
	auditors    = []string{"admin.audit"}
	ofTheCounty = []string{"county_chief", "congress_office", "congress_leader", "government_office", "data_officer", "data_leader"}
	unmaskers   = []string{"resident", "dispatcher", "handler"} // for the purpose contact; the resident his own
	reporters   = []string{"resident"}
	lookers     = []string{"street_office", "party_committee", "community_admin"} // at the ledger of village-points
	takers      = []string{"grid_worker", "resident", "village_cadre", "community_admin", "leader"}
	keepers     = []string{"community_admin"} // of its shop
)

// routes is the whole of it: an operation that is served and does not stand here fails the test.
var routes = []route{
	// Cases: on what one does not see, everything is answered as if it were not there.
	{op: "GET /cases/{id}", about: aCase, ok: 200},
	{op: "POST /cases/{id}/moves", about: aCase, ok: 200, body: says(map[string]any{"action": "comment", "note": "seen"})},
	{op: "GET /cases/{id}/duplicates", about: aCase, ok: 200},
	{op: "GET /cases/{id}/answer", about: aCase, ok: 200},
	{op: "GET /cases/{id}/copy", about: aCase, ok: 409}, // none of them is a request that was granted,
	{op: "GET /cases/{id}/receipt", about: aCase, ok: 200},
	{op: "GET /cases/{id}/receipt.png", about: aCase, ok: 200},
	{op: "POST /cases/{id}/unmask", about: aCase, may: unmaskers, ok: 200, instead: map[string]int{"deputy": 404}, body: says(map[string]any{"purpose": "contact"})},
	{op: "POST /cases/{id}/correct", about: aCase, may: reporters, ok: 204, instead: map[string]int{"deputy": 422}, body: says(map[string]any{"field": "caller_name", "value": "样例", "reason": "misheard"})},
	{op: "GET /files/{id}", about: aFile, ok: 200},
	{op: "POST /files/{id}/unmask", about: aFile, may: append([]string{"deputy"}, unmaskers...), ok: 200, query: "?purpose=contact"}, // the deputy his own
	{op: "GET /cases/{id}/files", about: aCase, ok: 200},
	{op: "POST /file-flags/{id}", ok: 404, body: says(map[string]any{"finding": "fine"})}, // none of them was flagged

	// What is reported, listed and looked up; matrix_agree_test.go looks into the answers.
	{op: "GET /cases", ok: 200},
	{op: "POST /cases", ok: 201, body: opens},
	{op: "GET /cases.csv", ok: 200},
	{op: "GET /cases.xlsx", ok: 200},
	{op: "POST /cases/duplicates", ok: 200, body: func(c *counties, _ standpoint, _ []string) any {
		return map[string]any{"class": "incident/sample:0102", "text": "样例 " + searched, "area_id": c.place("990101002201")}
	}},
	{op: "POST /cases/earlier", ok: 200, body: says(map[string]any{"phone": "13800000000", "purpose": "contact"})},
	{op: "GET /search", ok: 200, query: "?q=" + searched},
	{op: "GET /figures", ok: 200},
	{op: "GET /me/views", ok: 200},
	{op: "POST /me/views", ok: 201, body: says(map[string]any{"name": "late", "query": map[string]any{"queue": "overdue"}})},
	{op: "DELETE /me/views/{id}", ok: 404},
	{op: "GET /calendar", ok: 200, query: "?year=2026"},
	{op: "GET /calendar/due", ok: 200, query: "?from=1772413200000&limit=3%20working%20days"},
	{op: "GET /duty", ok: 200},
	{op: "GET /figures/news", ok: 200},
	{op: "GET /events", ok: 200},
	{op: "POST /files", ok: 201, body: func(*counties, standpoint, []string) any { return picture("something new") }},
	{op: "POST /uploads", ok: 400}, // it says no size; internal/upload has the rest
	{op: "HEAD /uploads/{id}", ok: 404},
	{op: "PATCH /uploads/{id}", ok: 404},
	{op: "DELETE /uploads/{id}", ok: 404},
	{op: "POST /uploads/{id}/file", ok: 404, body: says(map[string]any{})},
	{op: "GET /accused", ok: 200},
	{op: "GET /classes", ok: 200},
	{op: "POST /class-proposals", ok: 200, body: says(map[string]any{"text": "the bin is full"})},
	{op: "POST /paste", ok: 200, body: says(map[string]any{"text": "the bin is full"})},
	{op: "GET /areas", ok: 200},
	{op: "GET /areas/outlines", ok: 200},
	{op: "GET /places", ok: 200, query: "?q=桥头"},
	{op: "GET /units", ok: 200},
	{op: "GET /people", ok: 200},
	{op: "GET /workload", ok: 200, query: "?area=none"},
	{op: "GET /record-kinds", ok: 200},
	{op: "GET /records", ok: 200, query: "?kind=registers/household"},
	{op: "GET /records/{id}", about: aRecord, ok: 200},

	// Places that are offered: to whom they are not, there is no offer; internal/casework has the rest.
	// Whoever sees the case knows of it, and may take none all the same.
	{op: "POST /batches", ok: 200, body: says(map[string]any{"action": "comment", "items": []any{map[string]any{"case": "none", "note": "sample"}}})},
	{op: "GET /cases/{id}/gaps/{name}", ok: 404},
	{op: "GET /cases/{id}/attendance", about: aCase, ok: 200},
	{op: "GET /cases/{id}/public/{view}", about: aGrant, ok: 200},
	{op: "GET /offers", ok: 200},
	{op: "GET /offers/published", ok: 200},
	{op: "GET /offers/published.csv", ok: 200},
	{op: "GET /offers/published.xlsx", ok: 200},
	{op: "GET /offers/{id}/{part}", about: anOffer, ok: 200},
	{op: "POST /offers/{id}/{part}", about: aPlaceFree, may: takers, ok: 201, body: says(map[string]any{})},

	// What one is told, whom a clerk telephones, and what became of messages.
	{op: "GET /notes", ok: 200},
	{op: "GET /notes/unread", ok: 200},
	{op: "POST /notes/{id}/read", about: aNote, ok: 204},
	{op: "GET /calls", may: ofTheCounty, ok: 200},
	{op: "POST /calls/{id}", about: aCall, may: ofTheCounty, ok: 204, body: says(map[string]any{"reached": true})},
	{op: "GET /deliveries", may: ofTheCounty, ok: 200},
	{op: "GET /dead-letters", may: ofTheCounty, ok: 200},
	{op: "POST /dead-letters/{id}/resend", about: aLetter, may: ofTheCounty, ok: 204},

	// Oneself.
	{op: "GET /me", ok: 200},
	{op: "GET /me/contacts", ok: 200},
	{op: "PUT /me/contacts", ok: 204, body: says(map[string]any{"phone": "", "mail": ""})},
	{op: "GET /me/devices", ok: 200},
	{op: "GET /me/factor", ok: 200},
	{op: "POST /me/factor", ok: 422, body: says(map[string]any{})},
	{op: "POST /me/factor/confirm", ok: 409, body: says(map[string]any{"code": "000000"})},
	{op: "POST /me/recovery-codes", ok: 422, body: says(map[string]any{})},
	{op: "POST /me/password", ok: 422, body: says(map[string]any{})},
	{op: "GET /me/readings", ok: 200},
	{op: "GET /me/sessions", ok: 200},
	{op: "DELETE /me/sessions", ok: 204},
	{op: "DELETE /me/sessions/{id}", about: aSession, ok: 204, absent: 204},

	// Others' accounts: the three administrators', each their own part, and never of another county.
	{op: "GET /accounts", may: accountants, ok: 200},
	{op: "POST /accounts", may: system, ok: 200, body: func(*counties, standpoint, []string) any {
		return map[string]any{"name": "样例新人", "login": "new" + uuid.NewString()[:8]}
	}},
	{op: "GET /accounts/{id}", about: aPerson, may: accountants, ok: 200},
	{op: "POST /accounts/{id}/end", about: aPerson, may: system, ok: 204},
	{op: "POST /accounts/{id}/lock", about: aPerson, may: security, ok: 204, body: says(map[string]any{"reason": "sample"})},
	{op: "POST /accounts/{id}/unlock", about: aPerson, may: security, ok: 204},
	{op: "POST /accounts/{id}/remove-factor", about: aPerson, may: security, ok: 204},
	{op: "POST /accounts/{id}/reset", about: aPerson, may: security, ok: 200},
	{op: "POST /accounts/{id}/posts", about: aPerson, may: security, ok: 200, body: says(map[string]any{"role": "resident"})},
	{op: "GET /accounts/{id}/sessions", about: aPerson, may: security, ok: 200},
	{op: "DELETE /accounts/{id}/sessions", about: aPerson, may: security, ok: 204},
	{op: "DELETE /accounts/{id}/sessions/{session}", about: aPersonsSession, may: security, ok: 204},
	{op: "POST /posts/{id}/end", about: aPost, may: security, ok: 204, body: says(map[string]any{})},
	{op: "POST /addresses/unlock", may: security, ok: 204, body: says(map[string]any{"address": "192.0.2.7"})},
	{op: "GET /roles", may: accountants, ok: 200},

	// What comes from a platform above: whoever may not import a feed does not know of it.
	{op: "GET /feeds", ok: 200},
	{op: "POST /feeds/{name}/imports", about: aFeed, ok: 202, body: func(*counties, standpoint, []string) any { return hotlineTable }},
	{op: "POST /feeds/{name}/exports", about: aFeed, ok: 200},
	{op: "GET /feeds/{name}/runs/{id}", about: aFeedRun, ok: 200},
	{op: "GET /feeds/{name}/exports/{id}", about: aFeedRun, ok: 404}, // it is no export
	{op: "POST /paper/forms", may: staffed, ok: 200, body: says(map[string]any{"class": "incident/sample:0102", "count": 1})},
	{op: "GET /paper/forms", may: staffed, ok: 200},
	{op: "GET /paper/code", about: aNumber, ok: 200, query: "?number=NUMBER"},
	{op: "POST /paper/photos", ok: 400, body: func(*counties, standpoint, []string) any { return picture("a paper without a code") }},
	{op: "POST /hooks/{name}", ok: 401, anonymous: 401, body: says(map[string]any{"id": "1"})},

	// What the system administrator sets up: the own county alone.
	{op: "GET /setup/units", may: system, ok: 200},
	{op: "POST /setup/units", may: system, ok: 201, body: func(*counties, standpoint, []string) any {
		return map[string]any{"name": "样例站", "code": "u" + uuid.NewString()[:8]}
	}},
	{op: "PUT /setup/units/{id}", about: aUnit, may: system, ok: 204, body: says(map[string]any{"name": "样例站", "kind": "station"})},
	{op: "POST /setup/units/{id}/end", about: aUnit, may: system, ok: 204},
	{op: "GET /setup/packs", may: system, ok: 200},
	{op: "GET /setup/packs/{name}/changes", about: aVersion, may: system, ok: 200, query: "?from=BEFORE&to=NOW"},
	{op: "GET /setup/packs/{name}/diagram", about: aVersion, may: system, ok: 200, query: "?life=LIFE"},
	{op: "POST /setup/packs/{name}/again", about: aVersion, may: system, ok: 204, body: func(_ *counties, _ standpoint, ids []string) any {
		return map[string]any{"hash": ids[min(1, len(ids)-1)]}
	}},
	{op: "GET /setup/packs/{name}/overlay", about: aPack, may: system, ok: 200},
	{op: "POST /setup/packs/{name}/overlay/check", may: system, ok: 404, body: says(map[string]any{"text": "overlay: none"})},
	{op: "PUT /setup/packs/{name}/overlay", may: system, ok: 404, body: says(map[string]any{"text": "overlay: none", "pack": "none"})},
	{op: "GET /setup/packs/{name}/stories", about: aPack, may: system, ok: 200},
	{op: "POST /setup/packs/{name}/stories/run", about: aPack, may: system, ok: 400, body: says(map[string]any{})}, // core has none
	{op: "GET /setup/grids", may: system, ok: 200},
	{op: "GET /setup/grids/{id}", about: aPlace, may: system, ok: 200},
	{op: "GET /setup/grids/{id}/boundaries", about: aPlace, may: system, ok: 200},
	{op: "POST /setup/grids/look", may: system, ok: 200, body: says(map[string]any{"changes": []any{}})},
	{op: "POST /setup/grids/shape", may: system, ok: 400, body: says(map[string]any{"do": "join", "one": []any{}, "other": []any{}})},
	{op: "GET /setup/sketches", may: system, ok: 200},
	{op: "GET /setup/sketches/{id}", about: aSketch, may: system, ok: 200},
	{op: "POST /setup/sketches", may: system, ok: 201, body: says(map[string]any{"name": "样例", "changes": []any{}})},
	{op: "PUT /setup/sketches/{id}", about: aSketch, may: system, ok: 200, body: says(map[string]any{"name": "样例", "changes": []any{}, "version": 1})},
	{op: "POST /setup/sketches/{id}/drop", about: aSketch, may: system, ok: 204, body: says(map[string]any{"version": 1})},
	{op: "POST /setup/sketches/{id}/put", about: aSketch, may: system, ok: 400, body: says(map[string]any{"version": 1, "from": "2030-01-01"})},
	{op: "POST /setup/packs/check", may: system, ok: 400, body: func(*counties, standpoint, []string) any { return picture("no archive") }},
	{op: "POST /setup/packs", may: system, ok: 400, query: "?hash=" + strings.Repeat("0", 64), body: func(*counties, standpoint, []string) any { return picture("no archive") }},

	// Whom one answers for, and who acts for whom.
	{op: "GET /charges", ok: 200},
	{op: "POST /invitations", about: aCharge, ok: 201, body: func(_ *counties, _ standpoint, ids []string) any { return map[string]any{"people": ids} }},
	{op: "DELETE /charges/{id}/invitation", about: anInvitation, ok: 204},
	{op: "POST /devices/{id}/end", about: aDevice, ok: 204},
	{op: "GET /delegations", ok: 200},
	{op: "GET /delegations/posts", ok: 200},
	{op: "POST /delegations", about: aLoan, ok: 201, body: lends},
	{op: "POST /delegations/{id}/end", about: aDelegation, ok: 204},

	// Ledgers: one's own is everybody's to read; what is others', who looks at a ledger from above.
	{op: "GET /points/accounts", ok: 200},
	{op: "GET /points/ledgers", ok: 200},
	{op: "GET /points/person", about: aPurse, may: lookers, ok: 200, absent: 403, query: "?person=NUMBER"},
	{op: "GET /points/merchants", ok: 200},
	{op: "GET /points/statement", ok: 200, query: "?ledger=points"},
	{op: "GET /points/balance", ok: 200, query: "?ledger=points&day=2026-03-02"},
	{op: "GET /points/budget", about: aBudgetOf, may: lookers, ok: 200, absent: 403, query: "?ledger=points&unit=NUMBER"},
	{op: "POST /points/proposals", about: aBudgetOf, may: []string{"street_office"}, ok: 201, absent: 403, body: func(_ *counties, _ standpoint, ids []string) any {
		return map[string]any{"ledger": "points", "kind": "budget", "unit": ids[0], "year": 2026, "amount": 1, "reason": "sample"}
	}},
	{op: "GET /points/proposals", may: lookers, ok: 200, query: "?ledger=points"},
	{op: "POST /points/proposals/{id}", about: aBudget, may: []string{"party_committee"}, ok: 204, body: says(map[string]any{"ledger": "points", "agree": true})},
	{op: "GET /points/goods", ok: 200, query: "?ledger=points"},
	{op: "POST /points/claims", about: aGood, ok: 201, body: ofLedger("good")},
	{op: "GET /points/claims", ok: 200, query: "?ledger=points"},
	{op: "DELETE /points/claims/{id}", about: aClaim, ok: 204, query: "?ledger=points"},
	{op: "POST /points/pickups", about: aPickup, may: keepers, ok: 200, body: ofLedger("code")},
	{op: "GET /points/code-keys", ok: 200},
	{op: "POST /points/code-keys", ok: 201, body: says(map[string]any{"key": strings.Repeat("A", 43)})},
	{op: "DELETE /points/code-keys", ok: 204},
	{op: "POST /points/scans", about: aMerchant, ok: 200, body: func(c *counties, _ standpoint, ids []string) any {
		return map[string]any{"ledger": "points", "merchant": ids[0], "code": c.code("neighbour")}
	}},
	{op: "GET /points/merchants/{id}/statement", about: aMerchant, ok: 200, query: "?ledger=points"},
	{op: "GET /points/entries", about: aPurse, may: lookers, ok: 200, absent: 403, query: "?ledger=points&kind=available&owner=person/NUMBER"},
	{op: "POST /points/refunds", about: aFetched, may: keepers, ok: 200, body: ofLedger("code")},
	{op: "GET /points/settlements", may: keepers, ok: 200, query: "?ledger=points&month=2026-03"},
	{op: "GET /points/settlements.xlsx", may: keepers, ok: 200, query: "?ledger=points&month=2026-03"},
	{op: "POST /points/objections", about: anEntry, ok: 201, instead: map[string]int{"admin.system": 422, "admin.security": 422, "admin.audit": 422}, body: func(_ *counties, _ standpoint, ids []string) any {
		return map[string]any{"ledger": "points", "kind": "adjust", "key": ids[0], "text": "why"}
	}},
	{op: "GET /points/boards", about: aBoard, ok: 200, absent: 403, query: "?ledger=points&area=NUMBER"},
	{op: "PUT /points/boards/me", ok: 204, body: says(map[string]any{"shown": true})},
	{op: "GET /points/report", may: lookers, ok: 200, query: "?ledger=points"},
	{op: "GET /points/report/entries", may: lookers, ok: 200, query: "?ledger=points&figure=issued"},
	{op: "GET /points/report.xlsx", may: lookers, ok: 200, query: "?ledger=points"},
	{op: "GET /points/report.pdf", may: lookers, ok: 200, query: "?ledger=points"},

	// The log.
	{op: "GET /log", ok: 200, anonymous: 200},
	{op: "GET /log/checkpoint", ok: 200, anonymous: 200},
	{op: "GET /log/checker", ok: 200, anonymous: 200},
	{op: "GET /log/consistency", ok: 200, anonymous: 200, query: "?from=1&to=1"},
	{op: "GET /log/inclusion", ok: 200, anonymous: 200, query: "?seq=1&size=1"},
	{op: "GET /log/leaves", may: auditors, ok: 200},
	{op: "GET /log/checks", may: auditors, ok: 200},
	{op: "POST /log/checks", may: auditors, ok: 201},

	// The inlet for everybody.
	{op: "GET /intake", ok: 200, anonymous: 200, query: "?jurisdiction=990101"},
	{op: "GET /intake/areas", ok: 200, anonymous: 200, query: "?jurisdiction=990101"},
	{op: "GET /intake/notices", ok: 200, anonymous: 200, query: "?jurisdiction=990101&area=VILLAGE"},
	{op: "GET /intake/notices/{id}/{view}", about: aNotice, ok: 200, anonymous: 200, query: "?jurisdiction=990101"},
	{op: "POST /intake/notices/{id}/{view}/objections", about: aNotice, ok: 201, anonymous: 201, body: says(map[string]any{"jurisdiction": "990101", "text": "not so"})},
	{op: "POST /intake/notices/{id}/{view}/objections", about: aStatement, ok: 404, anonymous: 404, body: says(map[string]any{"jurisdiction": "990101", "text": "not so"})}, // which takes none
	{op: "GET /intake/near", ok: 200, anonymous: 200, query: "?jurisdiction=990101&area=VILLAGE"},
	{op: "GET /intake/accused", ok: 200, anonymous: 200, query: "?jurisdiction=990101&area=VILLAGE"},
	{op: "POST /intake/challenges", ok: 201, anonymous: 201, body: says(map[string]any{"kind": "words"})},
	{op: "POST /intake/files", ok: 201, anonymous: 201, query: "?jurisdiction=990101", body: func(*counties, standpoint, []string) any { return picture("a report") }},
	{op: "POST /intake/uploads", ok: 400, anonymous: 400, query: "?jurisdiction=990101"}, // it says no size; internal/upload has the rest
	{op: "HEAD /intake/uploads/{id}", ok: 404, anonymous: 404, query: "?jurisdiction=990101"},
	{op: "PATCH /intake/uploads/{id}", ok: 404, anonymous: 404, query: "?jurisdiction=990101"},
	{op: "DELETE /intake/uploads/{id}", ok: 404, anonymous: 404, query: "?jurisdiction=990101"},
	{op: "POST /intake/uploads/{id}/file", ok: 404, anonymous: 404, query: "?jurisdiction=990101", body: says(map[string]any{})},
	{op: "POST /intake/propose", ok: 200, anonymous: 200, body: says(map[string]any{"jurisdiction": "990101", "text": "the bin is full"})},
	{op: "POST /intake/reports", ok: 201, anonymous: 201, body: func(c *counties, _ standpoint, _ []string) any {
		return map[string]any{"jurisdiction": "990101", "text": "样例 by whoever it is", "area_id": c.place("990101002201")}
	}},
	{op: "GET /intake/mine", ok: 200},
	{op: "POST /intake/follow", ok: 404, anonymous: 404, body: says(map[string]any{"number": "2026-1", "code": "AAAA-AAAA-AAAA-AAAA"})},
	{op: "POST /intake/receipts", ok: 404, anonymous: 404, body: says(map[string]any{"number": "2026-1", "code": "AAAA-AAAA-AAAA-AAAA"})},
	{op: "POST /intake/readings", ok: 404, anonymous: 404, body: says(map[string]any{"number": "2026-1", "code": "AAAA-AAAA-AAAA-AAAA"})},
	{op: "POST /intake/moves", ok: 404, anonymous: 404, body: says(map[string]any{"number": "2026-1", "code": "AAAA-AAAA-AAAA-AAAA", "action": "comment"})},

	// Coming in and going.
	{op: "POST /session", ok: 401, anonymous: 401, body: func(*counties, standpoint, []string) any {
		return map[string]any{"login": "x" + uuid.NewString()[:8], "password": "no such word"}
	}},
	{op: "POST /session/pin", ok: 401, anonymous: 401, body: says(map[string]any{"pin": "935274"})},
	{op: "GET /session/device", ok: 401, anonymous: 401},
	{op: "GET /session/outside", ok: 200, anonymous: 200},
	{op: "GET /session/outside/{provider}", ok: 404, anonymous: 404},
	{op: "POST /invitations/look", ok: 404, anonymous: 404, body: says(map[string]any{"code": "000000000000"})},
	{op: "POST /invitations/accept", ok: 404, anonymous: 404, body: says(map[string]any{"code": "000000000000", "pin": "935274"})},
	{op: "POST /session/leave", ok: 200, leaves: true},
	{op: "DELETE /session", ok: 204, anonymous: 204, leaves: true},
}

// opens is a report from a village that only some look after; whoever makes it sees it.
func opens(c *counties, _ standpoint, _ []string) any {
	return map[string]any{"class": "incident/sample:0102", "channel": "home", "text": "样例 reported in passing", "area_id": c.place("990101002201")}
}

// lends lets a colleague act in a post for a day.
func lends(c *counties, _ standpoint, ids []string) any {
	return map[string]any{"post_id": ids[0], "to": c.people["colleague"].ID, "until": c.hand.Now().AddDate(0, 0, 1).UnixMilli()}
}

// ofLedger is a body that names something of a ledger.
func ofLedger(what string) func(*counties, standpoint, []string) any {
	return func(_ *counties, _ standpoint, ids []string) any {
		return map[string]any{"ledger": "points", what: ids[0]}
	}
}
