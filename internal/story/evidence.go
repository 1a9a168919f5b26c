package story

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"os"
	"path"
	"regexp"
	"strconv"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/blob"
	"gezhi/internal/clock"
	"gezhi/internal/form"
	"gezhi/internal/media"
)

// evidence uploads the files that a value names, so that an act can put them on a case: a
// story says "bin.jpg", the case holds the id of an upload of that name.
func (w *world) evidence(ctx context.Context, f *form.Field, v any, by, key string) (any, error) {
	if !f.IsFile() {
		return v, nil
	}
	list, many := v.([]any)
	if !many {
		list = []any{v}
	}
	out := make([]any, len(list))
	for i, x := range list {
		name, ok := x.(string)
		if !ok || name == "" {
			out[i] = x
			continue
		}
		again := key + "/" + by + "/" + name // the same request names the same upload
		if id := w.uploads[again]; id != "" && key != "" {
			out[i] = id
			continue
		}
		id, err := w.upload(ctx, by, name)
		if err != nil {
			return nil, err
		}
		w.uploads[again], w.called[id], out[i] = id, name, id
	}
	return out, nil
}

func (w *world) upload(ctx context.Context, by, name string) (string, error) {
	if w.cases.Files == nil {
		dir, err := os.MkdirTemp("", "gezhi-story")
		if err != nil {
			return "", err
		}
		w.shut = append(w.shut, func() { os.RemoveAll(dir) })
		if w.cases.Files, err = blob.Open(dir, w.hand.Now); err != nil {
			return "", err
		}
		w.shut = append(w.shut, func() { w.cases.Files.Close() })
	}
	f, err := w.cases.Upload(ctx, account.Actor{PersonID: by, Jurisdiction: jurisdiction}, name, bytes.NewReader(content(name)))
	return f.ID, err
}

// content is something of the kind that a name says, of its own for each name: a small picture,
// a recording without sounds, or an empty document.
func content(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	switch path.Ext(name) {
	case ".pdf":
		return fmt.Appendf(nil, "%%PDF-1.4\n%% %x\n%%%%EOF\n", sum)
	case ".wav", ".m4a", ".ogg", ".mp3", ".webm":
		return fmt.Appendf(nil, "RIFF\x28\x00\x00\x00WAVEdata\x20\x00\x00\x00%s", sum)
	}
	if hint, ok := taken(name); ok {
		return media.Sample("", binary.LittleEndian.Uint64(sum[:8]), hint, 0)
	}
	m := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range m.Pix {
		m.Pix[i] = sum[i/8]
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m) // into memory, which never fails
	return b.Bytes()
}

// takenAt is how the name of a picture says what its camera wrote of when and where.
var takenAt = regexp.MustCompile(` taken (\S+) at (-?[0-9.]+),(-?[0-9.]+)\.\w+$`)

// taken is what the camera wrote into a picture that is called "wall taken 2026-03-02T09:00 at
// 120.1,30.2.jpg"; false for other names.
func taken(name string) (h media.Hint, ok bool) {
	m := takenAt.FindStringSubmatch(name)
	if m == nil {
		return h, false
	}
	var err error
	if h.TakenAt, err = time.ParseInLocation(layout, m[1], clock.CST); err != nil {
		return h, false
	}
	h.Lon, _ = strconv.ParseFloat(m[2], 64) // the pattern lets only numbers in
	h.Lat, _ = strconv.ParseFloat(m[3], 64)
	h.Placed = true
	return h, true
}

// close ends what the world holds besides its database.
func (w *world) close() {
	for i := len(w.shut) - 1; i >= 0; i-- {
		w.shut[i]()
	}
}
