package casework

import (
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/media"
	"gezhi/internal/record"
)

// Showing says how a file is shown to somebody.
type Showing int

// How a file is shown: as it was handed in; without what was written beside its pixels or
// sounds; or only to who unmasks it, with a purpose.
const (
	ShownOriginal Showing = iota
	ShownCopy
	ShownUnmasked
)

// showing is the one place that decides whether somebody gets a file as it was handed in. Where,
// when and with what a picture was taken is its maker's alone: everybody else gets a copy. What a
// reporter hands in tells who he is, by voice, or by what is to be seen from where: of a case that
// is kept from somebody nothing is shown without unmasking; nor is a personal value that is a file.
func (st *state) showing(who *Actor, f File) Showing {
	reported := st.isReported(f)
	switch {
	case who.System, who.PersonID != "" && f.PersonID == who.PersonID:
		return ShownOriginal
	case who.PersonID != "" && st.ReporterID == who.PersonID && (reported || st.isPersonal(f)):
		return ShownOriginal // his own report, whoever typed it
	case st.isPersonal(f) || reported && len(st.kept) > 0:
		return ShownUnmasked
	}
	return ShownCopy
}

// isReported tells whether a file came with the report, or from who made it.
func (st *state) isReported(f File) bool {
	return f.PersonID == st.ReporterID || f.PersonID == st.EnteredBy
}

// isPersonal tells whether a file is a value of a personal field, a signature for one.
func (st *state) isPersonal(f File) bool {
	x := st.class.Field(f.Field)
	return x != nil && x.Personal != nil
}

// shownName is what a file is called for who gets no original of what was reported: a name may
// tell whose it is.
func (st *state) shownName(f File, how Showing) string {
	if how == ShownOriginal || !st.isReported(f) {
		return f.Name
	}
	return ""
}

// isOpen tells whether a file is for everybody who is signed in, a copy of it and nothing else of
// its case: a record that everybody may look up shows it today, and has it from this very case.
// What is personal, or on a case that is kept from somebody, never is.
func (st *state) isOpen(who *Actor, f File) (bool, error) {
	if who.PersonID == "" || st.isPersonal(f) || len(st.kept) > 0 {
		return false, nil
	}
	subject := "file/" + f.ID
	showing, err := record.Naming(st.ctx, st.tx, st.Jurisdiction, subject, st.day())
	for _, x := range showing {
		if x.Record.Pack != st.Pack {
			continue
		}
		k, err := st.kind(x.Record.Kind)
		if err != nil {
			return false, err
		}
		if given, err := record.GivenBy(st.ctx, st.tx, x.Record.ID, "case/"+st.ID, subject); err != nil || given && k.Public {
			return given && k.Public, err
		}
	}
	return false, err
}

// fileFor is a file that the asker may read: his own, one on a case he may see, or one that a
// record shows to everybody, and how it is shown to him: file.masked where only unmasking opens it.
func (s *Service) fileFor(ctx context.Context, who *Actor, id string) (f File, how Showing, err error) {
	absent := fault.New(fault.NotFound, "file.not_found")
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.Collect(ctx, tx, fileByID, []any{id}, scanFile)
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].Jurisdiction != who.Jurisdiction {
			return absent
		}
		if f = found[0]; f.CaseID == "" {
			if f.PersonID != who.PersonID || who.PersonID == "" || !f.EndedAt.IsZero() {
				return absent
			}
			return nil
		}
		st, err := s.load(ctx, tx, f.CaseID, s.Now())
		if err != nil {
			return err
		}
		open := false
		if x := st.class.Field(f.Field); !st.sees(who) || x != nil && st.hides(who, x) {
			if open, err = st.isOpen(who, f); err != nil {
				return err
			}
			if !open {
				return absent
			}
		}
		if !f.EndedAt.IsZero() {
			return fault.New(fault.NotFound, "file.ended")
		}
		if open {
			how, f.Name = ShownCopy, ""
			return nil
		}
		how = st.showing(who, f)
		f.Name = st.shownName(f, how)
		if how == ShownUnmasked {
			return fault.New(fault.Forbidden, "file.masked")
		}
		return nil
	})
	return f, how, err
}

// UnmaskFile opens the original of what is shown as a copy or not at all, for a purpose: whoever
// may unmask for it reads the file as it was handed in, and the reading is written down for the
// person concerned.
func (s *Service) UnmaskFile(ctx context.Context, who *Actor, id, purpose string) (File, error) {
	f, how, err := s.fileFor(ctx, who, id)
	if err == nil && how == ShownOriginal || err != nil && fault.CodeOf(err) != "file.masked" {
		return f, err
	}
	return f, s.reading(ctx, who, f.CaseID, purpose, func(st *state, _ []payload) ([]string, error) {
		name := ""
		if st.isPersonal(f) {
			name = f.Field
		}
		return []string{"file/" + id}, st.mayUnmask(who, name, purpose)
	})
}

// Evidence is a file of a case as somebody may see it.
type Evidence struct {
	File
	How      Showing
	Unmask   bool // an original that the asker may unmask for some purpose
	Reported bool // it came with the report
	Flags    []FileFlag

	class *Class
}

// FieldTitle is the title of the field that the file is in, in a language.
func (e Evidence) FieldTitle(lang string) string {
	if f := e.class.Field(e.Field); f != nil {
		return fieldTitle(words{e.class.In.Pack, lang}, e.class.Life.Name, f)
	}
	return e.Field
}

// Evidence lists the files of a case, the oldest first, for somebody who may see it: without
// those in fields that are for other readers. purposes are those for which he may unmask originals.
func (s *Service) Evidence(ctx context.Context, who *Actor, id string) (out []Evidence, purposes []string, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, nil, err
	}
	sees, err := s.Book.Sees(ctx, who.Jurisdiction)
	if err != nil {
		return nil, nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		if !st.sees(who) {
			return fault.New(fault.NotFound, "case.not_found")
		}
		files, err := db.Collect(ctx, tx, filesOfCase, []any{id}, scanFile)
		if err != nil {
			return err
		}
		for _, f := range files {
			if x := st.class.Field(f.Field); x != nil && st.hides(who, x) {
				continue
			}
			e := Evidence{File: f, How: st.showing(who, f), Reported: st.isReported(f), class: st.class}
			e.Name = st.shownName(f, e.How)
			e.Unmask = e.How != ShownOriginal && f.EndedAt.IsZero() && st.mayUnmaskFile(who, f)
			out = append(out, e)
		}
		purposes = st.purposes(who)
		return st.flagsFor(who, sees, out)
	})
	return out, purposes, err
}

// mayUnmaskFile tells whether there is a purpose for which the actor may read an original.
func (st *state) mayUnmaskFile(who *Actor, f File) bool {
	name := ""
	if st.isPersonal(f) {
		name = f.Field
	}
	return slices.ContainsFunc(form.Purposes, func(p string) bool { return st.mayUnmask(who, name, p) == nil })
}

// noteReading keeps that somebody read a file of a case, before they get it. One's own file,
// before it is on a case, is not noted.
func (s *Service) noteReading(ctx context.Context, who *Actor, f File) error {
	if f.CaseID == "" {
		return nil
	}
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: f.Jurisdiction, Subject: "case/" + f.CaseID, Act: "file.read", Person: who.PersonID, At: s.Now(),
			Said: map[string]string{"file": f.ID}})
	})
}

// extensions are what files without a name of their own are called behind the dot.
var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif", "audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/ogg": ".ogg",
	"audio/webm": ".webm", "audio/mp4": ".m4a", "audio/aac": ".aac", "audio/amr": ".amr", "video/webm": ".webm", "video/mp4": ".mp4", "application/pdf": ".pdf"}

// savedAs is the name under which a file is saved: its own, with the ending of what is really
// sent, or a part of its id.
func savedAs(f File, sent string) string {
	end, known := extensions[sent]
	if f.Name == "" {
		return f.ID[max(0, len(f.ID)-8):] + end
	}
	if known && !strings.EqualFold(path.Ext(f.Name), end) && media.KindOf(sent) == media.Picture {
		return strings.TrimSuffix(f.Name, path.Ext(f.Name)) + end
	}
	return f.Name
}

// hintOf is what the camera of a picture wrote of where and when, for who gets the original.
func (s *Service) hintOf(ctx context.Context, tx *db.Tx, f File) (h media.Hint, err error) {
	if f.Hint == "" {
		return h, nil
	}
	k, err := s.Vault.ByID(ctx, tx, f.HintKey)
	if err != nil || k == nil {
		return h, err
	}
	text, err := k.Unseal(f.Hint, hintAt(f.ID))
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(text, &h)
}
