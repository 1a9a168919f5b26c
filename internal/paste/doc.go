// Package paste turns what a clerk copies out of a chat group into proposals of cases, and an
// answer into words that may be pasted back.
//
// [Read] splits a block of chat text into messages: who, when, what, and how many pictures and
// recordings belong to it. [Gather] joins what one person says in one go. The service adds to each
// which places and classes the text speaks of, and lifts numbers out of it; a person looks at each
// proposal and opens it, adds it to a case that is open, or drops it. Nothing is opened, and
// nothing kept, before that: the package has no table.
//
// [Mask] takes names, numbers and house numbers out of an answer. What chat programs write between
// the lines, and what people call each other, is data: cues.json.
package paste
