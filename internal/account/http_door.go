package account

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	"gezhi/internal/web"
)

// DeviceCookie is the cookie that carries a telephone's secret. It goes to the log-in alone.
const DeviceCookie = "gezhi_device"

// devicePath is below what the browser sends the cookie to.
const devicePath = web.Prefix + "/session"

// JoinPath is the page on which an invitation is used. The token stands behind a #, which a browser
// sends to no server and writes into no Referer.
const JoinPath = "/field/join"

// ChargeJSON is somebody for whom the asker answers.
type ChargeJSON struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Post    MyPost       `json:"post"`
	Devices []DeviceJSON `json:"devices"`
	Invited int64        `json:"invited,omitempty" doc:"ms UTC until which an open invitation may be used"`
}

// DeviceJSON is a telephone on which somebody logs in with a PIN.
type DeviceJSON struct {
	ID      string `json:"id"`
	Name    string `json:"name" doc:"what its browser calls itself"`
	BoundAt int64  `json:"bound_at"`
	SeenAt  int64  `json:"seen_at" doc:"last log-in with the PIN"`
	Expires int64  `json:"expires_at"`
	Locked  bool   `json:"locked" doc:"too many wrong PINs"`
}

// InvitationJSON is an invitation as it is shown once.
type InvitationJSON struct {
	PersonID string `json:"person_id"`
	Name     string `json:"name"`
	Post     MyPost `json:"post"`
	Address  string `json:"address" doc:"what the picture says"`
	Picture  string `json:"picture" doc:"QR code, an SVG as a data address"`
	Code     string `json:"code" doc:"twelve digits, in place of the picture"`
	Expires  int64  `json:"expires_at"`
}

type chargesInput struct {
	Q string `query:"q" maxLength:"100" doc:"part of a name"`
}

type chargesOutput struct {
	Body struct {
		People []ChargeJSON `json:"people"`
		More   bool         `json:"more,omitempty" doc:"there are more; ask for a name"`
	}
}

type inviteInput struct {
	Body struct {
		People []string `json:"people" minItems:"1" maxItems:"60"`
		Sheet  bool     `json:"sheet,omitempty" doc:"to be printed: may be used for longer"`
	}
}

type inviteOutput struct {
	Body struct {
		Invitations []InvitationJSON `json:"invitations"`
	}
}

type personInput struct {
	ID string `path:"id" maxLength:"64"`
}

type lookInput struct {
	Body struct {
		Token string `json:"token,omitempty" maxLength:"64"`
		Code  string `json:"code,omitempty" maxLength:"32"`
	}
}

type lookOutput struct {
	Body struct {
		Name         string `json:"name"`
		Jurisdiction string `json:"jurisdiction,omitempty"`
		By           string `json:"by" doc:"who made the invitation"`
		Expires      int64  `json:"expires_at"`
	}
}

type acceptInput struct {
	Body struct {
		Token string `json:"token,omitempty" maxLength:"64"`
		Code  string `json:"code,omitempty" maxLength:"32"`
		PIN   string `json:"pin" maxLength:"6"`
	}
}

type entryOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      Me
}

type pinInput struct {
	Device http.Cookie `cookie:"gezhi_device"`
	Body   struct {
		PIN string `json:"pin" maxLength:"6"`
	}
}

type deviceInput struct {
	Device http.Cookie `cookie:"gezhi_device"`
}

type deviceOutput struct {
	Body struct {
		Name    string `json:"name"`
		Locked  bool   `json:"locked" doc:"too many wrong PINs"`
		Expires int64  `json:"expires_at"`
	}
}

type devicesOutput struct {
	Body struct {
		Devices []DeviceJSON `json:"devices"`
	}
}

// mostShown is how many people a list of charges shows.
const mostShown = 200

// Door is how people come in besides passwords, and for each other, over HTTP: telephones and
// delegations.
type Door struct {
	Accounts *Service
	Titles   Titles
	Public   string // address that people type, without a slash behind; "" is what the asker used
}

// Register adds the operations.
func (d Door) Register(srv *web.Server) {
	tags := []string{"door"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/charges", ID: "charges", Summary: "Those for whom the asker answers, with their telephones", Tags: tags}, d.charges)
	web.Op(srv, web.Operation{Method: "POST", Path: "/invitations", ID: "invite", Summary: "Give people a way to log in with their own telephone", Tags: tags, Status: http.StatusCreated}, d.invite)
	web.Op(srv, web.Operation{Method: "DELETE", Path: "/charges/{id}/invitation", ID: "uninvite", Summary: "Take an invitation back", Tags: tags, Status: http.StatusNoContent}, d.uninvite)
	web.Op(srv, web.Operation{Method: "POST", Path: "/invitations/look", ID: "lookAtInvitation", Summary: "Whom an invitation is for", Tags: tags, Public: true}, d.look)
	web.Op(srv, web.Operation{Method: "POST", Path: "/invitations/accept", ID: "acceptInvitation", Summary: "Use an invitation: bind this telephone under a PIN and log in", Tags: tags, Public: true}, d.accept)
	web.Op(srv, web.Operation{Method: "GET", Path: "/session/device", ID: "thisDevice", Summary: "Whose telephone this is", Tags: tags, Public: true}, d.thisDevice)
	web.Op(srv, web.Operation{Method: "POST", Path: "/session/pin", ID: "logInByPIN", Summary: "Log in on a bound telephone", Tags: tags, Public: true}, d.logIn)
	web.Op(srv, web.Operation{Method: "GET", Path: "/me/devices", ID: "myDevices", Summary: "The telephones I log in on", Tags: tags}, d.mine)
	web.Op(srv, web.Operation{Method: "POST", Path: "/devices/{id}/end", ID: "endDevice", Summary: "A telephone is lost: end it with every session on it", Tags: tags, Status: http.StatusNoContent}, d.end)
	d.registerDelegations(srv)
}

func (d Door) charges(ctx context.Context, in *chargesInput) (*chargesOutput, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.Accounts.Charges(ctx, who, in.Q)
	if err != nil {
		return nil, err
	}
	out := &chargesOutput{}
	out.Body.People, out.Body.More = []ChargeJSON{}, len(all) > mostShown
	all = all[:min(len(all), mostShown)]
	people := make([]string, len(all))
	for i, c := range all {
		people[i] = c.PersonID
	}
	devices, err := d.Accounts.Devices(ctx, people...)
	if err != nil {
		return nil, err
	}
	invited, err := d.Accounts.Invitations(ctx, who.Jurisdiction)
	if err != nil {
		return nil, err
	}
	posts := make([]*MyPost, len(all))
	for i, c := range all {
		posts[i] = postOf(c.Post)
	}
	if err := d.Titles.name(ctx, who.Jurisdiction, posts); err != nil {
		return nil, err
	}
	for i, c := range all {
		x := ChargeJSON{ID: c.PersonID, Name: c.Name, Post: *posts[i], Devices: devicesJSON(devices[c.PersonID])}
		if at, ok := invited[c.PersonID]; ok {
			x.Invited = at.UnixMilli()
		}
		out.Body.People = append(out.Body.People, x)
	}
	return out, nil
}

func devicesJSON(all []Device) []DeviceJSON {
	out := make([]DeviceJSON, len(all))
	for i, d := range all {
		out[i] = DeviceJSON{d.ID, d.Name, d.BoundAt.UnixMilli(), d.SeenAt.UnixMilli(), d.Expires.UnixMilli(), d.Locked}
	}
	return out
}

func (d Door) invite(ctx context.Context, in *inviteInput) (*inviteOutput, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	lasts := InvitedFor
	if in.Body.Sheet {
		lasts = SheetFor
	}
	all, err := d.Accounts.Invite(ctx, who, in.Body.People, lasts)
	if err != nil {
		return nil, err
	}
	base := d.Public
	if base == "" {
		base = web.Base(ctx)
	}
	posts := make([]*MyPost, len(all))
	for i, x := range all {
		posts[i] = postOf(x.Post)
	}
	if err := d.Titles.name(ctx, who.Jurisdiction, posts); err != nil {
		return nil, err
	}
	out := &inviteOutput{}
	for i, x := range all {
		address := base + JoinPath + "#" + x.Token
		svg, err := web.QR(address)
		if err != nil {
			return nil, err
		}
		out.Body.Invitations = append(out.Body.Invitations, InvitationJSON{x.PersonID, x.Name, *posts[i], address,
			"data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg), x.Code, x.Expires.UnixMilli()})
	}
	return out, nil
}

func (d Door) uninvite(ctx context.Context, in *personInput) (*struct{}, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, d.Accounts.Uninvite(ctx, who, in.ID)
}

func (d Door) look(ctx context.Context, in *lookInput) (*lookOutput, error) {
	i, err := d.Accounts.LookAt(ctx, in.Body.Token, in.Body.Code, originOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &lookOutput{}
	out.Body.Name, out.Body.By, out.Body.Expires = i.Name, i.By, i.Expires.UnixMilli()
	if d.Titles.Jurisdiction != nil {
		out.Body.Jurisdiction = d.Titles.Jurisdiction(i.Jurisdiction).Name
	}
	return out, nil
}

func (d Door) accept(ctx context.Context, in *acceptInput) (*entryOutput, error) {
	e, err := d.Accounts.Accept(ctx, in.Body.Token, in.Body.Code, in.Body.PIN, originOf(ctx))
	if err != nil {
		return nil, err
	}
	return d.entered(ctx, e)
}

func (d Door) logIn(ctx context.Context, in *pinInput) (*entryOutput, error) {
	e, err := d.Accounts.LogInByPIN(ctx, in.Device.Value, in.Body.PIN, originOf(ctx))
	if err != nil {
		return nil, err
	}
	return d.entered(ctx, e)
}

func (d Door) entered(ctx context.Context, e Entry) (*entryOutput, error) {
	body, err := me(ctx, e.Actor, d.Titles)
	return &entryOutput{[]http.Cookie{d.Accounts.Cookie(ctx, e.Token), deviceCookie(ctx, e.Device, BoundFor)}, body}, err
}

func deviceCookie(ctx context.Context, value string, lasts time.Duration) http.Cookie {
	return http.Cookie{Name: DeviceCookie, Value: value, Path: devicePath, MaxAge: int(lasts.Seconds()), HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: web.ClientOf(ctx).Secure}
}

func (d Door) thisDevice(ctx context.Context, in *deviceInput) (*deviceOutput, error) {
	dev, p, err := d.Accounts.DeviceOf(ctx, in.Device.Value)
	if err != nil {
		return nil, err
	}
	out := &deviceOutput{}
	out.Body.Name, out.Body.Locked, out.Body.Expires = p.Name, dev.Locked, dev.Expires.UnixMilli()
	return out, nil
}

func (d Door) mine(ctx context.Context, _ *struct{}) (*devicesOutput, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.Accounts.Devices(ctx, who.PersonID)
	out := &devicesOutput{}
	out.Body.Devices = devicesJSON(all[who.PersonID])
	return out, err
}

func (d Door) end(ctx context.Context, in *personInput) (*struct{}, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, d.Accounts.EndDevice(ctx, who, in.ID)
}

func postOf(p Post) *MyPost {
	m := myPost(p)
	return &m
}
