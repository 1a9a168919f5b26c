package pack

import (
	"embed"
	"fmt"
	"strings"
	"sync"

	"gezhi/internal/pack/shape"
)

//go:embed words/*.yaml
var wordFiles embed.FS

// sayings are the words of this package's own codes, by language.
var sayings = sync.OnceValue(func() map[string]*shape.Node {
	out := map[string]*shape.Node{}
	for _, lang := range []string{"zh", "en"} {
		data, err := wordFiles.ReadFile("words/" + lang + ".yaml")
		if err != nil {
			panic(err)
		}
		n, problems := shape.Read(data)
		if len(problems) > 0 {
			panic(fmt.Sprint(lang, problems))
		}
		out[lang] = n
	}
	return out
})

// Say puts a code into words of lang ("zh" or "en"); args fill the {placeholders}. A code
// without words is returned as it is.
func Say(lang, code string, args map[string]any) string {
	n := sayings()[lang].Get(code)
	if n == nil {
		return code
	}
	var pairs []string
	for _, k := range sortedKeys(args) {
		v := args[k]
		if l, ok := v.([]string); ok {
			v = strings.Join(l, ", ")
		}
		pairs = append(pairs, "{"+k+"}", fmt.Sprint(v))
	}
	return strings.NewReplacer(pairs...).Replace(n.Text)
}
