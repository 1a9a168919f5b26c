// Package intake is the residents' inlet: how somebody with an account or without reports
// something, alone, through a clerk on the telephone or with a helper's hands, and follows
// what becomes of it.
//
// Words: a query code (查询码) is what its holder follows one case with; it stands for the
// reporter on that case and nowhere else. A challenge is a question that people answer more
// easily than programs. A proposal is a guess with its reason, which the person confirms.
//
// Tables: query_code, intake_rate, challenge_spent. Cases, files and values are casework's.
//
// Routes: /intake/… Most are open to everybody; what is open is counted by address.
//
// It never applies a proposal by itself, never keeps a query code or an address in clear,
// never tells a wrong code from an absent case, and knows no pack's class: a class that takes
// what is unsorted says so itself (unsorted), and what a contact is for is said by its field.
package intake
