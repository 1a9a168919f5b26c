package web

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A printed table has as many pages as it needs, its places are where the file says they are,
// and what was written can be read again.
func TestAPrintedTable(t *testing.T) {
	var rows [][]string
	for i := range 90 {
		rows = append(rows, []string{"样例事项 " + strconv.Itoa(i), "12", "3", "0"})
	}
	rows = append(rows, []string{strings.Repeat("很长的名字", 30), "1", "2", "3"}, []string{"𠮷", "9", "9", "9"})
	data := printed("积分月报（样例）", []string{"2026-03", "单位：分"}, []string{"事项", "发放", "兑换", "到期"}, rows)
	if n := bytes.Count(data, []byte("/Type /Page ")); n != 3 {
		t.Error(n, "pages")
	}
	for i, m := range regexp.MustCompile(`(?m)^(\d{10}) 00000 n `).FindAllSubmatch(data, -1) {
		at, _ := strconv.Atoi(string(m[1]))
		if !bytes.HasPrefix(data[at:], []byte(strconv.Itoa(i+1)+" 0 obj")) {
			t.Error("object", i+1, "is not at", at)
		}
	}
	text := ""
	for _, m := range regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`).FindAllSubmatch(data, -1) {
		z, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		text += string(page)
	}
	for what, hex := range map[string]string{"title": "79EF5206670862A5", "beyond the first plane": "D842DFB7", "dots": "2026", "Latin letters in their own font": "/F2 10 Tf <" + fmt.Sprintf("%X", "2026-03") + ">", "one line of both": "<68374F8B4E8B9879> Tj /F2 10 Tf <" + fmt.Sprintf("%X", " 7") + ">"} {
		if !strings.Contains(text, hex) {
			t.Error(what, "is missing")
		}
	}
}
