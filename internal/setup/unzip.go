package setup

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"path"
	"strings"

	"gezhi/internal/fault"
)

// What a pack's archive may hold, unpacked. The sizes that an archive names are not believed.
const (
	maxArchive  = 8 << 20  // bytes of the archive
	maxUnpacked = 32 << 20 // bytes of all files
	maxEntries  = 2000
)

// unzip reads the folder of a pack out of a ZIP: its files, or the one folder that holds them.
// What is no ZIP is setup.not_a_zip; what unpacks to too much setup.zip_too_large; a name that
// leads out of the folder, names a place twice or is no plain file's is setup.zip_bad_name.
func unzip(data []byte) (map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "setup.not_a_zip")
	}
	if len(z.File) > maxEntries {
		return nil, tooLarge()
	}
	files, left := map[string][]byte{}, int64(maxUnpacked)
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		if !fs.ValidPath(name) || strings.ContainsAny(f.Name, "\\:\x00") || f.NonUTF8 && !ascii(name) {
			return nil, fault.New(fault.Invalid, "setup.zip_bad_name")
		}
		if f.FileInfo().IsDir() || hidden(name) {
			continue
		}
		if _, twice := files[name]; twice || !f.Mode().IsRegular() || f.Flags&1 != 0 { // a link, or encrypted
			return nil, fault.New(fault.Invalid, "setup.zip_bad_name")
		}
		r, err := f.Open()
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "setup.not_a_zip")
		}
		text, err := io.ReadAll(io.LimitReader(r, left+1))
		r.Close()
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "setup.not_a_zip")
		}
		if left -= int64(len(text)); left < 0 {
			return nil, tooLarge()
		}
		files[name] = text
	}
	return within(files), nil
}

func tooLarge() error {
	return fault.New(fault.Invalid, "setup.zip_too_large", "files", maxEntries, "mib", maxUnpacked>>20)
}

// hidden are files that archivers add of themselves.
func hidden(name string) bool {
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(path.Base(name), ".")
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 126 }) < 0
}

// within are the files below the one folder that holds all of them, where pack.yaml is not at
// the top.
func within(files map[string][]byte) map[string][]byte {
	top := ""
	if _, there := files["pack.yaml"]; !there {
		for name := range files {
			first, _, below := strings.Cut(name, "/")
			if !below || top != "" && first != top {
				top = ""
				break
			}
			top = first
		}
	}
	if top == "" {
		return files
	}
	out := map[string][]byte{}
	for name, text := range files {
		out[strings.TrimPrefix(name, top+"/")] = text
	}
	return out
}
