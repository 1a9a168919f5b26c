// Package app is the roof: it builds everything, joins the features, runs and stops it. The
// struct literals here are the wiring, and the command line lives here.
package app
