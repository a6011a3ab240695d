package protect

import "rampart/ir/rtl"

// Ports by which modules tell the one above how many events there were in the cycle before last: of errors that
// were corrected, and of those that were only detected.
const (
	correctedPort = "errors_corrected"
	detectedPort  = "errors_detected"
)

// faultPort is the output by which a stage tells that its arithmetic went wrong: a checksum that does not add up,
// copies that differ, a number out of bounds.
const faultPort = "fault"

// counts is numbers of events of a cycle, as nodes of one module.
type counts struct{ corrected, detected []*rtl.Node }

// correct notes events that are corrected: a number.
func (c *counts) correct(n *rtl.Node) { c.corrected = append(c.corrected, n) }

// detect notes events that are only detected: a number.
func (c *counts) detect(n *rtl.Node) { c.detected = append(c.detected, n) }

// below notes what instances count.
func (c *counts) below(m *rtl.Module) {
	for _, i := range m.Insts {
		for k, o := range i.Of.Outputs {
			switch o.Name {
			case correctedPort:
				c.correct(i.Out[k])
			case detectedPort, faultPort:
				c.detect(i.Out[k])
			}
		}
	}
}

// publish adds all up into registers, which become ports.
func (c *counts) publish(m *rtl.Module) {
	for _, p := range []struct {
		port string
		all  []*rtl.Node
	}{{correctedPort, c.corrected}, {detectedPort, c.detected}} {
		if len(p.all) > 0 {
			m.Out(p.port, m.Delay(p.port+"_now", total(p.all)))
		}
	}
}

// total is the sum of numbers, as a balanced tree.
func total(all []*rtl.Node) *rtl.Node {
	if len(all) == 1 {
		return all[0]
	}
	half := len(all) / 2
	return total(all[:half]).Add(total(all[half:]))
}
