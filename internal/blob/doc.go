// Package blob keeps files by the hash of their content, in a folder. The same content is kept
// once. Knowing a hash grants nothing: who may read a file is a row of whoever stored it, and
// this package is never reached from outside without that row.
//
// A file is there whole or not at all: it is written beside, flushed, and then renamed.
package blob
