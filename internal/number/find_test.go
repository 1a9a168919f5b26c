package number

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// shown writes a text with what was found in brackets: [kind normal].
func shown(text string) string {
	return Replace(text, func(f Found) string { return "[" + string(f.Kind) + " " + f.Normal + "]" })
}

// Numbers are found in the forms in which messages hold them.
func TestNumbersAreFoundInRunningText(t *testing.T) {
	for text, want := range map[string]string{
		"请打13800000000找我":              "请打[phone 13800000000]找我",
		"手机号：138 0000 0000，谢谢":         "手机号：[phone 13800000000]，谢谢",
		"138-0000-0000/139-0000-0000":  "[phone 13800000000]/[phone 13900000000]",
		"13800000000、13900000000":      "[phone 13800000000]、[phone 13900000000]",
		"13800000000-13900000000":      "[phone 13800000000]-[phone 13900000000]",
		"１３８００００００００（张）":               "[phone 13800000000]（张）",
		"（13800000000）":                "（[phone 13800000000]）",
		"(13800000000)":                "([phone 13800000000])",
		"(+86 13800000000)":            "([phone 13800000000])",
		"+86 138 0000 0000":            "[phone 13800000000]",
		"(+86)138.0000.0000":           "[phone 13800000000]",
		"86-13800000000":               "[phone 13800000000]",
		"微信wx13800000000":              "微信wx[phone 13800000000]",
		"13800000000微信同号":              "[phone 13800000000]微信同号",
		"13800000000wx":                "[phone 13800000000]wx",
		"打一三八〇〇〇〇〇〇〇〇":                 "打[phone 13800000000]",
		"幺三八零零零零零零零零":                  "[phone 13800000000]",
		"\u202d138 0000 0000\u202c":    "\u202d[phone 13800000000]\u202c",
		"1、13800000000":                "1、[phone 13800000000]",
		"2-13800000000":                "2-[phone 13800000000]",
		"电话：0578-5120000":              "电话：[phone 05785120000]",
		"（电话）0578---5120000":           "（电话）[phone 05785120000]",
		"(0578)5120000转801":            "[phone 05785120000]转801",
		"（0578）512 0000":               "[phone 05785120000]",
		"0571-8512 0000":               "[phone 057185120000]",
		"+86 578 5120000":              "[phone 05785120000]",
		"0086-578-5120000":             "[phone 05785120000]",
		"电话5120000":                    "电话[phone 5120000]",
		"联系电话是 512-0000。":              "联系电话是 [phone 5120000]。",
		"身份证11010519491231002X":        "身份证[id_number 11010519491231002X]",
		"身份证号码为：110105 19491231 002x，": "身份证号码为：[id_number 11010519491231002X]，",
		"张三110105194912310029李四":       "张三110105194912310029李四",
		"身份证号110105194912310029":       "身份证号[id_number 110105194912310029]",
		"公民身份号码１１０１０５１９４９１２３１００２Ｘ":       "公民身份号码[id_number 11010519491231002X]",
		"11010519491231002X，13800000000": "[id_number 11010519491231002X]，[phone 13800000000]",
		"旧证110105491231002":              "旧证[id_number 11010519491231002X]",
		"信用代码91330100799655058B":         "信用代码[credit_code 91330100799655058B]",
		"卡号 4111 1111 1111 1111 工行":      "卡号 [bank_card 4111111111111111] 工行",
		"4111111111111111":               "[bank_card 4111111111111111]",
		"2024年11月22日13800000000来电":       "2024年11月22日[phone 13800000000]来电",
		"2024-11-22 13800000000":         "2024-11-22 [phone 13800000000]",
		"EV-2026-000123 13800000000":     "EV-2026-000123 [phone 13800000000]",
		"\xff13800000000\xff":            "\xff[phone 13800000000]\xff",
		"房产证编号，电话13800000000":            "房产证编号，电话[phone 13800000000]",
	} {
		if got := shown(text); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
	}
}

// What only looks like a number of somebody stays.
func TestOtherNumbersStay(t *testing.T) {
	for _, text := range []string{
		"", "没有数字", "拨打12345、110、119", "400-100-0000", "5120000", "85120000",
		"EV-2026-000123", "SJ-2026-138000", "ZJ20241122138000", "工单号13800000000", "编号：138-0000-0000", "订单号 0578-5120000",
		"EV-13800000000", "202411-13800000000", "13800000000-20241122", "流水号2024112213800000000",
		"2024-11-22 08:30:00", "20241122", "20241122083000", "2024年11月22日8时30分", "0830-1730", "0578-20241122", "057120241122",
		"119.2763451,28.5912345", "119.13800000000", "28.05785120000", "13800000000.50", "坐标13800000000",
		"共13800000000元", "13800000000 元", "￥13800000000", "138亿", "约15000000000亿元", "面积85120000平方米", "价款1.38亿元",
		"13,800,000,000", "12800000000", "10123456789", "1380000000", "138000000000", "13800000000000", "GB50016-2006", "1003788-6200-383653",
		"00000000000", "二〇二四年十一月二十二日", "零一二三四五六七八九", "A13800000000", "0101-2024", "x110105194912310021",
		"电话20241122", "邮编323300", "〔2024〕15号", "18-19-20-21-22", "15 16 17 18 19 2",
	} {
		if got := Find(text); len(got) != 0 {
			t.Errorf("%q holds %+v", text, got)
		}
	}
}

// around draws texts that hold no numbers and end or begin with no sign of one.
var around = rapid.SampledFrom([]string{"", "请找", "老人说：", "，", "。", "（", "\n", "　", "大港头镇", "on the road ", "一楼", "三号桥东，"})

// Whoever writes a number in one of the usual ways, it is found whole, and nothing else is.
func TestEveryUsualFormIsFound(t *testing.T) {
	wide := strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３", "4", "４", "5", "５", "6", "６", "7", "７", "8", "８", "9", "９", "X", "Ｘ", "-", "－")
	rapid.Check(t, func(t *rapid.T) {
		var kind Kind
		var s, normal string
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			kind = KindPhone
			normal = fmt.Sprintf("1%d%09d", rapid.IntRange(3, 9).Draw(t, "b"), rapid.IntRange(0, 999999999).Draw(t, "rest"))
			s = fmt.Sprintf(rapid.SampledFrom([]string{"%s%s%s", "%s %s %s", "%s-%s-%s", "+86%s%s%s", "+86 %s %s %s", "0086%s-%s-%s", "%s.%s.%s", "%s　%s　%s"}).Draw(t, "form"), normal[:3], normal[3:7], normal[7:])
		case 1:
			kind = KindPhone
			code := rapid.SampledFrom([]string{"0578", "010", "021", "0571", "0991"}).Draw(t, "code")
			local := fmt.Sprintf("%d%06d", rapid.IntRange(3, 8).Draw(t, "b"), rapid.IntRange(0, 999999).Draw(t, "rest"))
			normal = code + local
			s = fmt.Sprintf(rapid.SampledFrom([]string{"%s-%s", "%s %s", "(%s)%s", "（%s）%s", "%s%s", "%s—%s"}).Draw(t, "form"), code, local)
		default:
			kind, normal = KindID, drawID(t)
			s = fmt.Sprintf(rapid.SampledFrom([]string{"%s%s%s", "%s %s %s", "%s-%s-%s"}).Draw(t, "form"), normal[:6], normal[6:14], normal[14:])
		}
		if rapid.Bool().Draw(t, "wide") {
			s = wide.Replace(s)
		}
		head, tail := around.Draw(t, "head"), around.Draw(t, "tail")
		text := head + s + tail
		got := Find(text)
		if len(got) != 1 || got[0] != (Found{kind, len(head), len(head) + len(s), normal}) {
			t.Fatalf("%q: %+v, want %s", text, got, normal)
		}
	})
}

// Days, moments, amounts, coordinates and case numbers are never taken for telephones.
func TestOrdinaryNumbersAreNoPhones(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 60*365*24*3600).Draw(t, "second")) * time.Second)
		n := rapid.Int64Range(0, 999999).Draw(t, "n")
		s := rapid.SampledFrom([]string{
			at.Format("2006-01-02"), at.Format("20060102"), at.Format("2006-01-02 15:04:05"), at.Format("20060102150405"), at.Format("2006.01.02"), at.Format("15:04-15:04"),
			at.Format("EV-2006-") + fmt.Sprintf("%06d", n), at.Format("2006-") + fmt.Sprintf("%06d", n), at.Format("ZJ20060102") + fmt.Sprintf("%06d", n),
			fmt.Sprintf("%d元", n*int64(at.Day())*1000), fmt.Sprintf("￥%d", n*int64(at.Day())), fmt.Sprintf("%d.%02d万元", n, at.Day()), fmt.Sprintf("%d平方米", n*1000+n),
			fmt.Sprintf("%.6f,%.6f", 70+float64(n)/16000, 18+float64(n)/30000), fmt.Sprintf("%.11f", float64(n)/7), fmt.Sprint(n), fmt.Sprintf("%08d", n), fmt.Sprintf("〔%d〕%d号", at.Year(), n),
		}).Draw(t, "s")
		head := around.Draw(t, "head")
		for _, f := range Find(head + s + around.Draw(t, "tail")) {
			t.Fatalf("%q: %+v", head+s, f)
		}
	})
}

// A text of five thousand signs that is all digits is looked through at once.
func TestLongRunsCostLittle(t *testing.T) {
	begun := time.Now()
	for _, s := range []string{"1", "1 ", "13800000000 ", "0578-", "(", "+86"} {
		Find(strings.Repeat(s, 5000/len(s)))
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Fatal(took)
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"请打13800000000找我", "(0578)5120000转801", "身份证号110105 19491231 002x", "\xff１３８", "￥5", "-+(86", "一三八〇〇〇〇〇〇〇〇", "坐标119.1,28.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, found := range Find(s) {
			if found.Start < last || found.End <= found.Start || found.End > len(s) {
				t.Fatalf("%q: %+v", s, found)
			}
			if !utf8.RuneStart(s[found.Start]) && utf8.ValidString(s) || found.Normal == "" {
				t.Fatalf("%q: %+v", s, found)
			}
			last = found.End
		}
	})
}
