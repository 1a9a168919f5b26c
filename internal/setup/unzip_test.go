package setup

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"

	"gezhi/internal/fault"
)

// entry is a file of an archive.
type entry struct {
	name string
	mode fs.FileMode
	text string
	lies uint32 // a size that the archive names, in place of the true one
}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.mode != 0 {
			h.SetMode(e.mode)
		}
		if e.lies > 0 {
			var packed bytes.Buffer
			w, _ := flate.NewWriter(&packed, 9)
			w.Write([]byte(e.text))
			w.Close()
			h.CRC32, h.CompressedSize64, h.UncompressedSize64 = crc32.ChecksumIEEE([]byte(e.text)), uint64(packed.Len()), uint64(e.lies)
			raw, err := z.CreateRaw(h)
			if err != nil {
				t.Fatal(err)
			}
			raw.Write(packed.Bytes())
			continue
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(e.text))
	}
	z.Close()
	return b.Bytes()
}

// An archive that unpacks to too much, leads out of the folder, links or lies is refused; a
// plain one is read, with or without a folder around it.
func TestOnlyAPlainArchiveIsRead(t *testing.T) {
	many := make([]entry, maxEntries+1)
	for i := range many {
		many[i] = entry{name: strings.Repeat("a", i%50+1) + string(rune('A'+i/50)) + ".yaml"}
	}
	encrypted := archive(t, entry{name: "pack.yaml", text: "x"})
	at := bytes.LastIndex(encrypted, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint16(encrypted[at+8:], 1)
	for name, x := range map[string]struct {
		data []byte
		code string
	}{
		"no archive":       {[]byte("PK\x03\x04 or so"), "setup.not_a_zip"},
		"nothing":          {nil, "setup.not_a_zip"},
		"cut off":          {archive(t, entry{name: "pack.yaml", text: strings.Repeat("abc", 1000)})[:60], "setup.not_a_zip"},
		"a bomb":           {archive(t, entry{name: "pack.yaml", text: strings.Repeat("\x00", maxUnpacked+1)}), "setup.zip_too_large"},
		"bombs":            {archive(t, entry{name: "a", text: strings.Repeat("\x00", maxUnpacked/2+1)}, entry{name: "b", text: strings.Repeat("\x00", maxUnpacked/2+1)}), "setup.zip_too_large"},
		"a bomb that lies": {archive(t, entry{name: "pack.yaml", text: strings.Repeat("\x00", maxUnpacked+1), lies: 10}), "setup.not_a_zip"},
		"many files":       {archive(t, many...), "setup.zip_too_large"},
		"upwards":          {archive(t, entry{name: "../pack.yaml"}), "setup.zip_bad_name"},
		"upwards within":   {archive(t, entry{name: "a/../../pack.yaml"}), "setup.zip_bad_name"},
		"from the root":    {archive(t, entry{name: "/etc/pack.yaml"}), "setup.zip_bad_name"},
		"backwards":        {archive(t, entry{name: "..\\pack.yaml"}), "setup.zip_bad_name"},
		"a drive":          {archive(t, entry{name: "C:pack.yaml"}), "setup.zip_bad_name"},
		"a NUL":            {archive(t, entry{name: "pack\x00.yaml"}), "setup.zip_bad_name"},
		"twice":            {archive(t, entry{name: "pack.yaml"}, entry{name: "pack.yaml"}), "setup.zip_bad_name"},
		"a link":           {archive(t, entry{name: "pack.yaml", mode: fs.ModeSymlink | 0o777, text: "/etc/passwd"}), "setup.zip_bad_name"},
		"encrypted":        {encrypted, "setup.zip_bad_name"},
	} {
		if files, err := unzip(x.data); fault.CodeOf(err) != x.code {
			t.Errorf("%s: %v, %d files", name, err, len(files))
		}
	}
	for _, below := range []string{"", "some folder/"} {
		files, err := unzip(archive(t, entry{name: below + "pack.yaml", text: "a"}, entry{name: below + "words/zh.yaml", text: "b"}, entry{name: "__MACOSX/" + below + "._pack.yaml", text: "c"}, entry{name: below + ".DS_Store"}))
		if err != nil || len(files) != 2 || string(files["pack.yaml"]) != "a" || string(files["words/zh.yaml"]) != "b" {
			t.Errorf("below %q: %v %v", below, files, err)
		}
	}
}

// Whatever is sent as an archive, what is read stays in bounds.
func FuzzUnzip(f *testing.F) {
	f.Add(archive(f, entry{name: "pack.yaml", text: "a"}))
	f.Add(archive(f, entry{name: "../pack.yaml", text: "a"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := unzip(data)
		if err != nil {
			return
		}
		total := 0
		for name, text := range files {
			if total += len(text); !fs.ValidPath(name) || total > maxUnpacked {
				t.Fatal(name, total)
			}
		}
	})
}
