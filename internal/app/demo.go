package app

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/record"
	"gezhi/internal/territory"
	"gezhi/packs"
)

//go:embed sampledata/staff.json
var sampleStaff []byte

//go:embed sampledata/accounts.csv
var sampleAccounts []byte

// sampleAccount is a made-up person of the sample county who can log in.
type sampleAccount struct {
	Login, Name, Role, Unit, AreaScheme, Area, Password string
	Does                                                map[string]string // by language
}

func readSampleAccounts() ([]sampleAccount, error) {
	rows, err := csv.NewReader(bytes.NewReader(sampleAccounts)).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []sampleAccount
	for _, r := range rows[1:] {
		out = append(out, sampleAccount{r[0], r[1], r[2], r[3], r[4], r[5], r[6], map[string]string{"zh": r[7], "en": r[8]}})
	}
	return out, nil
}

// runsAreas are the kinds of units of the sample county that run an area.
var runsAreas = []string{"centre", "office", "committee"}

// epoch is from when the sample county stands.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, clock.CST)

// FillSample fills an empty database with the sample county. It does nothing where there is
// a jurisdiction already.
func (a *App) FillSample(ctx context.Context) (filled bool, err error) {
	all, err := a.Accounts.Jurisdictions(ctx)
	if err != nil || len(all) > 0 {
		return false, err
	}
	c, err := territory.NewSampleCounty()
	if err != nil {
		return false, err
	}
	name := ""
	for _, d := range c.Areas {
		if d.Code == c.Code {
			name = d.Name
		}
	}
	j, err := a.Accounts.CreateJurisdiction(ctx, account.Jurisdiction{Code: c.Code, Name: name, Nature: casework.Sample, Settings: account.Settings{Runs: runsAreas}})
	if err != nil {
		return false, err
	}
	if err := a.refresh(ctx); err != nil {
		return false, err
	}
	imp := territory.Import{Jurisdiction: j.ID, Owners: map[string]string{c.Code: j.ID}, From: epoch, Nature: territory.Sample}
	if _, err := a.Territory.Plant(ctx, c.Areas, imp); err != nil {
		return false, err
	}
	if _, err := a.Territory.PlantUnits(ctx, c.Units, imp); err != nil {
		return false, err
	}
	for _, name := range shippedNames() {
		p, err := shipped(name)
		if err != nil {
			return false, err
		}
		if err := a.Book.Load(ctx, "", j.ID, p, nil); err != nil {
			return false, err
		}
	}
	if err := a.seatSample(ctx, j, c); err != nil {
		return false, err
	}
	if err := a.World.Renew(ctx); err != nil {
		return false, err
	}
	if err := a.registerSample(ctx, j); err != nil {
		return false, err
	}
	if err := a.workSample(ctx, j); err != nil {
		return true, err
	}
	if err := a.handDown(ctx, j); err != nil {
		return true, err
	}
	return true, a.rosterSample(ctx, j)
}

// registerSample takes in the sample records of the shipped packs: the files of their folders
// demo/records, each named by its kind.
func (a *App) registerSample(ctx context.Context, j account.Jurisdiction) error {
	home, err := a.home(ctx, j)
	if err != nil {
		return err
	}
	for _, name := range shippedNames() {
		files, err := fs.Glob(packs.FS, name+"/demo/records/*.csv")
		if err != nil {
			return err
		}
		for _, f := range files {
			data, err := fs.ReadFile(packs.FS, f)
			if err != nil {
				return err
			}
			kind := strings.TrimSuffix(path.Base(f), ".csv")
			if _, err := a.Records.Import(ctx, data, record.Import{Jurisdiction: j.ID, Kind: name + "/" + kind, From: epoch.Format(time.DateOnly), Nature: territory.Sample, Home: home}); err != nil {
				return err
			}
		}
	}
	return nil
}

// seatSample makes the people of the sample county and gives them their posts.
func (a *App) seatSample(ctx context.Context, j account.Jurisdiction, c *territory.SampleCounty) error {
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return err
	}
	packs, err := a.Book.Packs(ctx, j.ID)
	if err != nil {
		return err
	}
	give := func(p account.NewPerson, role, unit, scheme, area string) error {
		p.Jurisdiction, p.Nature = j.ID, casework.Sample
		who, err := a.Accounts.CreatePerson(ctx, "", p)
		if err != nil {
			return err
		}
		n := account.NewPost{PersonID: who.ID, Role: role, From: epoch}
		if u, ok := t.UnitByCode(j.ID, unit); ok {
			n.UnitID = u.ID
		}
		if area != "" { // administrators stand nowhere
			x, ok := t.ByCode(scheme, area)
			if !ok {
				return fault.New(fault.Internal, "territory.unknown_area", "code", area)
			}
			n.AreaID, n.AreaLevel = x.ID, account.Level(x.Level)
			if wrong := mayStand(packs, homeLanguage, role, x.Level); wrong != nil {
				return fault.Wrap(wrong, fault.Internal, wrong.Code)
			}
		}
		_, err = a.Accounts.GivePost(ctx, "", n)
		return err
	}
	accounts, err := readSampleAccounts()
	if err != nil {
		return err
	}
	for _, s := range accounts {
		if err := give(account.NewPerson{Name: s.Name, Login: s.Login, Password: s.Password}, s.Role, s.Unit, s.AreaScheme, s.Area); err != nil {
			return err
		}
	}
	if err := staffUnits(t.Units(j.ID), accounts, func(name, role string, u *territory.Unit) error {
		x, ok := t.Area(u.Area)
		if !ok {
			return nil
		}
		return give(account.NewPerson{Name: name}, role, u.Code, territory.SchemeDivision, x.Codes[territory.SchemeDivision])
	}); err != nil {
		return err
	}
	for _, w := range c.Workers {
		p := account.NewPerson{Name: w.Name, Login: w.Login}
		if slices.ContainsFunc(accounts, func(s sampleAccount) bool { return s.Login == w.Login }) {
			continue // among the printed ones
		}
		if err := give(p, w.Role, w.Unit, territory.SchemeGrid, w.Grid); err != nil {
			return err
		}
	}
	return nil
}

// staffUnits names somebody for every post that a unit of its kind has, but for those that
// the printed accounts hold.
func staffUnits(units []*territory.Unit, taken []sampleAccount, give func(name, role string, u *territory.Unit) error) error {
	var staff struct {
		Name  string
		Posts map[string][]string
	}
	if err := json.Unmarshal(sampleStaff, &staff); err != nil {
		return err
	}
	n := 0
	for _, u := range units {
		for _, role := range staff.Posts[u.Kind] {
			if slices.ContainsFunc(taken, func(a sampleAccount) bool { return a.Unit == u.Code && a.Role == role }) {
				continue
			}
			n++
			if err := give(fmt.Sprintf(staff.Name, n), role, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// PrintAccounts writes the table of sample accounts.
func PrintAccounts(w io.Writer, lang string) error {
	accounts, err := readSampleAccounts()
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	for _, s := range accounts {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", s.Login, s.Password, s.Name, s.Does[lang])
	}
	return t.Flush()
}
