// Package protect builds protection against upsets into hardware. In: a design, and a policy that says which
// memories and registers are protected and how. Out: the design with codes, copies, voters, scrubbers and a
// status block in it, what each memory's stored bits mean now, and what all that costs. It must not know how
// the design came about: generators make hardware without protection, and every pass here is rtl to rtl.
//
// Where to look:
//
//	policy.go, read.go      the policy and its file
//	assign.go, control.go   which rule decides about which memory and register
//	watchdog.go, restart.go  a watchdog that begins anew with the next image
package protect
