// Package packs holds the scenario packs that ship with the product, one folder each.
package packs

import "embed"

// FS holds a folder for each pack.
//
//go:embed *
var FS embed.FS
