package driver

import (
	"rampart/internal/diag"
	"rampart/ir/protect"
	"rampart/sim"
)

// Flags reads what the ports of a protected build show, of sim.Trace.Final: that anything was wrong, and that
// something was that could not be corrected.
func (b *Build) Flags(final [][]byte) (wrong, fatal bool, err error) {
	top := b.HW.Design.Top
	ports, err := sim.Ports(top)
	if err != nil {
		return false, false, err
	}
	for i, p := range ports.Alone() {
		switch top.Outputs[p].Name {
		case protect.ErrorPort:
			wrong = final[i][0] != 0
		case protect.FatalPort:
			fatal = final[i][0] != 0
		}
	}
	return wrong, fatal, nil
}

// calm refuses a run without a fault in which a guard raised an alarm, which would drown all others.
func (b *Build) calm(final [][]byte) error {
	wrong, _, err := b.Flags(final)
	if err == nil && wrong {
		err = diag.Problem{At: "images", What: "the protection raises an alarm without a fault", Remedy: "give the network's guards wider bounds, or use other images"}
	}
	return err
}
