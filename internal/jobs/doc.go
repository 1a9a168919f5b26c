// Package jobs keeps what must happen later: durable timers, and the outbox of work that
// is done after the commit that caused it.
//
// Both are rows written in the caller's transaction ([Set], [Post]); nothing is held in
// memory only, so that a restart, a crash or a day's outage loses none. A [Runner] claims
// what is due in batches under a lease and hands it to the functions that the roof gave it.
//
// A timer is one row for each thing that waits (kind and ref), however many moments it has.
// Its function fires what is due and sets the next moment in one transaction of its own, so
// that a second firing finds nothing to do. A message is delivered at least once, always
// under the same id; what fails is tried again with growing delay and after the last try
// lies dead where an operator sees it and can send it again.
//
// Tables: timer, outbox. It knows nothing of what the timers and messages mean.
package jobs
