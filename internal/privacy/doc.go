// Package privacy keeps personal values from those who need not read them (PIPL, 个人信息保护法,
// articles 6, 47, 51 and 59).
//
// A personal value is sealed (AES-256-GCM) under a data key that belongs to one subject in one
// compartment: erasing what somebody has in one case leaves the same person's other files
// readable, and the other way round. Data keys lie in the database, wrapped by a master key
// that does not: [Masters] are read from a file. Changing the master key wraps the data keys
// anew and touches no sealed value. Erasing destroys a data key; what it sealed is then noise.
//
// Its words: subject (whose it is, "person/ID", "case/ID" of somebody without an account),
// compartment ("case/ID", "contact"), data key, master key, sealed, lookup (the hash by which
// equal values are found), mask.
//
// Tables: master_key, data_key. It has no routes. It never logs a value, and knows nothing of
// cases; who may read what is for those who ask it.
package privacy
