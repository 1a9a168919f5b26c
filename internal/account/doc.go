// Package account knows people, the posts they hold, their sessions, and from these two answers:
// who is asking, and where may they look.
//
// A person holds posts: a role that a pack names, in a unit, over an area, for some time.
// A post may be acted in by a colleague while its holder is away (a delegation, recorded).
// Posts change; what was done under one keeps its id.
//
// Where somebody may look is a [Scope]: a short list of branches (own involvement, a post's, a
// unit's, an area with all below). The check of one case and the SQL of a list are both made
// of that list, so they cannot disagree.
//
// Contacts are the telephone and mail at which a person is told something; they are shown to the
// person, to a clerk who is to telephone, and to nobody else.
//
// Tables: jurisdiction, person, post, delegation, session, session_tie, invitation, device,
// login_attempt, contact.
// Routes: POST and DELETE /session, GET /me, GET and PUT /me/contacts.
//
// It never knows what a role may do (packs say), keeps no password and no token in clear, tells
// nobody whether a login exists, and gives nobody rights in a second jurisdiction.
package account
