// Package classify proposes the class of a text, and says which words decided.
//
// It learns from texts whose class people have settled ([Train]): single letters and pairs of
// neighbouring letters of Chinese, whole words of languages with spaces, weighed by how rare
// they are. Ridge regression in the dual finds one weight for each of them and each class, so
// that a guess is a sum that can be shown. Texts without a class help as well: two words that
// appear in the same texts count as related, though only one of them was ever seen with a class.
//
// A probability is honest: it comes from how the model judges each text that it learnt from
// when that one is left out ([Model.Sure] is the probability from which such guesses are right
// as often as [SureEnough] asks). A guess below it is never filled in for anybody.
//
// # What it never does
//
// Nothing personal is learnt. Numbers of people, telephones and cards go first (package
// number), then names as far as they can be told, then all digits; a word that fewer than
// [fewestTexts] texts hold is not learnt at all, and no word is longer than two Chinese letters.
// It never decides: whoever asks shows the guess and somebody confirms it.
//
// Pure: no clock, no database, no chance; the same texts give the same model.
package classify
