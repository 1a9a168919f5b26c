package audit

import (
	"fmt"
	"slices"
	"strings"

	"gezhi/internal/db"
)

// Proof is how a table stands to the log.
type Proof string

const (
	Proved  Proof = "proved"  // every row is named by leaves; the newest says what it must be
	Derived Proof = "derived" // follows from proved rows, and is worked out again
	Exempt  Proof = "exempt"  // not proved, for the reason given
)

// Table says how the rows of a table are proved.
type Table struct {
	Name    string
	Proof   Proof
	Why     string   // of one that is exempt, or derived from what
	Key     []string // primary key
	OfCase  bool     // the first column of the key is a case: its leaves alone name the row
	Columns []string // all that count, in the order of the table's insert
	By      []string // other columns by which rows are named

	keyAt []int
	by    map[string]db.Stmt // by column; "" is the key
	pages [2]db.Stmt         // OfCase: rows of cases after $1, up to $2 or to the end
	all   db.Stmt            // others: all rows
	// locked is a row by its key that nobody changes until the transaction ends; on SQLite nobody can.
	locked db.Stmt
}

// A column that no insert names has an empty value; one added later has an empty default.

// The tables whose rows leaves name. Their packages pass values in the order of the columns.
var (
	Cases = ofCase("cases", "id", `id, jurisdiction, number, kind, nature, root_id, parent_id, part, part_round, item_key, depth,
		pack, pack_hash, overlay_hash, scheme, class, life, severity, step, phase, outcome, version, moves,
		channel, reporter_id, entered_by, title, unit_id, assignee_id, queue,
		area_id, province_id, city_id, county_id, township_id, village_id, grid_id, micro_id, lon_e7, lat_e7,
		happened_at, opened_at, entered_at, due_at, closed_at, suspended, returns, reopens, extensions, urges,
		supervised, designated, merged_into, about_kind, about_id, about_rev, lies_in, fields`)
	Moves = ofCase("move", "case_id, id", `case_id, id, jurisdiction, root_id, action, from_step, to_step, outcome, person_id, post_id, unit_id,
		role, helper_id, at, device_at, cause, done, reason, data`)
	Payloads     = ofCase("payload", "case_id, name, id", `case_id, name, id, jurisdiction, subject, compartment, key_id, move_id, body, lookup`)
	Participants = ofCase("participant", "case_id, id", `case_id, id, jurisdiction, seat, kind, subject, state, from_at, until_at, due_at, move_id, why`)
	Clocks       = ofCase("clock", "case_id, name", `case_id, name, jurisdiction, state, from_at, due_at, until_at, paused_at, limit_text, hours, extended,
		provisional, marks, next_at, rule, why`)
	Spans    = ofCase("clock_span", "case_id, clock, id", `case_id, clock, id, from_at, until_at, reason`)
	PartSets = ofCase("part_set", "case_id, name, round", `case_id, name, round, jurisdiction, source, snapshot_day, follow, next_at, opened, expected, state, opened_at, ended_at`)
	Samples  = ofCase("sampled", "case_id", `case_id, jurisdiction, month, worker_id, share, seed, drawn, result, check_id`)

	Links           = proved("link", "id", `id, jurisdiction, kind, from_case, to_case, since_at, move_id, until_at`, "from_case")
	Files           = proved("file", "id", `id, jurisdiction, hash, name, type, size, person_id, at, case_id, field, width, height, turn, hint, hint_key, ended_at, length_ms`)
	FileFlags       = proved("file_flag", "id", `id, jurisdiction, file_id, case_id, other_file, other_case, why, at, finding, reviewed_by, reviewed_at`)
	Packs           = proved("pack_version", "hash", `hash, name, version, format, content, loaded_at`)
	Overlays        = proved("pack_overlay", "hash", `hash, jurisdiction, name, content, loaded_at`)
	InForce         = proved("pack_in_force", "jurisdiction, name, from_at", `jurisdiction, name, from_at, pack_hash, overlay_hash, person_id`)
	Calendars       = proved("calendar", "jurisdiction, version", `jurisdiction, version, content, hash, person_id, loaded_at`)
	Duties          = proved("duty", "id", `id, jurisdiction, pack, class, area_id, unit_id, role, valid_from, valid_until`)
	Rosters         = proved("roster", "id", `id, jurisdiction, area_id, shift, seat, person_id, from_at, until_at`)
	Records         = proved("record", "id", `id, jurisdiction, pack, kind, key, key_text, title, found_by, area_id, nature, began, ended, province_id, city_id, county_id, township_id, village_id, grid_id, micro_id`)
	Revisions       = proved("revision", "record_id, id", `record_id, id, valid_from, valid_until, gone, area_id, recorded_at, cause, data, personal, key_id`)
	Relations       = proved("relation", "id", `id, jurisdiction, pack, kind, from_id, to_id, valid_from, valid_until`)
	Jurisdictions   = proved("jurisdiction", "id", `id, code, name, nature, settings, created_at`, "code")
	Persons         = proved("person", "id", `id, jurisdiction, name, login, password_hash, nature, locale, created_at, ended_at, one_time_until, locked_at`)
	Posts           = proved("post", "id", `id, jurisdiction, person_id, role, unit_id, area_id, area_level, seat, valid_from, valid_until`, "person_id")
	Delegations     = proved("delegation", "id", `id, jurisdiction, post_id, from_person, to_person, valid_from, valid_until, recorded_by, recorded_at`, "from_person", "to_person")
	Contacts        = proved("contact", "person_id, kind", `person_id, kind, jurisdiction, value, key_id, changed_at`, "person_id")
	Groups          = proved("notice_group", "id", `id, jurisdiction, channel, name, unit_id, address, secret, key_id, begun_at, ended_at`)
	Areas           = proved("area", "id", `id, jurisdiction, parent_id, level, kind, name, sort, nature, valid_from, valid_until, province_id, city_id, county_id, township_id, village_id, grid_id, micro_id`)
	AreaCodes       = proved("area_code", "jurisdiction, scheme, code, valid_from, area_id", `jurisdiction, scheme, code, valid_from, valid_until, area_id`, "area_id")
	Heirs           = proved("area_successor", "area_id, successor_id", `area_id, successor_id, jurisdiction, at`)
	Boundaries      = proved("boundary", "id", `id, jurisdiction, area_id, version, valid_from, valid_until, crs_given, given, shape, min_lon, min_lat, max_lon, max_lat, square_m`, "area_id")
	Readings        = proved("reading", "id", `id, jurisdiction, subject, case_id, what, purpose, person_id, post_id, at`)
	Erasures        = proved("erasure", "id", `id, jurisdiction, subject, names, payloads, keys, rule, cause, person_id, at`)
	QueryCodes      = proved("query_code", "code_hash", `code_hash, jurisdiction, case_id, reporter_id, made_at`)
	Shields         = proved("shield", "root_id, subject", `root_id, subject, jurisdiction, why, at, move_id`, "root_id")
	Models          = proved("classifier_model", "id", `id, jurisdiction, made_at, person_id, cases, examples, texts, figures, body, ended_at`)
	Identities      = proved("outside_identity", "issuer, subject", `issuer, subject, jurisdiction, person_id, linked_at`)
	PointsLedgers   = proved("points_ledger", "id", `id, jurisdiction, name, rules, made_at`)
	PointsAccounts  = proved("points_account", "id", `id, jurisdiction, ledger_id, kind, owner, year, opened_at`)
	PointsPostings  = proved("points_posting", "ledger_id, kind, key", `ledger_id, kind, key, jurisdiction, hash, amount, at, person_id, second_id, reason, cause, item, area_id, reverses, lines`)
	PointsHolds     = proved("points_hold", "ledger_id, kind, key", `ledger_id, kind, key, jurisdiction, owner, amount, lots, until_at, state, made_at, ended_at`)
	PointsMerchants = proved("points_merchant", "id", `id, jurisdiction, ledger_id, name, unit_id, levels, made_at, ended_at`)
	PointsGoods     = proved("points_good", "id", `id, jurisdiction, ledger_id, merchant_id, title, photo, price, stock, days, made_at, ended_at`)
	PointsClaims    = proved("points_claim", "id", `id, jurisdiction, ledger_id, good_id, merchant_id, owner, amount, code, state, made_at, until_at, ended_at, ended_by`)
	PointsScans     = proved("points_scan", "key_id, stamp, nonce", `key_id, stamp, nonce, jurisdiction, merchant_id, claim_id, person_id, at, sent_key`)
	PointsProposals = proved("points_proposal", "id", `id, jurisdiction, ledger_id, kind, unit_id, body, person_id, made_at, state, second_id, why, decided_at`)
	Units           = proved("unit", "id", `id, jurisdiction, code, name, kind, parent_id, area_id, nature, valid_from, valid_until`)
)

// Tables are all tables of the schema.
var Tables = []*Table{
	Models, Cases, Moves, Payloads, Participants, Clocks, Spans, PartSets, Samples, Links, Files, FileFlags, Packs, Overlays, InForce, Calendars, Duties, Rosters,
	Records, Revisions, Relations, Jurisdictions, Persons, Posts, Delegations, Contacts, Groups, Areas, AreaCodes, Heirs, Boundaries, Units,
	Readings, Erasures, QueryCodes, Identities, Shields,
	PointsLedgers, PointsAccounts, PointsPostings, PointsHolds, PointsProposals, PointsMerchants, PointsGoods, PointsClaims, PointsScans,

	{Name: "involved", Proof: Derived, Why: "participants, reporters and merged cases"},
	{Name: "audit_leaf", Proof: Derived, Why: "the log's own tree"},
	{Name: "audit_tile", Proof: Derived, Why: "the log's own tree"},
	{Name: "audit_head", Proof: Derived, Why: "the log's own tree"},

	{Name: "points_entry", Proof: Derived, Why: "the lines of postings"},
	{Name: "points_balance", Proof: Derived, Why: "the entries of an account"},
	{Name: "points_lot", Proof: Derived, Why: "the lines of postings"},
	{Name: "points_month", Proof: Derived, Why: "the entries of an account, by month"},
	{Name: "points_rolled", Proof: Derived, Why: "the entries of an account, by month"},

	{Name: "audit_log", Proof: Exempt, Why: "who numbers leaves now"},
	{Name: "audit_check", Proof: Exempt, Why: "answers of verifications, which can be asked for again"},
	{Name: "master_key", Proof: Exempt, Why: "keys: wrapped anew at a rotation"},
	{Name: "data_key", Proof: Exempt, Why: "keys: wrapped anew at a rotation; what they seal is proved as ciphertext"},
	{Name: "file_copy", Proof: Exempt, Why: "index: copies of files, which can be made anew"},
	{Name: "file_look", Proof: Exempt, Why: "index over pictures"},
	{Name: "upload", Proof: Exempt, Why: "session: uploads under way; what they become is a file"},
	{Name: "retention_run", Proof: Exempt, Why: "counts of erasures, which are rows of their own"},
	{Name: "untrainable", Proof: Exempt, Why: "index: what no classifier learns from"},
	{Name: "intake_rate", Proof: Exempt, Why: "counter"},
	{Name: "challenge_spent", Proof: Exempt, Why: "session: riddles that were answered"},
	{Name: "points_unlisted", Proof: Exempt, Why: "setting: who wants to be on no board"},
	{Name: "points_code_key", Proof: Exempt, Why: "session: what signs codes; what they led to is a scan"},
	{Name: "session", Proof: Exempt, Why: "session"},
	{Name: "factor", Proof: Exempt, Why: "session: what opens one; its changes are leaves"},
	{Name: "recovery_code", Proof: Exempt, Why: "session: what opens one; its changes are leaves"},
	{Name: "invitation", Proof: Exempt, Why: "session: what opens one; its changes are leaves"},
	{Name: "device", Proof: Exempt, Why: "session: what opens one; its changes are leaves"},
	{Name: "session_tie", Proof: Exempt, Why: "session"},
	{Name: "outside_login", Proof: Exempt, Why: "session"},
	{Name: "login_attempt", Proof: Exempt, Why: "session"},
	{Name: "idempotency", Proof: Exempt, Why: "index: which requests were carried out"},
	{Name: "public_view", Proof: Exempt, Why: "index over cases that everybody may read a part of"},
	{Name: "part_offer", Proof: Exempt, Why: "index over part sets whose places are offered"},
	{Name: "case_key", Proof: Exempt, Why: "index over fields of cases"},
	{Name: "record_subject", Proof: Exempt, Why: "index over revisions"},
	{Name: "search_entry", Proof: Exempt, Why: "index over cases and their moves"},
	{Name: "search_gram", Proof: Exempt, Why: "index over cases and their moves"},
	{Name: "search_pending", Proof: Exempt, Why: "timer: entries to be written anew"},
	{Name: "number_block", Proof: Exempt, Why: "counter"},
	{Name: "territory_edition", Proof: Exempt, Why: "counter"},
	{Name: "duty_edition", Proof: Exempt, Why: "counter"},
	{Name: "timer", Proof: Exempt, Why: "timer"},
	{Name: "outbox", Proof: Exempt, Why: "timer: work that follows a move"},
	{Name: "signal_inbox", Proof: Exempt, Why: "what came in from outside; what it led to is a move"},
	{Name: "feed_item", Proof: Exempt, Why: "what came in from outside; what it led to is a move"},
	{Name: "feed_run", Proof: Exempt, Why: "what became of imports; what they led to are moves"},
	{Name: "feed_answer", Proof: Exempt, Why: "which answers were exported; exports are leaves"},
	{Name: "paper_form", Proof: Exempt, Why: "counter: numbers of blank forms; what takes one is a case"},
	{Name: "territory_sketch", Proof: Exempt, Why: "grids as drawn; what is put in force is areas and boundaries"},
	{Name: "pack_stories", Proof: Exempt, Why: "tests that came with a pack; they decide nothing"},
	{Name: "pack_story_run", Proof: Exempt, Why: "answers of tests, which can be asked for again"},
	{Name: "saved_view", Proof: Exempt, Why: "what somebody likes to look at; it holds no case and no right"},
	{Name: "notice", Proof: Exempt, Why: "messages that follow a move"},
	{Name: "delivery", Proof: Exempt, Why: "messages that follow a move"},
	{Name: "inbox_note", Proof: Exempt, Why: "messages that follow a move"},
	{Name: "call_task", Proof: Exempt, Why: "messages that follow a move"},
	{Name: "representative", Proof: Exempt, Why: "not written yet"},
	{Name: "batch", Proof: Exempt, Why: "never written"},
	{Name: "batch_item", Proof: Exempt, Why: "never written"},
	{Name: "goose_db_version", Proof: Exempt, Why: "the schema's own"},
}

// byName finds a table that is proved; nil for others.
var byName = func() map[string]*Table {
	out := map[string]*Table{}
	for _, t := range Tables {
		if t.Proof == Proved {
			out[t.Name] = t
		}
	}
	return out
}()

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
}

func proved(name, key, columns string, by ...string) *Table {
	t := &Table{Name: name, Proof: Proved, Key: split(key), Columns: split(columns), By: by, by: map[string]db.Stmt{}}
	for _, k := range t.Key {
		t.keyAt = append(t.keyAt, slices.Index(t.Columns, k))
	}
	from := "SELECT " + strings.Join(t.Columns, ", ") + " FROM " + name
	where := make([]string, len(t.Key))
	for i, k := range t.Key {
		where[i] = fmt.Sprintf("%s = $%d", k, i+1)
	}
	t.by[""] = db.SQL(from + " WHERE " + strings.Join(where, " AND "))
	t.locked = db.Either(string(t.by[""]), string(t.by[""])+" FOR UPDATE")
	for _, c := range by {
		t.by[c] = db.SQL(from + " WHERE " + c + " = $1 ORDER BY " + strings.Join(t.Key, ", "))
	}
	t.all = db.SQL(from + " ORDER BY " + strings.Join(t.Key, ", "))
	return t
}

// ofCase is a table whose rows belong to one case each.
func ofCase(name, key, columns string) *Table {
	t := proved(name, key, columns)
	t.OfCase = true
	from := "SELECT " + strings.Join(t.Columns, ", ") + " FROM " + name
	order := " ORDER BY " + strings.Join(t.Key, ", ")
	t.pages = [2]db.Stmt{db.SQL(from + " WHERE " + t.Key[0] + " > $1 AND " + t.Key[0] + " <= $2" + order), db.SQL(from + " WHERE " + t.Key[0] + " > $1" + order)}
	t.By = []string{t.Key[0]}
	t.by[t.Key[0]] = db.SQL(from + " WHERE " + t.Key[0] + " = $1" + order)
	return t
}
