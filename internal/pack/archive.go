package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"gezhi/internal/fault"
)

const archiveHead = "gezhi-pack 1\n"

// counts tells whether a file decides how cases go or read. Stories, samples and the
// README do not: they may change without a new version.
func counts(name string) bool {
	dir := path.Dir(name)
	return strings.HasSuffix(name, ".yaml") && (dir == "." || dir == "words")
}

// Encode returns the canonical bytes of the pack: its deciding files by name, with line
// ends made one. The same content always gives the same bytes.
func (p *Pack) Encode() []byte {
	var b bytes.Buffer
	b.WriteString(archiveHead)
	for _, name := range sortedKeys(p.files) {
		if !counts(name) {
			continue
		}
		data := bytes.ReplaceAll(p.files[name], []byte("\r\n"), []byte("\n"))
		fmt.Fprintf(&b, "%s %d\n", name, len(data))
		b.Write(data)
	}
	return b.Bytes()
}

// Hash is the SHA-256 of Encode in hexadecimal: the identity of what was loaded.
func (p *Pack) Hash() string { return hashOf(p.Encode()) }

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Decode reads what Encode wrote. Bytes that are none are pack.archive; bytes that are one
// but hold no pack this version can run are pack.archive_refused with the report's places.
func Decode(data []byte) (*Pack, error) {
	rest, ok := bytes.CutPrefix(data, []byte(archiveHead))
	if !ok || len(data) > maxBytes {
		return nil, fault.New(fault.Invalid, "pack.archive")
	}
	files := map[string][]byte{}
	for len(rest) > 0 {
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		var name string
		var size int
		if n, err := fmt.Sscanf(string(line), "%s %d", &name, &size); !ok || err != nil || n != 2 ||
			size < 0 || size > len(after) || !counts(name) || len(files) >= maxFiles || files[name] != nil {
			return nil, fault.New(fault.Invalid, "pack.archive")
		}
		files[name], rest = after[:size:size], after[size:]
	}
	if files["pack.yaml"] == nil {
		return nil, fault.New(fault.Invalid, "pack.archive")
	}
	p, report := fromFiles(files)
	if p == nil {
		f := fault.New(fault.Invalid, "pack.archive_refused")
		f.At = places(report)
		return nil, f
	}
	return p, nil
}

// places turns a report into the places of a fault.
func places(r Report) []fault.Place {
	var out []fault.Place
	for _, p := range r.Problems {
		out = append(out, fault.Place{Path: p.File, Line: p.Line, Code: p.Code, Args: p.Args})
	}
	return out
}

// Fault turns a report into an error, nil when nothing is wrong.
func (r Report) Fault() error {
	if r.OK() {
		return nil
	}
	f := fault.New(fault.Invalid, "pack.refused", "problems", len(r.Problems))
	f.At = places(r)
	return f
}

// Stories returns the story files of the pack by path, the broken ones under
// stories/broken/ included.
func (p *Pack) Stories() map[string][]byte {
	out := map[string][]byte{}
	for name, data := range p.files {
		if strings.HasPrefix(name, "stories/") && strings.HasSuffix(name, ".yaml") {
			out[name] = data
		}
	}
	return out
}

// Files returns the deciding files of the pack by name: see Encode.
func (p *Pack) Files() map[string][]byte {
	out := map[string][]byte{}
	for name, data := range p.files {
		if counts(name) {
			out[name] = data
		}
	}
	return out
}

// File returns a file of the folder, nil when there is none.
func (p *Pack) File(name string) []byte { return p.files[name] }

// place finds the line of a path in one of the pack's own files.
func (p *Pack) place(file string, path ...string) (line, col int) {
	n := p.docs[file]
	if n == nil {
		return 0, 0
	}
	// The key itself is the better place than its value, which may lie lines below.
	for i, key := range path {
		last := i == len(path)-1
		for _, e := range n.Entries {
			if e.Key.Text == key && last {
				if v := e.Value; v.Items == nil && v.Entries == nil && v.Line == e.Key.Line && v.Text != "" {
					return v.Line, v.Col
				}
				return e.Key.Line, e.Key.Col
			}
		}
		next := n.At(key)
		if next == n {
			break
		}
		n = next
	}
	return n.Line, n.Col
}

// Problem makes a problem at a path of one of the pack's own files.
func (p *Pack) problem(code, file string, path []string, args ...any) Problem {
	q := Problem{Code: code, File: file, Path: strings.Join(path, ".")}
	q.Line, q.Col = p.place(file, path...)
	for i := 0; i+1 < len(args); i += 2 {
		if q.Args == nil {
			q.Args = map[string]any{}
		}
		q.Args[args[i].(string)] = args[i+1]
	}
	q.Quote(p.files[file])
	return q
}
