// Package workflow is the grammar of a life: which step a case may go to, by whom, when,
// and what hangs on it.
//
// A Life is what a pack says about one kind of case: steps with a fixed phase, actions
// between them, seats for the people at the case, clocks beside the steps, part sets below
// the case, keys, beginnings and endings. The types hold the parsed language; the methods
// answer the questions that need no database: where does this action lead, does this join
// hold, what waits for this event. Everything here is arithmetic: no context, no clock, no
// storage, and a Life is never changed after it was read.
//
// Order matters and is kept: the first step is the start, the first target that holds is
// taken, so that all collections are slices with names and not maps.
//
// It never decides about rights in a territory, never computes working time and never
// stores anything; casework does, with the answers from here.
package workflow
