package notify

import (
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/pack/shape"
	"gezhi/internal/worktime"
)

// digestChannels are those over which a digest may go.
var digestChannels = []string{InAppName, "sms", "email", WeComName, DingTalkName, WebhookName}

// ReadPolicy reads the file in which a jurisdiction says how its people are told: quiet { from,
// until }, digest (a time of day), wait (between two channels), digest_by (channels). What it
// leaves out stays as it is for everybody. The answer is the text that Policy.With reads. What is
// wrong is notify.bad_policy, place by place.
func ReadPolicy(data []byte) ([]byte, error) {
	f := policyFile{wrong: fault.Error{Kind: fault.Invalid, Code: "notify.bad_policy"}}
	n, problems := shape.Read(data)
	for _, p := range problems {
		f.refuse(p.Line, "", "notify.bad_yaml")
	}
	if n == nil {
		return nil, &f.wrong
	}
	for _, x := range n.Entries {
		f.entry(x.Key, x.Value)
	}
	switch {
	case len(f.wrong.At) > 0:
		return nil, &f.wrong
	case len(n.Entries) == 0:
		f.refuse(n.Line, "", "notify.bad_yaml")
		return nil, &f.wrong
	}
	text, err := json.Marshal(f.says)
	if err == nil {
		_, err = DefaultPolicy(worktime.Default()).With(text)
	}
	return text, err
}

type policyFile struct {
	says  rules
	wrong fault.Error
}

func (f *policyFile) refuse(line int, path, code string) {
	f.wrong.At = append(f.wrong.At, fault.Place{Line: line, Path: path, Code: code})
}

func (f *policyFile) entry(key, n *shape.Node) {
	switch key.Text {
	case "quiet":
		f.says.Quiet = &Quiet{}
		for _, x := range n.Entries {
			switch x.Key.Text {
			case "from":
				f.time(x.Key, x.Value, &f.says.Quiet.From)
			case "until":
				f.time(x.Key, x.Value, &f.says.Quiet.Until)
			default:
				f.refuse(x.Key.Line, "quiet."+x.Key.Text, "notify.unknown_key")
			}
		}
		if n.Get("from") == nil || n.Get("until") == nil {
			f.refuse(key.Line, "quiet", "worktime.bad_time")
		}
	case "digest":
		f.says.Digest = new(worktime.TimeOfDay)
		f.time(key, n, f.says.Digest)
	case "wait":
		f.says.Wait = n.Text
		if d, err := time.ParseDuration(n.Text); err != nil || d < shortest {
			f.refuse(n.Line, key.Text, "notify.bad_wait")
		}
	case "digest_by":
		f.says.DigestBy = n.Texts()
		if len(f.says.DigestBy) == 0 || slices.ContainsFunc(f.says.DigestBy, func(c string) bool { return !slices.Contains(digestChannels, c) }) {
			f.refuse(n.Line, key.Text, "notify.bad_digest_channel")
		}
	default:
		f.refuse(key.Line, key.Text, "notify.unknown_key")
	}
}

func (f *policyFile) time(key, n *shape.Node, into *worktime.TimeOfDay) {
	v, err := worktime.ParseTimeOfDay(n.Text)
	if err != nil {
		f.refuse(n.Line, key.Text, fault.CodeOf(err))
	}
	*into = v
}
