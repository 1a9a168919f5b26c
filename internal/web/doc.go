// Package web is the HTTP plumbing: operations with their OpenAPI description, failures as
// problem+json, live events, downloads, and the built faces.
//
// A feature registers its operations with Op (JSON in, JSON out) or Raw (anything else) and
// returns errors; nothing else in the program knows a status code. Every operation asks for a
// known caller unless it says Public. Who the caller is, web does not know: the function in
// Server.Authenticate puts that into the context.
//
// What it never does: echo a value that a client sent, show an unknown error to a client,
// log a query string, or run anything from another site on behalf of a cookie.
//
// The words of every fault code of the product lie in words/zh.json and words/en.json.
package web
