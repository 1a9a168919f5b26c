package paste

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/clock"
)

// now is a Tuesday, half past ten.
var now = time.Date(2026, 3, 3, 10, 30, 0, 0, clock.CST)

func on(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, clock.CST)
}

// However a chat program copies it, the same two people say the same two things.
func TestChatsAreRead(t *testing.T) {
	for name, x := range map[string]struct {
		text string
		want []Message
	}{
		"name and full time above": {"小李(样例) 2026/3/2 9:05\n桥头一堆垃圾\n没人管\n\n王姐 2026-03-02 09:20:11\n[图片][图片]\n就是这里", []Message{
			{"小李(样例)", on(3, 2, 9, 5), "桥头一堆垃圾\n没人管", 0, 0}, {"王姐", on(3, 2, 9, 20), "就是这里", 2, 0}}},
		"a history sent by mail, with the day in a rule": {"————— 2026-03-02 —————\n\n小李  09:05\n\n桥头一堆垃圾\n\n王姐  09:20\n\n[语音]", []Message{
			{"小李", on(3, 2, 9, 5), "桥头一堆垃圾", 0, 0}, {"王姐", on(3, 2, 9, 20), "", 0, 1}}},
		"times of today and yesterday": {"小李 昨天 21:05\n路灯不亮\n王姐 9:20\n井盖没了\n老赵 23:59\n下雨了", []Message{
			{"小李", on(3, 2, 21, 5), "路灯不亮", 0, 0}, {"王姐", on(3, 3, 9, 20), "井盖没了", 0, 0}, {"老赵", on(3, 2, 23, 59), "下雨了", 0, 0}}},
		"halves of the day and weekdays": {"小李 星期一 下午 2:05\n路灯不亮\n王姐 上午9:20\n井盖没了", []Message{
			{"小李", on(3, 2, 14, 5), "路灯不亮", 0, 0}, {"王姐", on(3, 3, 9, 20), "井盖没了", 0, 0}}},
		"time before the name": {"2026-03-02 09:05:00 小李\n路灯不亮", []Message{{"小李", on(3, 2, 9, 5), "路灯不亮", 0, 0}}},
		"months and days in words": {"小李 3月2日 9:05\n路灯不亮\n王姐 12月30日 9:05\n去年的事", []Message{
			{"小李", on(3, 2, 9, 5), "路灯不亮", 0, 0}, {"王姐", time.Date(2025, 12, 30, 9, 5, 0, 0, clock.CST), "去年的事", 0, 0}}},
		"names before colons":                             {"小李：桥头一堆垃圾\n地点：桥头\n王姐:\n井盖没了", []Message{{"小李", time.Time{}, "桥头一堆垃圾\n地点：桥头", 0, 0}, {"王姐", time.Time{}, "井盖没了", 0, 0}}},
		"colons are no names where there are times":       {"小李 9:05\n张三：说的对", []Message{{"小李", on(3, 3, 9, 5), "张三：说的对", 0, 0}}},
		"quotes and the program's own lines are nobody's": {"小李 9:05\n「王姐：井盖没了」\n- - - - - - - -\n我也看到了\n王姐撤回了一条消息", []Message{{"小李", on(3, 3, 9, 5), "我也看到了", 0, 0}}},
		"no chat at all":                                  {"桥头一堆垃圾，请派人来", []Message{{"", time.Time{}, "桥头一堆垃圾，请派人来", 0, 0}}},
		"a sentence with a time":                          {"小李 9:05\n公交 8:30 才来，等了 10:20\n", []Message{{"小李", on(3, 3, 9, 5), "公交 8:30 才来，等了 10:20", 0, 0}}},
		"windows line ends":                               {"小李 9:05\r\n路灯不亮\r\n", []Message{{"小李", on(3, 3, 9, 5), "路灯不亮", 0, 0}}},
		"a day there never was":                           {"小李 2026-13-45 9:05\n路灯不亮", []Message{{"", time.Time{}, "小李 2026-13-45 9:05\n路灯不亮", 0, 0}}},
		"brackets that are words":                         {"小李 9:05\n[急]路灯不亮[表情]", []Message{{"小李", on(3, 3, 9, 5), "[急]路灯不亮", 0, 0}}},
		"nothing":                                         {" \n\n", nil},
	} {
		if d := cmp.Diff(x.want, Read(x.text, now)); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

// What one person sends within ten minutes is one proposal; thanks are no case.
func TestWhatBelongsTogetherIsOneProposal(t *testing.T) {
	got := Gather(Read("小李 9:05\n桥头一堆垃圾\n小李 9:06\n[图片]\n小李 9:15\n已经三天了\n王姐 9:20\n收到\n谢谢！\n小李 9:40\n还有一盏路灯不亮\n王姐 9:41\n👍[图片]", now))
	want := []Proposal{
		{Message: Message{"小李", on(3, 3, 9, 5), "桥头一堆垃圾\n\n已经三天了", 1, 0}},
		{Message: Message{"王姐", on(3, 3, 9, 20), "收到\n谢谢！", 0, 0}, Idle: true},
		{Message: Message{"小李", on(3, 3, 9, 40), "还有一盏路灯不亮", 0, 0}},
		{Message: Message{"王姐", on(3, 3, 9, 41), "👍", 1, 0}},
	}
	want[0].Text = "桥头一堆垃圾\n已经三天了"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// An answer names nobody, no number and no door; what it is about stays.
func TestAnswersAreMasked(t *testing.T) {
	for text, want := range map[string]string{
		"已由样例人员012联系王大爷（13812345678），幸福路12号3单元201室门前垃圾已清": "已由**联**大爷（**），幸福路**号**单元**室门前垃圾已清",
		"2026年3月2日 9:05 已清运 3 吨": "2026年3月2日 9:05 已清运 3 吨",
		"请拨 12345 咨询":            "请拨 12345 咨询",
		"办理人样例人员01和样例人员012已到场":   "办理人**和**已到场",
		"": "",
	} {
		if got := Mask(text, []string{"样例人员01", "样例人员012", "李"}); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// Titles are found in texts by two characters at a time.
func TestClassesAreProposedByTheirTitles(t *testing.T) {
	titles := []titled{{"p/s:1", "暴露垃圾"}, {"p/s:2", "路灯损坏"}, {"p/s:3", "积存渣土"}, {"p/s:4", "Exposed rubbish"}}
	if d := cmp.Diff([]Class{{"p/s:1", "暴露垃圾", "垃圾"}}, classesOf("桥头一堆垃圾没人管", titles)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Class{{"p/s:2", "路灯损坏", "路灯 灯损 损坏"}, {"p/s:1", "暴露垃圾", "垃圾"}}, classesOf("路灯损坏，旁边有垃圾", titles)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Class{{"p/s:4", "Exposed rubbish", "rubbish"}}, classesOf("Rubbish at the bridge", titles)); d != "" {
		t.Error(d)
	}
	if got := classesOf("下雨了", titles); got != nil {
		t.Error(got)
	}
}

// Whatever is pasted, nothing breaks, messages stay within their bounds, and no letter of the
// text appears that was not there.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"小李 2026/3/2 9:05\n桥头一堆垃圾\n[图片]", "————— 2026-03-02 —————\n小李  09:05\n路灯", "小李：a\n王姐:\nb", "「a：b」\n- - -\nc", "\xff\xfe 9:05\nx", "a 99:99\nb", "[[图片]]", "昨天 9:05", strings.Repeat("甲 1:00\n乙\n", 50)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		messages := Read(text, now)
		if len(messages) > maxMessages {
			t.Fatalf("%d messages", len(messages))
		}
		for _, m := range messages {
			if utf8.RuneCountInString(m.Speaker) > maxSpeaker || strings.ContainsAny(m.Speaker, "\n\r") || m.Text == "" && m.Pictures+m.Voices == 0 || len(m.Text) > len(text) {
				t.Fatalf("%+v", m)
			}
			if !m.At.IsZero() && (m.At.Year() < 2000 || m.At.Year() > 2199) {
				t.Fatalf("%v", m.At)
			}
		}
		if n := len(Gather(messages)); n > len(messages) {
			t.Fatalf("%d of %d", n, len(messages))
		}
		if utf8.ValidString(text) && !utf8.ValidString(Mask(text, []string{"小李"})) {
			t.Fatal("a broken answer")
		}
	})
}
