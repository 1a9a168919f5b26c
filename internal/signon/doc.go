// Package signon lets people log in through outside OpenID Connect providers (OpenID Connect Core
// 1.0, authorization code flow with PKCE of RFC 7636).
//
// A provider says who somebody is; who that is here, a claim of its token tells: the login of a
// person who is there already. From then on the provider's own subject counts, so that a name
// that changes hands brings nobody in. Nobody is made unless the provider's file says so.
//
// Tables: outside_identity, outside_login. Routes: below /session/outside, and POST /session/leave.
// Of the routes, the two that the provider speaks to are a foreign format and stand beside the
// described operations: GET callback, and POST logout (Back-Channel Logout 1.0).
//
// It never keeps a token of a provider, never follows an address that a request names, and
// believes nothing that a provider has not signed for us, just now, for this browser.
package signon
