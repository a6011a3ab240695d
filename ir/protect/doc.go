// Package protect builds protection against upsets into hardware. In: a design, and a policy that says which
// memories and registers are protected and how. Out: the design with codes, copies, voters, a watchdog and a
// status block in it, what each memory's stored bits mean now, and what all that costs. It must not know how
// the design came about: generators make hardware without protection, and every pass here is rtl to rtl.
//
// Where to look:
//
//	policy.go, read.go       the policy and its file
//	assign.go, control.go    which rule decides about which memory and register
//	apply.go, variants.go    the whole, and modules that instances need in several variants
//	memory.go, tmr.go        codes in memories; memories and registers in three copies
//	events.go, status.go     how errors that are seen reach the counters at the top
//	watchdog.go, restart.go  a watchdog that begins anew with the next image
//	cost.go                  what it costs
//
// Passes on the float network are in package float, those on the integer network in package network, the codes in
// package code.
package protect
