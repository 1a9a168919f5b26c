package territory

import (
	"strings"
	"time"

	"gezhi/internal/fault"
)

// Row is a line of a table whose columns have names.
type Row struct {
	Line  int
	Cells map[string]string // by column; without spaces around
}

// ReadColumns reads a CSV or XLSX file as the imports of this package do, with columns of
// another's choice: column names one by what stands above it, "" where nobody asked for it.
func ReadColumns(data []byte, column func(heading string) string, needs ...string) ([]Row, []fault.Place, error) {
	return ReadLong(data, maxCell, column, needs...)
}

// ReadLong is ReadColumns for cells of up to so many characters: texts of reports.
func ReadLong(data []byte, longest int, column func(heading string) string, needs ...string) ([]Row, []fault.Place, error) {
	rows, bad, err := readColumns(data, longest, column, needs)
	out := make([]Row, len(rows))
	for i, r := range rows {
		out[i] = Row{r.line, r.cells}
	}
	return out, bad, err
}

// ReadTable is ReadColumns with the columns that the imports of this package know.
func ReadTable(data []byte, needs ...string) ([]Row, []fault.Place, error) {
	return ReadColumns(data, ColumnName, needs...)
}

// ColumnName is the name here of a column that files head by name or by one of its other
// words; "" for a column that no import knows.
func ColumnName(heading string) string {
	return columnNames[strings.ToLower(strings.TrimSpace(heading))]
}

// ParseDate reads a day as files write it, at 00:00 China Standard Time; "" is the zero time.
func ParseDate(s string) (time.Time, bool) { return parseDate(s) }
