package notify_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"gezhi/internal/fault"
	"gezhi/internal/notify"
)

// robots is a server that stands for the robots of several groups, and counts for each path.
type robots struct {
	*httptest.Server
	mu     sync.Mutex
	got    map[string]int
	signed map[string]bool
}

func newRobots(t *testing.T) *robots {
	r := &robots{got: map[string]int{}, signed: map[string]bool{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got[q.URL.Path]++
		r.signed[q.URL.Path] = q.URL.Query().Get("sign") != "" || strings.Contains(q.Header.Get("Gezhi-Signature"), "v1=")
		if q.URL.Path == "/dead" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *robots) count(path string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got[path]
}

func (c *county) groups(t *testing.T, list string, end bool) (begun, changed, ended, same int) {
	t.Helper()
	rep, err := c.ImportGroups(t.Context(), []byte("channel,name,unit,address,secret\n"+list), notify.GroupImport{Jurisdiction: "j", EndMissing: end,
		Unit: func(code string) string { return map[string]string{"roads": "u1", "waste": "u2"}[code] }})
	if err != nil {
		t.Fatal(err)
	}
	return rep.Begun, rep.Changed, rep.Ended, rep.Unchanged
}

// A notice goes to the groups of the units in which those told work, and to those of the whole
// county; each group has a lane of its own, signs with its own secret, and a list may come again.
func TestGroupsHearWhatTheirPeopleAreTold(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		r := newRobots(t)
		c.Wires["dingtalk"] = notify.Wire{Channel: notify.DingTalk{}, Shared: true, Grouped: true, PerMinute: notify.RobotsPerMinute}
		c.Wires["webhook"] = notify.Wire{Channel: notify.Webhook{Secret: "sample"}, Shared: true, Grouped: true, Silent: true}
		c.Units = func(people []string) []string { return []string{"u1"} }
		list := "dingtalk,Roads,roads," + r.URL + "/roads?access_token=t,s\n钉钉,Waste,waste," + r.URL + "/waste,\nwebhook,Board,," + r.URL + "/board,\n"
		if b, ch, e, s := c.groups(t, list, false); b != 3 || ch+e+s != 0 {
			t.Fatal(b, ch, e, s)
		}
		if b, ch, e, s := c.groups(t, list, true); s != 3 || b+ch+e != 0 {
			t.Fatal(b, ch, e, s)
		}
		n := calm
		n.Fallback = []string{"dingtalk", "webhook"}
		c.post(n)
		c.settle()
		if r.count("/roads") != 1 || r.count("/waste") != 0 || !r.signed["/roads"] {
			t.Fatal(r.got, r.signed)
		}
		if b, ch, e, s := c.groups(t, "dingtalk,Waste,,"+r.URL+"/waste,\nwebhook,Board,,"+r.URL+"/board,\n", true); b != 0 || ch != 1 || e != 1 || s != 1 {
			t.Fatal(b, ch, e, s)
		}
		n.Case, n.Fallback = "c9", []string{"webhook", "dingtalk"}
		c.post(n)
		c.settle()
		if r.count("/roads") != 1 || r.count("/waste") != 1 || r.count("/board") != 1 || !r.signed["/board"] {
			t.Fatal(r.got, r.signed)
		}
	})
}

// Where no group hears a channel, or the group is dead, people get the next channel at once.
func TestWithoutAGroupTheNextChannelIsTried(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		r := newRobots(t)
		c.Wires["wecom"] = notify.Wire{Channel: notify.WeCom{}, Shared: true, Grouped: true}
		n := calm
		n.Fallback = []string{"wecom", "sms"}
		c.post(n)
		c.settle()
		c.want(c.states("c3"), " wecom failed", "li sms sent")
		c.groups(t, "wecom,Dead,,"+r.URL+"/dead,\n", false)
		n.Case = "c4"
		c.post(n)
		c.settle()
		rows, err := c.Deliveries(t.Context(), notify.Asker{Jurisdiction: "j", Operator: true}, "c4", "", 10)
		if err != nil || len(rows) != 2 || rows[1].State != notify.Failed || rows[1].Why != "notify.refused" || rows[0].Channel != "sms" {
			t.Fatal(rows, err)
		}
		names, err := c.GroupNames(t.Context(), "j")
		if err != nil || names[rows[1].Person] != "Dead" {
			t.Fatal(names, err)
		}
	})
}

// Each bad row of a list of groups is named with line, column and reason, and no address is.
func TestBadGroupsAreNamedByLine(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		list := "channel,name,unit,address\nfax,A,,https://x.example/key\nwecom,,,https://x.example/key\nwecom,B,,ftp://x.example/key\nwecom,C,nowhere,https://x.example/key\nwecom,D,,https://x.example/key\nwecom,D,,https://x.example/key\n"
		_, err := c.ImportGroups(t.Context(), []byte(list), notify.GroupImport{Jurisdiction: "j", Unit: func(string) string { return "" }})
		f, ok := err.(*fault.Error)
		if !ok || f.Code != "territory.bad_rows" {
			t.Fatal(err)
		}
		got := map[int]string{}
		for _, p := range f.At {
			got[p.Line] = p.Path + " " + p.Code
		}
		want := map[int]string{2: "channel notify.bad_group_channel", 3: "name territory.no_name", 4: "address notify.bad_group_address", 5: "unit territory.unknown_unit", 7: "name notify.group_twice"}
		for line, w := range want {
			if got[line] != w {
				t.Errorf("line %d: %q, not %q", line, got[line], w)
			}
		}
		if strings.Contains(err.Error(), "key") {
			t.Error("the fault shows an address")
		}
	})
}

const gatewayFile = `
url: https://sms.gateway.example/
form: { Action: SendSms, PhoneNumbers: "{phone}", TemplateCode: "{template}", TemplateParam: "{params}", OutId: "{key}", Password: "{secret}" }
templates: { "": T1, digest: T2 }
params: { no: "{number}", n: "{count}" }
sign: { suffix: "&", hash: sha1, param: Signature }
answer: { field: Code, success: OK, refused: [MOBILE_NUMBER_ILLEGAL], ref: BizId }
`

// The file of a gateway says all that the adapter needs but the secret.
func TestAGatewayIsReadFromItsFile(t *testing.T) {
	c, err := notify.ParseSMS([]byte(gatewayFile), "sample")
	if err != nil {
		t.Fatal(err)
	}
	if c.URL != "https://sms.gateway.example/" || c.Form["PhoneNumbers"] != "{phone}" || c.Form["Password"] != "sample" || c.Templates["digest"] != "T2" || c.Params["no"] != "{number}" ||
		c.Sign != (notify.Signature{Secret: "sample", Suffix: "&", Hash: "sha1", Param: "Signature"}) || c.Answer.Field != "Code" || c.Answer.Refused[0] != "MOBILE_NUMBER_ILLEGAL" {
		t.Errorf("%+v", c)
	}
}

// A file that says too little, or too much, is refused before anything is sent.
func TestABadGatewayFileIsRefused(t *testing.T) {
	for change, path := range map[[2]string]string{
		{"https://", "ftp://"}:      "url",
		{"{phone}", "13"}:           "form",
		{"field: Code, ", ""}:       "answer",
		{"hash: sha1", "hash: md5"}: "sign",
		{"params:", "parms:"}:       "parms",
	} {
		_, err := notify.ParseSMS([]byte(strings.Replace(gatewayFile, change[0], change[1], 1)), "sample")
		f, ok := err.(*fault.Error)
		if !ok || f.Code != "notify.bad_gateway_file" || len(f.At) == 0 || f.At[0].Path != path {
			t.Errorf("%v: %v", change, err)
		}
	}
	if _, err := notify.ParseSMS([]byte(gatewayFile), ""); fault.CodeOf(err) != "notify.bad_gateway_file" {
		t.Error("signing without a secret", err)
	}
}

// FuzzParseSMS: no file makes the reader panic.
func FuzzParseSMS(f *testing.F) {
	f.Add([]byte(gatewayFile))
	f.Add([]byte("form: [a]"))
	f.Add([]byte("answer: x\nsign: []"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := notify.ParseSMS(data, "s"); err == nil && c.Answer.Field == "" {
			t.Fatal(c)
		}
	})
}
