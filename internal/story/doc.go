// Package story reads and runs the acceptance tests of packs: plain, dated texts that say
// what happens and what must be true then, also what must not happen.
//
// Parse reads the format strictly, with the line of everything kept, so that a failed
// expectation can show the line that was not met. The format is documented for authors in
// docs/pack-authors.md. The package imports no testing: stories run in the product too.
package story
