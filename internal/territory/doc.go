// Package territory knows which places there are, how they lie in one another, where their
// borders run and since when.
//
// # Words
//
// An area is a node of one tree: province, city, county, township, village (or community),
// grid, micro-grid. It has a name, codes of several schemes (never keys), dates, and at any
// moment at most one boundary. A unit is an office, station, committee or company that can be
// responsible for something. Who holds which post in an area belongs to package account.
//
// # Tables
//
// area, area_code, area_successor, boundary, unit, territory_edition (migration 00010), territory_sketch (00346).
// Nothing is deleted: areas, codes, boundaries and units end on a date.
//
// # Reading
//
// [Service.Tree] returns an immutable picture of what stands today, kept in memory and
// renewed when anything changed or a date has come; [Service.At] draws that of another date.
// Whoever asks many questions asks them of one [Tree].
//
// # Writing
//
// Imports (divisions, boundaries, grids, staff) check everything first: one bad row refuses the
// file, a dry run reports every bad row with line and reason. Running an import again changes
// nothing. Whether somebody may import is the caller's question.
//
// # Never
//
// It never chooses a place by its name (names repeat: [Tree.Match] proposes, a person
// chooses), never a coordinate system, and never
// decides who handles something.
package territory
