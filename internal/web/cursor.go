package web

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"

	"gezhi/internal/fault"
)

// maxCursor bounds a cursor's text, in bytes.
const maxCursor = 2048

// Cursor makes an opaque text of v, the sort key of the last row of a page. A cursor is no
// secret and grants nothing: the query that reads on asks for rights again.
func Cursor(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "internal")
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b))
	return base64.RawURLEncoding.EncodeToString(append(sum, b...)), nil
}

// ReadCursor reads what Cursor made of a value of v's type. Any other text is refused with
// page.bad_cursor. The checksum finds mangling; it does not hinder forging, which would gain nothing.
func ReadCursor(text string, v any) error {
	bad := fault.New(fault.Invalid, "page.bad_cursor")
	if len(text) > maxCursor {
		return bad
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 4 || crc32.ChecksumIEEE(b[4:]) != binary.BigEndian.Uint32(b) {
		return bad
	}
	d := json.NewDecoder(bytes.NewReader(b[4:]))
	d.DisallowUnknownFields()
	if d.Decode(v) != nil || d.More() {
		return bad
	}
	return nil
}
