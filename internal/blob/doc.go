// Package blob keeps files by the hash of their content, in a folder or in an S3 bucket. The same
// content is kept once. Knowing a hash grants nothing: who may read a file is a row of whoever
// stored it, and this package is never reached from outside without that row.
//
// A file is there whole or not at all: it is written beside, flushed, looked at, and then gets its
// name. Each Put of the same content renews its time, and Delete leaves what was put since.
package blob
