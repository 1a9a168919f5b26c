// Package audit is the append-only record of every change, and the proof of it.
//
// A change appends a [Leaf] in its own transaction ([Append]). The leaf names every row that
// the transaction wrote, with a salted digest of the row as it is stored (ciphertext where a
// value is encrypted); the leaf's hash covers these lines. So the newest leaf that names a row
// says what the row must be now, and a row that no leaf names was put in by somebody else.
//
// Numbers come after the commit: a [Log] claims leaves without a number, in batches and under
// a lease, and puts their hashes into a Merkle tree of the shape of RFC 6962, kept in tiles
// (golang.org/x/mod/sumdb/tlog). It signs the head of the tree (Ed25519, the note format of
// C2SP tlog-checkpoint) with a key that lies outside the database, and keeps the newest head
// beside the key. No writer waits for the log.
//
// A [Verifier] proves the database against the log: leaf by leaf the hashes, head by head the
// roots, table by table the rows. [Tables] says of every table of the schema how it is proved,
// or why it is not. A receipt ([Receipt]) proves to somebody outside that a leaf is in the log;
// he checks it with cmd/receipt, which knows nothing of this program.
//
// Erasure ([Erased]) destroys the salts of the leaves that named what is gone, and appends a
// leaf that names what is left: digests of erased values can no longer be guessed at, the tree
// stands, and a verification names the erasure.
//
// Tables: audit_leaf, audit_log, audit_tile, audit_head, audit_check. It never deletes a leaf,
// and never holds a personal value.
package audit
