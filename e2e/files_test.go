package e2e

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gezhi/internal/db"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// county is a stopped sample county whose commands are run from outside.
type county struct {
	t    *testing.T
	data string
}

func newCounty(t *testing.T) county {
	s := start(t, db.SQLite)
	s.stop()
	return county{t, s.data}
}

// file writes a file of that content and returns its path.
func (c county) file(name, content string) string {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// run runs a command in a language and returns what it printed, and its exit status.
func (c county) run(lang string, args ...string) (out, errs string, status int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"-data", c.data, "-log", "warn"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL="+lang)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	_ = cmd.Run()
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// report is what an import printed.
type report struct{ Rows, Begun, Unchanged, Redrawn int }

func (c county) imported(args ...string) report {
	c.t.Helper()
	out, errs, status := c.run("en_GB.UTF-8", append([]string{"import"}, args...)...)
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 {
		c.t.Fatalf("%v: %d %s %s", args, status, errs, out)
	}
	return r
}

// ring is a polygon's GeoJSON with a code.
func ring(code, coordinates string) string {
	return fmt.Sprintf(`{"type":"Feature","properties":{"code":%q,"name":"样例","parent":"331125001001"},"geometry":{"type":"Polygon","coordinates":[%s]}}`, code, coordinates)
}

func features(f ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(f, ",") + `]}`
}

// workbook is a file that looks like an XLSX and holds one part.
func workbook(t *testing.T, part, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	p, err := w.Create(part)
	if err == nil {
		_, err = p.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const head = "code,name,parent,level\n"

// Each file that cannot be taken in is refused with a code, a line in the reader's language and
// the places of what is wrong, and leaves everything as it was.
func TestFilesThatCannotBeTakenIn(t *testing.T) {
	c := newCounty(t)
	cross, sound := `[[119.5,28.1],[119.51,28.11],[119.51,28.1],[119.5,28.11],[119.5,28.1]]`, `[[119.5,28.1],[119.51,28.1],[119.51,28.11],[119.5,28.11],[119.5,28.1]]`
	for _, x := range []struct {
		name, kind, flags, content, code, zh, en string
	}{
		{"quotes.csv", "divisions", "", head + "331125001999,\"样例村,331125001,5\n", "territory.bad_rows", "没有导入", "nothing was imported"},
		{"junk.csv", "divisions", "", "\x00\x01\x02\xff\xfe", "territory.not_text", "", ""},
		{"empty.csv", "divisions", "", "", "territory.no_rows", "", ""},
		{"columns.csv", "divisions", "", "name,parent\n样例村,331125001\n", "territory.column_missing", "code", "code"},
		{"unknown.csv", "divisions", "", head + "999999999999,样例村,999999999,5\n", "territory.bad_rows", "", ""},
		{"level.csv", "divisions", "", head + "331125001999,样例村,331125001,seven\n", "territory.bad_rows", "", ""},
		{"junk.xlsx", "divisions", "", "PK\x03\x04 is no workbook", "territory.bad_excel", "", ""},
		{"odd.xlsx", "divisions", "", workbook(t, "xl/workbook.xml", "<workbook"), "territory.bad_excel", "", ""},
		{"old.xls", "divisions", "", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "territory.old_excel", "", ""},
		{"half.geojson", "boundaries", "-crs WGS-84", `{"type":"FeatureCollection","features":[`, "geo.not_json", "", ""},
		{"other.geojson", "boundaries", "-crs WGS-84", `{"type":"Topology"}`, "geo.not_geojson", "", ""},
		{"crossing.geojson", "boundaries", "-crs WGS-84", features(ring("331125001001", cross)), "territory.bad_rows", "没有导入", "nothing was imported"},
		{"open.geojson", "boundaries", "-crs WGS-84", features(ring("331125001001", `[[119.5,28.1],[119.51,28.11]]`)), "territory.bad_rows", "", ""},
		{"metres.geojson", "boundaries", "-crs CGCS2000", features(ring("331125001001", `[[500000,3110000],[500100,3110000],[500100,3110100],[500000,3110000]]`)), "territory.bad_rows", "", ""},
		{"system.geojson", "boundaries", "", features(ring("331125001001", sound)), "", "", ""},
		{"area.geojson", "boundaries", "-crs WGS-84", features(ring("999999", sound)), "territory.bad_rows", "", ""},
		{"grid.geojson", "grids", "-crs WGS-84", features(ring("G1", sound), ring("G2", cross)), "territory.bad_rows", "", ""},
		{"staff.csv", "staff", "", "name,login,role,area,unit\n样例人员,sample.one,no_such_role,331125001001,no-such-unit\n", "territory.bad_rows", "", ""},
		{"login.csv", "staff", "", "name,login,role,area\n样例人员,street,dispatcher,331125001001\n", "territory.bad_rows", "", ""},
		{"huge.csv", "divisions", "", head + strings.Repeat("x", 50<<20), "territory.too_large", "", ""},
	} {
		path := c.file(x.name, x.content)
		for lang, says := range map[string]string{"zh_CN.UTF-8": x.zh, "en_GB.UTF-8": x.en} {
			out, errs, status := c.run(lang, append(append([]string{"import", x.kind}, strings.Fields(x.flags)...), path)...)
			first, _, _ := strings.Cut(errs, "\n")
			if status != 1 || !strings.HasPrefix(first, "gezhi: ") || !strings.HasSuffix(first, x.code+")") || !strings.Contains(first, says) || strings.Contains(errs, "goroutine") || out != "" {
				t.Errorf("%s in %s: %d %.400s %.100s", x.name, lang, status, errs, out)
			}
			if strings.HasPrefix(lang, "zh") == (strings.ToValidUTF8(first, "") == strings.Map(ascii, first)) {
				t.Errorf("%s in %s is said in another language: %s", x.name, lang, first)
			}
			if x.code == "territory.bad_rows" && !strings.Contains(errs, "\n  ") {
				t.Errorf("%s: no place is named: %s", x.name, errs)
			}
		}
	}
	if r := c.imported("divisions", "-dry-run", c.file("same.csv", head+"331125001,浮云街道,331125,4\n331125001001,中山社区,331125001,5\n")); r.Unchanged != 2 {
		t.Errorf("what stood has changed: %+v", r)
	}
	newDesk(startIn(t, c.data, ""))
}

func ascii(r rune) rune {
	if r < 0x80 {
		return r
	}
	return -1
}

// A list that a spreadsheet saved as GBK is read as it was meant.
func TestAGBKFileIsRead(t *testing.T) {
	c := newCounty(t)
	text, err := simplifiedchinese.GBK.NewEncoder().String("代码,名称,上级代码,级别\n331125001998,样例新村,331125001,5\n")
	if err != nil {
		t.Fatal(err)
	}
	path := c.file("gbk.csv", text)
	if r := c.imported("divisions", "-sample", path); r.Begun != 1 {
		t.Errorf("%+v", r)
	}
	if r := c.imported("divisions", "-sample", path); r.Unchanged != 1 {
		t.Errorf("again: %+v", r)
	}
	street := startIn(t, c.data, "").logIn("street", "sample-street")
	found, _ := street.send("GET", "/places?q=%E6%A0%B7%E4%BE%8B%E6%96%B0%E6%9D%91", nil).get("places").([]any)
	if len(found) == 0 || found[0].(map[string]any)["how"] != "name" {
		t.Errorf("the village is not found under its name: %v", found)
	}
}

// A large import says how far it has come; an interrupt while it writes leaves nothing of it
// behind, and the same import then goes through.
func TestAnImportThatIsInterrupted(t *testing.T) {
	c := newCounty(t)
	const grids = 4000
	var b strings.Builder
	for i := range grids {
		x, y := 119.4+float64(i%100)*0.001, 28.0+float64(i/100)*0.001
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(ring(fmt.Sprint("X", i), fmt.Sprintf("[[%[1]f,%[2]f],[%[3]f,%[2]f],[%[3]f,%[4]f],[%[1]f,%[4]f],[%[1]f,%[2]f]]", x, y, x+0.001, y+0.001)))
	}
	path := c.file("grids.geojson", features(b.String()))
	cmd := exec.Command(binary, "-data", c.data, "import", "grids", "-crs", "WGS-84", "-sample", path)
	cmd.Env = append(os.Environ(), "LC_ALL=zh_CN.UTF-8")
	errs, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for lines := bufio.NewScanner(errs); lines.Scan(); {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "尚未提交") {
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said, "已读取并检查") || !strings.Contains(said, "已中断，什么都没有改动。 (cli.given_up)") {
		t.Errorf("%d %s", cmd.ProcessState.ExitCode(), said)
	}
	if r := c.imported("grids", "-crs", "WGS-84", "-sample", "-dry-run", path); r.Begun != grids {
		t.Errorf("something was left behind: %+v", r)
	}
	if r := c.imported("grids", "-crs", "WGS-84", "-sample", path); r.Begun != grids {
		t.Errorf("then: %+v", r)
	}
}

// Packs that cannot be read are refused with the file and line of what is wrong.
func TestPacksThatCannotBeRead(t *testing.T) {
	c := county{t, t.TempDir()}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("name: sample\ntitle: { zh: 样例 }\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"half":   "name: [",
		"tabs":   "name:\n\t- x",
		"gbk":    gbk,
		"binary": "\x00\x01\x02",
		"huge":   "name: " + strings.Repeat("x", 50<<20),
		"deep":   strings.Repeat("[", 100_000),
		"bomb":   "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\n",
	} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "pack.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, lang := range []string{"zh_CN.UTF-8", "en_GB.UTF-8"} {
			out, errs, status := c.run(lang, "pack", "check", dir)
			if all := out + errs; status != 1 || !strings.Contains(all, "pack.yaml") && !strings.Contains(all, "pack.too_large") || strings.Contains(all, "goroutine") || len(all) > 10_000 {
				t.Errorf("%s in %s: %d %.600s", name, lang, status, all)
			}
		}
	}
}
