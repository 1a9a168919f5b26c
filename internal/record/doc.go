// Package record is what merely is: households, firms, deputies, service items, each with
// dated revisions.
//
// A pack in force declares kinds of records ([Kind]): fields, the identity key, relations.
// A record has no steps. It is changed by an import ([Service.Import], or [Service.Plant]
// for drafts that came otherwise) or by an act that has the right to ([Service.Put],
// [Service.EndOne], [Service.Relate]), never edited in place, and ended instead of deleted.
//
// # Days
//
// A revision says what holds from a day to a day, or that nothing does (gone). Where two
// speak of one day, the one recorded last counts; the earlier one stays, so that what was
// believed at opening a case can still be read. [Course] is what holds when, all told.
// Reads name their day.
//
// # Who may look
//
// Those whose area a record lies in, and the people and units it names ([Visible]); of a
// public kind everybody in the jurisdiction. To all others there is no such record.
// Personal values are masked.
//
// # Who hears
//
// [Service.OnChange] hears in the import's transaction which records were created, revised
// or ended, and from which day.
//
// Tables: record, revision, relation, record_subject. Routes: /record-kinds, /records,
// /records/{id}. It knows nothing of cases.
package record
