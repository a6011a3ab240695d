package protect

import "rampart/ir/rtl"

// Ports of the top module that tell what the protection saw. They are no streams.
const (
	errorPort   = "error"          // 1 once anything was wrong, until cleared
	fatalPort   = "fatal"          // 1 once something was wrong that could not be corrected, until cleared
	addressPort = "status_address" // the counter that status_data shows a cycle later
	dataPort    = "status_data"
	clearPort   = "status_clear" // 1 clears all counters, error and fatal
)

// The counters, by address. They stop at their greatest value.
const (
	correctedCounter = iota
	detectedCounter
	droppedCounter // images that were begun and are lost
	counters
)

// counterBits is the width of a counter.
const counterBits = 32

// addStatus gives the top module counters of events, and ports to read and clear them.
func addStatus(m *rtl.Module, c *counts, dog *watched) {
	address, clear := m.In(addressPort, rtl.U(2)), m.In(clearPort, rtl.U(1))
	dropped := m.Const(rtl.U(1), 0)
	var lost *rtl.Node
	if dog != nil {
		dropped, lost = dog.tripped.Mux(dog.dropped, m.Const(dog.dropped.Type, 0)), dog.tripped
	}
	var shown []*rtl.Node
	var wrong [counters]*rtl.Node
	for i, all := range [counters][]*rtl.Node{c.corrected, c.detected, {dropped}} {
		name := [counters]string{"status_corrected", "status_detected", "status_dropped"}[i]
		count := m.Reg(name, rtl.U(counterBits), 0)
		shown = append(shown, count.Q)
		events := m.Const(rtl.U(1), 0)
		if len(all) > 0 {
			events = total(all)
		}
		wrong[i] = events.EqI(0).Not()
		count.SetIf(wrong[i].Or(clear), clear.MuxI(0, count.Q).Add(events).Sat(count.Q.Type))
	}
	fatal := m.Any(wrong[detectedCounter], lost)
	for _, flag := range []struct {
		port string
		when *rtl.Node
	}{{errorPort, m.Any(fatal, wrong[correctedCounter])}, {fatalPort, fatal}} {
		r := m.Reg("status_"+flag.port, rtl.U(1), 0)
		r.SetIf(flag.when.Or(clear), flag.when)
		m.Out(flag.port, r.Q)
	}
	m.Out(dataPort, m.Delay("status_shown", m.Join(shown...).Select(address, 1)))
}
