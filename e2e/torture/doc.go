// Package torture kills the program at random moments under mixed load and then looks whether
// every promise was kept: what was acknowledged is there exactly once, what was not at most
// once, every mark of a clock fired once, every message was delivered under its own key, and
// every case stands where its moves add up to.
//
// It drives the real binary over HTTP, on both engines. GEZHI_TEST_KILLS says how often it
// kills on each; the standard is 3.
package torture
