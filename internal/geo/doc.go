// Package geo knows polygons: which one a point falls in, whether a drawing is sound, how
// large it is, and in which coordinate system it was given.
//
// Everything inside the product is WGS-84 longitude and latitude in degrees. CGCS2000 agrees
// with it within centimetres and is taken as equal; GCJ-02, the shifted system of Chinese web
// maps, is converted at the edge and the label of what was given is kept by the caller.
//
// Points on a shared border belong to exactly one polygon, always the same: the one whose key
// sorts first. A point in a crack between two polygons belongs to the nearest within a metre.
//
// The package is pure: no database, no clock, no words for people. Shapes are orb values, so
// that other packages may use that library's encoders.
package geo
