// Package form is the field types packs may use: what a value of each must look like, how
// it is stored, and how a face is told to ask for it.
//
// A value comes in as decoded JSON and goes out normalised: numbers as exact decimals,
// dates as "2026-03-02", moments in China Standard Time, phones without blanks, files as
// lists of ids. What is wrong is answered as places with codes; a value is never echoed,
// since it may be somebody's phone number.
//
// Each type has a file of its own. A type knows nothing of cases, people or areas: whether
// the id of a unit exists is asked by the kernel.
package form
