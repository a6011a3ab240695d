package protect

import (
	"slices"
	"strings"
)

// Ports of the top module, one bit wide and of no stream, that are 1 once anything was wrong, and once something was
// wrong that could not be corrected.
const (
	ErrorPort = errorPort
	FatalPort = fatalPort
)

// Delay is how many cycles after one in which a memory of that path is read the error and fatal ports show what its
// decoder found: one for the read port, one for each module on the way up, one for the port's own register.
func Delay(path string) int64 { return 2 + int64(strings.Count(path, ".")) }

// Tail is how many cycles a run goes on after its last beat for all that was found until then to show; 0 without
// protection.
func (p *Protected) Tail() int64 {
	if p == nil {
		return 0
	}
	most := int64(0)
	for _, s := range p.Design.States() {
		most = max(most, Delay(s.Path))
	}
	return most + 2
}

// CopyNumber is 1 for the second and 2 for the third copy of a memory, by the paths of both.
func CopyNumber(path, of string) int {
	return 1 + slices.IndexFunc(copyNames[:], func(name string) bool { return strings.HasPrefix(path, of+name+".") })
}

// Alarms tells whether stages have guards of their arithmetic, which raise a fault where numbers do not add up.
func (p *Protected) Alarms() bool {
	for _, m := range p.Design.Modules {
		for _, i := range m.Insts {
			if output(i.Of, "fault") != nil {
				return true
			}
		}
	}
	return false
}
