package form

import (
	"regexp"

	"gezhi/internal/fault"
)

// fileID is what an upload is called: an id, or in a story a plain file name.
var fileID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)

// readFile takes the id of one uploaded file; photos, files, signatures and recordings alike.
func readFile(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok || !fileID.MatchString(s) {
		return nil, wrong(at, "form.file")
	}
	return s, nil
}
