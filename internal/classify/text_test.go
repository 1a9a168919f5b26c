package classify

import (
	"strings"
	"testing"
)

// What is learnt from holds no number, no name that can be told as one, no mark and no markup.
func TestPlainTextHoldsNobody(t *testing.T) {
	for given, want := range map[string]string{
		"路灯坏了，请修":                         "路灯坏了 请修",
		"ＡＢＣ网吧　扰民":                        "abc 网吧 扰民",
		"A3区K市B12栋KTV噪音":                  "区 市 栋 ktv 噪音",
		"请打13800138000找我":                 "请打 找我",
		"身份证330102199001011239丢了":         "身份证 丢了",
		"张某某打人":                           "打人",
		"村民刘小样，在村里行医":                     "村民 在村里行医",
		"我叫欧阳样例。请帮忙":                      "我叫 请帮忙",
		"联系人：王样":                          "联系人",
		"找李主任三次":                          "找 主任三次",
		"王小样老师收补课费":                       "老师收补课费",
		"第1点_x000D_第2点&nbsp;<b>急</b>":     "第 点 第 点 急",
		"见 https://example.org/a?b=1 的说明": "见 的说明",
		"mail someone@example.org now":    "mail now",
		"The street lamp is out":          "the street lamp out",
		"高考补录":                            "高考补录",
		"黄河路积水":                           "黄河路积水",
		"":                                "",
		"\xff\xfe":                        "",
		"😀❤️":                             "",
		"2026年3月1日上午9:00，12345没人接，罚款500元": "年 月 日上午 没人接 罚款 元",
	} {
		if got := Plain(given); got != want {
			t.Errorf("%q is learnt from as %q, wanted %q", given, got, want)
		}
	}
}

// A very long text is cut: its end changes nothing.
func TestTheEndOfALongTextIsNotRead(t *testing.T) {
	long := strings.Repeat("路", longest)
	if Plain(long) != Plain(long+"医院") {
		t.Error("what follows is read")
	}
}

// Every gram is one or two letters of Chinese that stand together, or a whole word.
func TestGrams(t *testing.T) {
	var got []string
	grams("路灯坏 ktv 吵", func(g string) { got = append(got, g) })
	if s := strings.Join(got, " "); s != "路 路灯 灯 灯坏 坏 ktv 吵" {
		t.Error(s)
	}
}

// No text breaks the reader, and no digit, no blank twice and no large letter comes out of it.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{"张某某", "我叫", "王", "欧阳", "&#x4e00;", "<a", "我叫王", "13800138000", "ＡＢ", "_x000D_"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := Plain(s)
		if strings.ContainsAny(p, "0123456789") || strings.Contains(p, "  ") || strings.TrimSpace(p) != p {
			t.Errorf("%q became %q", s, p)
		}
		grams(p, func(string) {})
	})
}
