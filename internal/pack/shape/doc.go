// Package shape reads the YAML that people write for packs, strictly, and describes what
// each file may hold.
//
// A file becomes a tree of Nodes in which every scalar is the text that stands there:
// `17:30`, `09-01`, `1..` and `2/3` are words, not YAML's guess. Duplicate keys, anchors,
// aliases, tags and merge keys are refused, so that what one reads is what there is.
//
// A Shape is the description of a file. The same description checks a tree (unknown keys
// with a suggestion, missing keys, wrong words, keys whose time has not come) and yields
// the JSON Schema that an editor completes with, so that the two cannot disagree.
package shape
