// Package number knows the numbers by which a country tells people, enterprises, telephones
// and bank cards from one another, and finds them in running text.
//
//   - ID: the citizen identity number of GB 11643-1999, 18 characters with a check
//     character, and its old form of 15 digits;
//   - CreditCode: the unified social credit code of GB 32100-2015;
//   - Phone: the numbering plan of mainland China;
//   - BankCard: ISO/IEC 7812 with the digit of Luhn.
//
// Every reader takes what people write (full-width digits, blanks, hyphens, +86) and
// returns one normal form. Find looks for the same numbers in a text, so that they can be
// lifted out of it before it is stored, indexed or learnt from. It rather finds a number too
// many than leaves a person's number in a text, but a case number, a date, an amount or a
// coordinate is not taken for one.
//
// The words that tell a number's meaning ("mobile", "order no.") lie in cues.json. Pure: no
// clock, no database; a date of birth in the future is for the caller to refuse.
package number
