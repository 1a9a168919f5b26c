// Package points keeps ledgers: points, honour, hours, or whatever else packs want counted.
//
// # Double entry
//
// A [Posting] moves an amount from one account to another; nothing is ever made or destroyed,
// and all balances of a ledger sum to zero. Only the mint may stand below zero: what it has
// given out are the budgets of issuers, by year, and what is granted comes out of one. Postings
// are never changed; one that was wrong is reversed by its mirror. A key makes each posting
// happen once, for ever; other content under the same key is refused.
//
// # Accounts
//
// mint · issuer (a unit's budget of a year) · available and held (of a person or a household) ·
// merchant · redeemed · settled · expired · void. An account that all postings touch is cut
// into slices, each with a balance of its own that never falls below zero.
//
// # Time
//
// The entries of a slice have strictly rising numbers, which hold their moment: when the clock
// goes back they stand at the last moment until it has caught up. A statement of any day is
// therefore a range of numbers. Points may expire; what expires first is spent first.
//
// # Proof
//
// A posting holds the lines that it made, and is named by an audit leaf of its transaction.
// Entries, balances, what expires when and the sums of months follow from the postings; they
// are kept to be quick, and [Verify] works all of them out again.
//
// # What looks odd
//
// A [Watch] opens a case at which people look when one owner is served so often at one merchant
// in a month; nothing is refused, held or taken away by it. A [Board] lists people of age who
// want to be listed.
//
// Tables: points_* (migrations 00310 to 00316, 00350, 00358). What a pack counts it is told when the pack is put in
// force ([Service.Loaded]); effects of cases come in by [Service.Effect], within their move.
package points
