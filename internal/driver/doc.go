// Package driver strings the packages together: the list of steps from a model to a build folder, and
// what the commands do with one. In: what a command line says. Out: files, and results as values that
// marshal to JSON. It knows every package below it and nothing of flags or terminals.
package driver
