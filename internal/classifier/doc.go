// Package classifier keeps what each jurisdiction has learnt about the classes of its reports,
// and proposes a class for a new one.
//
// [Service.Learn] learns from closed cases whose class people have settled (package classify
// says how) and from files of classed texts. Each time makes a new model, a row of its own
// with what it was learnt from and how well it judges; the newest is asked, and one that
// disappoints can be ended. The model is read when it is first needed and kept in memory.
// Where there is none, or it knows nothing of a text, the titles of the classes propose.
//
// Cases that may not train (disputes between people, minors: casework's Trainable) are never
// read into it, nor duplicates, nor what was closed without a settled class.
//
// Table: classifier_model. Route: /class-proposals. Commands: gezhi classifier.
//
// It never classes a case: a person confirms, and only a guess that is right often enough is
// filled in beforehand.
package classifier
