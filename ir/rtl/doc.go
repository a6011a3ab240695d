// Package rtl is a small register-transfer IR: modules of streams, registers and memories, some 25
// operations on vectors of integers. In: hardware blocks written with the builder, or the text form
// (Parse). Out: the Design that every backend reads: the interpreter, generated Go, Verilog, the list
// of fault sites. It must not know networks, tensors beyond their names, or any target.
//
// Where to look:
//
//	types.go, ops.go     values and operations; the comment on Op is the meaning of each
//	module.go            modules, registers, memories, instances; their clocked meaning
//	build.go             the builder: modules; expr.go, bits.go: nodes
//	edit.go              what passes change modules with
//	check.go, check_*.go Check: what makes a design legal
//	print.go, parse*.go  the text form
//	prune.go             a pass: drop nodes that nothing uses
//	sites.go, pack.go    state, fault sites, packed values
//
// A new operation is one row of opTable, one of opRules, and one per engine; the tests of each fail
// until it is there.
package rtl
