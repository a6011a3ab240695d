package verilator

// Compile builds the sources that lie in a folder, for tests that change them.
var Compile = compile
