// Package casework is cases: opened, moved, late, verified, rated.
//
// A case goes the way its pack says (package workflow) and the kernel says how strictly.
// [Service.Open] begins one, [Service.Act] does an action on it, [Service.View] and
// [Service.List] show it to those who may see it. Each of them takes who is asking.
//
// # One act
//
// An act runs in one transaction under the key of its case: it claims the idempotency key,
// loads the case with its seats, clocks and part sets (a state), asks in this order for
// rights, step, separation of duty, needs and asked values, applies the effects, lets the
// clocks, keys and part sets hear what happened, and writes one move, the current row, the
// timer, the outbox and an audit leaf. What follows by itself (an automatic action, a
// join, a large part set) is a job in the outbox with the move as its cause.
//
// # Records
//
// What merely is belongs to package record. A case may be about a record, whose revision it
// keeps; seats may be limited to a register; part sets may follow one; and what becomes of
// records (RecordsChanged) is heard by cases, by lives that begin so, and by sets.
//
// # What looks odd
//
// Rules of a life that watch are asked by a job once an act stands; they open another case, at
// which people look, and do nothing else.
//
// # Tables
//
// cases, move, payload, participant, representative, involved, clock, clock_span,
// part_set, part_offer and public_view (indexes of what is offered and what everybody may read),
// case_key, link, signal_inbox, sampled, roster, duty, duty_edition, calendar; batch and
// batch_item are unused: what became of each case of a batch is its own move.
//
// # What it never does
//
// It never knows a pack by name, never calls out of the building, never lets anybody
// around separation of duty, and never changes or removes a move.
package casework
