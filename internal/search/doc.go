// Package search finds cases by what is said in them: by words of two characters and more, by
// numbers and by places.
//
// # Words
//
// An entry is what may be found of a case: title, texts, notes, answers, numbers, the titles
// of its class, its place. Nothing personal is in it, nothing that the pack shows to some only,
// and no number of a person, even where one still stood in a text. A gram is a pair of
// characters, or a word of letters and digits, in a code that no engine takes apart.
//
// # Finding
//
// Words are joined by AND; quotes keep words together. Every word must stand in one line or
// another of the entry: grams find the candidates, the text decides. Whoever asks finds what
// lists show them: the same account.Scope, applied to the case as it is now. The case that has
// the very number comes first, then the latest opened; both engines answer alike.
//
// # Keeping up
//
// [Service.Moved] leaves a row in the transaction of each move; [Service.Run] writes entries
// anew from those rows, a batch at a time, and takes the rows away in the same transaction, so
// that a crash loses nothing. [Service.Forget] removes an entry at once, in the caller's
// transaction. [Service.Rebuild] writes all anew.
//
// # Tables
//
// search_entry, search_pending, on SQLite search_gram (migration 00170).
//
// # Routes
//
// GET /api/v1/search.
package search
