// Package ui carries the built faces (desk, and the later ones) inside the program.
//
// The files are made by `npm run build` in this folder. Without them, on a machine that has
// no Node, the folder dist holds one empty file, the program builds all the same, and the
// faces answer 404.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var built embed.FS

// Files returns the built faces, rooted at dist: desk/index.html, assets/…, each with its
// .br and .gz sister where it is worth one. It has no files to speak of before the first build.
func Files() fs.FS {
	files, err := fs.Sub(built, "dist")
	if err != nil { // only for a path that is not valid, and this one is fixed
		panic(err)
	}
	return files
}
