// Package config reads how this process is to run, once, from flags and GEZHI_* variables of
// the environment, into one struct that is handed on. A flag goes before a variable, a
// variable before the default. A misspelt variable is refused, for it would silently mean the
// default. Variables that begin with GEZHI_TEST_ belong to tests and are not looked at.
package config
