// Package hw holds the hardware blocks, each written once as ir/rtl, and builds a design from a plan.
// In: stages, streams and foldings. Out: a Design with named memories, and the map of their words to
// tensors. It knows nothing of Verilog, of simulators, or of protection.
//
// Every block follows one discipline. Streams carry beats over valid and ready; both come from
// registers alone, so no combinational path crosses a module. Behind the issue of a window a stage is a
// rigid pipeline without back-pressure: it starts a group of output beats only when its output FIFO
// has room for them. That keeps the wiring local, and makes the schedule in ir/plan exact.
package hw
