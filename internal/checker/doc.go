// Package checker is a page that checks receipts away from the program that gave them: one
// HTML file that asks no network, for people who run no programs. It does what cmd/receipt
// does, in a browser: the proof of inclusion (RFC 6962), the signed head (C2SP tlog-checkpoint,
// Ed25519 of RFC 8032), and that a checkpoint which somebody kept is of the same log.
//
// Its words lie in words/, its arithmetic in check.js. It has no tables and no routes; audit
// serves the page, the command line prints it. The page's own policy forbids it every request.
package checker
