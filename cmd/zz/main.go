package main

import (
	"context"
	"fmt"
	"os"
	"regexp"

	"gezhi/internal/pack"
	"gezhi/internal/story"
)

func main() {
	all := map[string]*pack.Pack{}
	for _, n := range []string{"core", "incident", "deputy-proposal"} {
		p, r := pack.Load(os.DirFS("packs/" + n))
		if p == nil {
			fmt.Println(r.Text("en"))
			return
		}
		all[n] = p
	}
	s := story.Suite{Pack: os.DirFS(os.Args[1]), Core: all["core"], Others: all, Lang: "en"}
	if len(os.Args) > 2 {
		s.Run = regexp.MustCompile(os.Args[2])
	}
	s.Verbose = len(os.Args) > 3
	story.Test(context.Background(), s, os.Stdout)
}
