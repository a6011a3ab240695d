package verilog

// legalise makes a lowered tree fit to be printed. Passes run in this order: loops are merged before
// usage is counted per loop, and the check comes last.
func legalise(m *module) {
	m.items = mergeLoops(m.items)
	stripCasts(m.items)
	consumeUnused(m)
	checkWidths(m)
}
