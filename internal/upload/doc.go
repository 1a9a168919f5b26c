// Package upload takes in files that are too large to be sent at once over a bad connection:
// what was cut goes on where it stopped, also after the program was started anew (tus 1.0.0,
// with creation, termination and expiration). When all of it is there it becomes a file like any
// other (casework.Service.Upload looks into it), of who sent it. Who reports without an account sends under the key of the report, which alone
// finds the upload again.
//
// Table: upload. Routes: /uploads, /intake/uploads. The bytes that came so far lie in a folder of the data folder,
// which all processes share.
//
// It never gives anybody but its sender an upload, and never keeps one that was not finished for
// longer than two days.
package upload
