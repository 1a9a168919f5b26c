package casework

import (
	"context"
	"io"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/media"
	"gezhi/internal/number"
)

// File is a row with rights of its own: knowing a hash grants nothing.
type File struct {
	ID, Jurisdiction, Hash, Name, Type string
	Size                               int64
	PersonID, CaseID, Field            string
	At                                 time.Time
	Width, Height, Turn                int    // of a picture, as it lies in the file
	Hint, HintKey                      string // where and when it was taken, sealed
	EndedAt                            time.Time
	Length                             time.Duration // of a recording or film; 0 where it does not tell
}

// Kind is what the file is to people; older ones are known by how their type begins.
func (f File) Kind() media.Kind {
	if k := media.KindOf(f.Type); k != "" {
		return k
	}
	switch {
	case strings.HasPrefix(f.Type, "audio/"), f.Type == "application/ogg":
		return media.Sound
	case strings.HasPrefix(f.Type, "video/"):
		return media.Film
	}
	return media.Document
}

// maxUpload is the largest file that is sent at once, in bytes; larger ones go on where they
// were cut.
const maxUpload = 20 << 20

var (
	insertFile = db.SQL(`INSERT INTO file (id, jurisdiction, hash, name, type, size, person_id, at, width, height, turn, hint, hint_key, length_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`)
	fileByID    = db.SQL(`SELECT id, jurisdiction, hash, name, type, size, person_id, case_id, field, at, width, height, turn, hint, hint_key, ended_at, length_ms FROM file WHERE id = $1`)
	filesOfCase = db.SQL(`SELECT id, jurisdiction, hash, name, type, size, person_id, case_id, field, at, width, height, turn, hint, hint_key, ended_at, length_ms FROM file WHERE case_id = $1 ORDER BY id`)
	attachFile  = db.SQL(`UPDATE file SET case_id = $2, field = $3 WHERE id = $1 AND jurisdiction = $4 AND ended_at = 0
		AND (case_id = '' AND person_id = $5 OR case_id = $2) AND (type LIKE $6 OR type LIKE $7 OR type LIKE $8) AND length_ms <= $9`)
)

func scanFile(r db.Rows) (f File, err error) {
	var at, ended, length int64
	err = r.Scan(&f.ID, &f.Jurisdiction, &f.Hash, &f.Name, &f.Type, &f.Size, &f.PersonID, &f.CaseID, &f.Field, &at, &f.Width, &f.Height, &f.Turn, &f.Hint, &f.HintKey, &ended, &length)
	f.At, f.EndedAt, f.Length = db.Time(at), db.Time(ended), time.Duration(length)*time.Millisecond
	return f, err
}

// Uploaded is a file that was taken in, with what its camera wrote of where and when: its
// uploader alone is told, and may take it for the report.
type Uploaded struct {
	File
	Seen media.Hint
}

// Upload keeps a file for its uploader, until an act puts it on a case. What it is, its content
// says: package media refuses what is not taken in, or not among the kinds, when there are any.
func (s *Service) Upload(ctx context.Context, a account.Actor, name string, r io.Reader, kinds ...media.Kind) (Uploaded, error) {
	var facts media.Facts
	info, err := s.Files.Put(ctx, r, media.Largest, func(r io.ReaderAt, size int64) (err error) {
		facts, err = media.Inspect(r, size, kinds...)
		return err
	})
	if err != nil {
		return Uploaded{}, err
	}
	f := File{ID: s.ID(), Jurisdiction: a.Jurisdiction, Hash: info.Hash, Name: CleanName(name), Type: facts.Type, Size: info.Size, PersonID: a.PersonID, At: s.Now(),
		Width: facts.Width, Height: facts.Height, Turn: facts.Turn, Length: facts.Length}
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		if err := s.sealHint(ctx, tx, &f, facts.Hint); err != nil {
			return err
		}
		if err := tx.Queue(ctx, insertFile, f.ID, f.Jurisdiction, f.Hash, f.Name, f.Type, f.Size, f.PersonID, f.At, f.Width, f.Height, f.Turn, f.Hint, f.HintKey, f.Length.Milliseconds()); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: f.Jurisdiction, Subject: "file/" + f.ID, Act: "file.uploaded", Person: f.PersonID, At: f.At,
			Rows: []audit.Ref{{Table: audit.Files, Key: []any{f.ID}}}})
	})
	return Uploaded{f, facts.Hint}, err
}

// UploadedBy is a file that somebody has handed in before.
func (s *Service) UploadedBy(ctx context.Context, a account.Actor, id string) (u Uploaded, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.Collect(ctx, tx, fileByID, []any{id}, scanFile)
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].PersonID != a.PersonID || !found[0].EndedAt.IsZero() {
			return fault.New(fault.NotFound, "file.not_found")
		}
		u.File = found[0]
		u.Seen, err = s.hintOf(ctx, tx, u.File)
		return err
	})
	return u, err
}

// sealHint seals where and when a picture was taken under a key of the file alone.
func (s *Service) sealHint(ctx context.Context, tx *db.Tx, f *File, h media.Hint) error {
	if !h.Says() {
		return nil
	}
	k, err := s.Vault.Make(ctx, tx, f.Jurisdiction, "file/"+f.ID, "hint")
	if err != nil {
		return err
	}
	f.HintKey = k.ID
	f.Hint, err = k.SealJSON(h, hintAt(f.ID))
	return err
}

// hintAt is the place that a sealed hint belongs to.
func hintAt(id string) string { return "file/" + id + "/hint" }

// CleanName keeps the last part of a file's name, without what could mislead.
func CleanName(name string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`"<>|*?:`, r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1 // the last are marks that turn the direction of writing: "gpj.exe" for "exe.jpg"
		}
		return r
	}, name)
	name = number.Replace(name, Placeholder) // nobody's number goes by a file's name
	if r := []rune(name); len(r) > 100 {
		name = string(r[len(r)-100:])
	}
	if name == "" || strings.Trim(name, ".") == "" || name == "/" {
		return "file"
	}
	return name
}

// How long a recording may be, and by how much a telephone may overrun that: it stops at the end of
// what it is just writing.
const (
	LongestRecording = 60 * time.Second
	overrun          = 2 * time.Second
)

// Overlong tells whether a recording is longer than a field of recordings takes.
func Overlong(d time.Duration) bool { return d > LongestRecording+overrun }

// longest is how long what a field takes may be: recordings are short enough to be listened to,
// and whatever is longer goes where files go.
func longest(f *form.Field) time.Duration {
	if f.Type == "audio" {
		return LongestRecording + overrun
	}
	return math.MaxInt64
}

// takes are the patterns of media types that the types of fields take.
func takes(f *form.Field) [3]string {
	switch f.Type {
	case "photo", "signature":
		return [3]string{"image/%"}
	case "audio": // older recordings were written down as films
		return [3]string{"audio/%", "application/ogg", "video/webm"}
	}
	return [3]string{"%"}
}

// attachFiles puts the files that a value names on the case.
func (st *state) attachFiles(f *form.Field, v any) error {
	if f == nil || !f.IsFile() {
		return nil
	}
	list, _ := v.([]any)
	for _, x := range list {
		id, _ := x.(string)
		is := takes(f)
		n, err := st.tx.Exec(st.ctx, attachFile, id, st.ID, f.Name, st.Jurisdiction, st.move.PersonID, is[0], is[1], is[2], longest(f).Milliseconds())
		if err != nil {
			return err
		}
		if n == 0 {
			return st.notAttached(f, id)
		}
		st.reread = append(st.reread, audit.Ref{Table: audit.Files, Key: []any{id}})
		if !slices.Contains(st.attached, id) {
			st.attached = append(st.attached, id)
		}
	}
	return nil
}

// notAttached says why a file does not go on the case: it is not the actor's, too long, or not of
// the field's kind.
func (st *state) notAttached(f *form.Field, id string) error {
	at := fault.Place{Path: f.Name, Code: "file.not_found"}
	found, err := db.Collect(st.ctx, st.tx, fileByID, []any{id}, scanFile)
	if err != nil {
		return err
	}
	if len(found) == 1 && found[0].Jurisdiction == st.Jurisdiction && found[0].PersonID == st.move.PersonID && found[0].EndedAt.IsZero() && (found[0].CaseID == "" || found[0].CaseID == st.ID) {
		at = fault.Place{Path: f.Name, Code: "file.wrong_kind"}
		if found[0].Length > longest(f) {
			at = fault.Place{Path: f.Name, Code: "file.too_long", Args: map[string]any{"most": int(LongestRecording.Seconds()), "seconds": int(math.Ceil(found[0].Length.Seconds()))}}
		}
	}
	return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{at}}
}

// postFiles leaves the files that an act put on the case to be developed and compared, after the
// commit.
func (st *state) postFiles() error {
	if len(st.attached) == 0 {
		return nil
	}
	if st.s.Wake != nil {
		st.tx.AfterCommit(st.s.Wake)
	}
	return st.post(topicFiles, st.attached)
}
