// Package worktime adds a limit such as "3 working days" to a moment and explains the sum.
//
// # Words
//
//   - Calendar: when an office is open: hours per weekday, seasons with other hours, public
//     holidays, make-up workdays (调休), days of its own jurisdiction. Always is the calendar
//     of those who never close.
//   - Span: a limit as packs write it, "30m", "4 working hours", "2 months", "same day".
//   - Due: the moment a limit ends, why, and whether a holiday calendar is still missing.
//   - Clock: a start, a limit, its extensions and its pauses.
//   - Mark: a moment told from a due, "80%", "15m after due".
//
// # Rules
//
//   - Minutes and hours are elapsed time. Working minutes and working hours count open time
//     only; the due is the first moment at which all of it has passed.
//   - Days of every kind: the day of the start is not counted (Civil Code of the PRC, art.
//     201), whether the start lies before, in or after office hours or on a day off. So two
//     working days from a Friday, a Saturday or a Sunday all end on Tuesday. The due is the
//     end of business on the last day (art. 203).
//   - Weeks, months and years end on the day with the same number, or on the last day of
//     the month where there is none (art. 202).
//   - A last day that is a day off is replaced by the next working day (art. 203), unless
//     Options.Exact. A limit that counts back ("-7 days", send the papers that long before)
//     is replaced by the working day before, or the notice would be shorter than the rule.
//   - "same day" ends with business on the day of the start; after it, or on a day off, with
//     business on the next working day. "17:30" ends at that time of day, on a day off at
//     that time of the next working day.
//   - On Always everything is elapsed time: a working day is 24 hours, "same day" ends at
//     24:00.
//   - A make-up workday has the hours of a normal weekday.
//   - A pause takes out open time from working hours, elapsed time from hours, and from
//     limits in days each day whose end of business it covers. So no due ever lies inside a
//     pause. Limits that count back know no pause: they hang on a date.
//   - Days of a year whose holidays are not announced count by weekday and by the holidays
//     with a fixed date; a due that asked about such a day is Provisional. So is 29 to 31
//     December until the next year is announced, for that announcement may rearrange them,
//     as those for 2019 and 2023 did.
//
// Times are China Standard Time and whole milliseconds, as the database stores them. All
// of it is arithmetic: the same start, limit and calendar give the same due, so a limit is
// recomputed when a calendar arrives by asking again.
package worktime
