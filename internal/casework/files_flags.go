package casework

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/media"
)

// FileFlag says that a file was used before, on another case or twice on one. It asks somebody
// to look, and does nothing: there are good reasons, such as two reports of one matter.
type FileFlag struct {
	ID, Jurisdiction, FileID, CaseID string
	OtherFile, OtherCase             string // the earlier one
	Why                              string // FlagSame or FlagAlike
	At                               time.Time
	Finding, ReviewedBy              string // "" until somebody has looked
	ReviewedAt                       time.Time

	Number string // of the other case; read only
}

// Why a file is flagged, and what the review came to.
const (
	FlagSame  = "same"  // the same bytes
	FlagAlike = "alike" // the same picture, as far as can be told: smaller, or saved once more

	FindingFine   = "fine"
	FindingReused = "reused"
)

// mostFlags is how many earlier uses of one file are flagged.
const mostFlags = 5

var (
	sameFiles = db.SQL(`SELECT id, jurisdiction, hash, name, type, size, person_id, case_id, field, at, width, height, turn, hint, hint_key, ended_at, length_ms FROM file
		WHERE hash = $1 AND jurisdiction = $2 AND id < $3 AND case_id <> '' AND hash <> '' ORDER BY id LIMIT $4`)
	lookOf     = db.SQL(`SELECT look FROM file_look WHERE file_id = $1 LIMIT 1`)
	looksAlike = db.SQL(`SELECT l.file_id, l.look FROM file_look l WHERE l.jurisdiction = $1 AND l.band IN ($2, $3, $4, $5, $6) AND l.file_id < $7 ORDER BY l.file_id LIMIT 2000`)
	insertFlag = db.SQL(`INSERT INTO file_flag (id, jurisdiction, file_id, case_id, other_file, other_case, why, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`)
	flagColumn = `id, jurisdiction, file_id, case_id, other_file, other_case, why, at, finding, reviewed_by, reviewed_at`
	flagsOf    = db.SQL(`SELECT ` + flagColumn + ` FROM file_flag WHERE case_id = $1 UNION SELECT ` + flagColumn + ` FROM file_flag WHERE other_case = $1 ORDER BY 1`)
	flagByID   = db.SQL(`SELECT ` + flagColumn + ` FROM file_flag WHERE id = $1`)
	usedBefore = db.SQL(`SELECT count(DISTINCT file_id) FROM file_flag WHERE case_id = $1 AND finding <> '` + FindingFine + `'`)
	reviewFlag = db.SQL(`UPDATE file_flag SET finding = $2, reviewed_by = $3, reviewed_at = $4 WHERE id = $1`)
)

func scanFlag(r db.Rows) (f FileFlag, err error) {
	var at, reviewed int64
	err = r.Scan(&f.ID, &f.Jurisdiction, &f.FileID, &f.CaseID, &f.OtherFile, &f.OtherCase, &f.Why, &at, &f.Finding, &f.ReviewedBy, &reviewed)
	f.At, f.ReviewedAt = db.Time(at), db.Time(reviewed)
	return f, err
}

// compare flags a file that was on a case before, in the same jurisdiction: the same bytes, or a
// picture that looks the same.
func (s *Service) compare(ctx context.Context, f File) error {
	type looked struct {
		id   string
		look int64
	}
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		same, err := db.Collect(ctx, tx, sameFiles, []any{f.Hash, f.Jurisdiction, f.ID, mostFlags}, scanFile)
		if err != nil {
			return err
		}
		why := map[string]string{}
		for _, o := range same {
			why[o.ID] = FlagSame
		}
		mine, err := db.Collect(ctx, tx, lookOf, []any{f.ID}, func(r db.Rows) (l int64, err error) { return l, r.Scan(&l) })
		if err != nil {
			return err
		}
		if len(mine) > 0 {
			b := media.LookBands(uint64(mine[0]))
			near, err := db.Collect(ctx, tx, looksAlike, []any{f.Jurisdiction, b[0], b[1], b[2], b[3], b[4], f.ID}, func(r db.Rows) (l looked, err error) { return l, r.Scan(&l.id, &l.look) })
			if err != nil {
				return err
			}
			for _, l := range near {
				if why[l.id] == "" && len(why) < mostFlags && media.Alike(uint64(mine[0]), uint64(l.look)) {
					why[l.id] = FlagAlike
				}
			}
		}
		return s.flag(ctx, tx, f, why)
	})
}

func (s *Service) flag(ctx context.Context, tx *db.Tx, f File, why map[string]string) error {
	var others []string
	for id := range why {
		others = append(others, id)
	}
	slices.Sort(others)
	for _, id := range others {
		other, err := db.Collect(ctx, tx, fileByID, []any{id}, scanFile)
		if err != nil {
			return err
		}
		if len(other) == 0 || other[0].CaseID == "" || !other[0].EndedAt.IsZero() {
			continue
		}
		row := f.ID + "." + id
		n, err := tx.Exec(ctx, insertFlag, row, f.Jurisdiction, f.ID, f.CaseID, id, other[0].CaseID, why[id], s.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: f.Jurisdiction, Subject: "case/" + f.CaseID, Act: "file.flagged", At: s.Now(),
			Rows: []audit.Ref{{Table: audit.FileFlags, Key: []any{row}}}}); err != nil {
			return err
		}
	}
	return nil
}

// flagsFor adds the flags of a case's files for who may look into them: staff, and only where
// they see both cases. That somebody reported something elsewhere is not to be learnt from it.
func (st *state) flagsFor(who *Actor, sees func(role string) account.Sees, files []Evidence) error {
	if !st.mayReview(who, sees) {
		return nil
	}
	all, err := db.Collect(st.ctx, st.tx, flagsOf, []any{st.ID}, scanFlag)
	if err != nil {
		return err
	}
	for _, f := range all {
		otherCase := f.OtherCase
		if f.CaseID != st.ID {
			otherCase = f.CaseID
		}
		other, err := st.s.load(st.ctx, st.tx, otherCase, st.now)
		if err != nil {
			return err
		}
		if !other.sees(who) {
			continue
		}
		f.Number = other.Number
		for i := range files {
			if files[i].ID == f.FileID || files[i].ID == f.OtherFile {
				files[i].Flags = append(files[i].Flags, f)
			}
		}
	}
	return nil
}

// mayReview tells whether the actor holds a post here that sees more than its own.
func (st *state) mayReview(who *Actor, sees func(role string) account.Sees) bool {
	return who.System || slices.ContainsFunc(who.Posts, func(p Post) bool { return sees(p.Role) > account.SeesOwn && st.reaches(p) })
}

// ReviewFlag writes down what somebody found who looked at both uses of a file. Refused to
// whoever handed in either (file.own_flag), and to those who do not see both cases
// (file.not_found).
func (s *Service) ReviewFlag(ctx context.Context, who *Actor, id, finding string) error {
	if finding != FindingFine && finding != FindingReused {
		return fault.New(fault.Invalid, "file.bad_finding")
	}
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	sees, err := s.Book.Sees(ctx, who.Jurisdiction)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, db.Keys{"flag/" + id}, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.Collect(ctx, tx, flagByID, []any{id}, scanFlag)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fault.New(fault.NotFound, "file.not_found")
		}
		f := found[0]
		for _, c := range []string{f.CaseID, f.OtherCase} {
			st, err := s.load(ctx, tx, c, s.Now())
			if err != nil {
				return err
			}
			if !st.sees(who) || !st.mayReview(who, sees) {
				return fault.New(fault.NotFound, "file.not_found")
			}
		}
		for _, x := range []string{f.FileID, f.OtherFile} {
			file, err := db.Collect(ctx, tx, fileByID, []any{x}, scanFile)
			if err != nil {
				return err
			}
			if len(file) > 0 && file[0].PersonID == who.PersonID {
				return fault.New(fault.Forbidden, "file.own_flag")
			}
		}
		if err := tx.Queue(ctx, reviewFlag, id, finding, who.PersonID, s.Now()); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: f.Jurisdiction, Subject: "case/" + f.CaseID, Act: "file.reviewed", Person: who.PersonID, At: s.Now(),
			Rows: []audit.Ref{{Table: audit.FileFlags, Key: []any{id}}}})
	})
}
