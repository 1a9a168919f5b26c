// Package notify tells people what happened to a case, over the channels that reach them.
//
// A [Notice] comes out of the outbox, written there in the transaction of the move that it
// speaks of. [Service.Deliver] takes it in once, however often it comes, and plans deliveries:
// one for each person and channel. Every delivery waits in a table of its own and is sent by
// the lane of its line, so that a gateway that hangs delays nobody but its own messages. What
// fails is tried again with growing delay, always under the same key; what is given up goes
// on to the person's next channel, and lies where an operator sees it and can send it again.
//
// The order of channels is the severity's. A notice that wakes goes to the next channel when
// nobody has acknowledged it in time, then to the next people. Nothing else makes a sound in
// the quiet hours and on days off; it lies in the inbox at once and is gathered into one
// message for each person on the next working morning.
//
// A message holds the number, the title of the class, what happened (or the action that told it),
// the deadline and a link. It never holds
// what a reporter said or who that is. The words of messages lie in words/zh.json and en.json.
//
// Channels: in_app (inbox), call (a task for a clerk), digest (gathered), and the adapters
// SMS, WeCom, DingTalk, Email and Webhook. A Group is a chat group or a system of a
// jurisdiction, or of one of its units, that hears on one of the last kinds.
//
// Tables: notice, delivery, inbox_note, call_task, notice_group. Timers: notice, digest. Topic: notice.
// Routes: /notes, /calls, /deliveries, /dead-letters.
//
// It never reads a case, keeps no telephone number, and decides nothing about a case.
package notify
