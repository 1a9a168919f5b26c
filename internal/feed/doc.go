// Package feed takes in what other systems bring: the table that a platform above sends again
// and again, signed messages of a partner's program, a mailbox, and the history of a system
// that is given up; and it writes answers back in that platform's own columns.
//
// Words: a feed is one such source, described by a mapping file; an item is one matter of it,
// known by its number there, and becomes one case. What comes again changes the item's case
// and never makes a second one. A run is one import or export, with what became of each line.
//
// Tables: feed_item, feed_run, feed_answer. Cases and their values are casework's.
//
// Routes: /feeds/… for those whose roles a mapping names, over the whole jurisdiction;
// /hooks/{name} for programs that sign.
//
// It opens and changes cases through the use cases of package casework alone, never guesses a
// place or a class that the mapping does not settle, and knows no pack: classes, fields and
// actions are named by the mapping.
package feed
