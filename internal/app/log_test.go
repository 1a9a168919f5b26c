package app

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// Whatever stands in a value of the log, each record is one line and begins as records do: nobody
// who sends line breaks, or what looks like the next field, writes a record of their own.
func TestARecordOfTheLogIsOneLine(t *testing.T) {
	var out bytes.Buffer
	l := logged(&out, slog.LevelInfo)
	evil := []string{"a\nlevel=ERROR msg=forged", "a\r\ntime=2026-03-02T09:00:00Z level=ERROR msg=forged", "a\u2028b\u0085c", "a\x1b[31mb", `a" level=ERROR msg="forged`, "a\x00b"}
	for _, x := range evil {
		l.Info("http", "path", x, "err", errors.New(x), x, x)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(evil) {
		t.Errorf("%d records are %d lines", len(evil), len(lines))
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "time=") || strings.ContainsAny(line, "\r\x1b\x00\u2028\u0085") || strings.Contains(line, " level=ERROR msg=\"forged") {
			t.Errorf("%q", line)
		}
	}
}
