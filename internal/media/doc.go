// Package media looks into files that people hand in: what they are by their content, whatever
// they call themselves, and whether they lie about it. Of a picture it reads where and when it
// was taken, and makes the copy that others are shown: turned as it was held, without anything
// that was written beside its pixels. Of a sound it blanks what was written beside it.
//
// Its words: kind (picture, sound, film, document), facts, hint (place and time as the camera
// wrote them: a hint, never a proof), copy, thumb, look (by which nearly equal pictures are
// found).
//
// It never decodes a picture before it knows how much memory that takes, and never trusts a name.
package media
