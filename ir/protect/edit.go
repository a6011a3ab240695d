package protect

import (
	"slices"

	"rampart/ir/rtl"
)

// input is an input port of a module, nil where there is none of that name.
func input(m *rtl.Module, name string) *rtl.Node {
	for _, n := range m.Inputs {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// output is an output port of a module, nil where there is none of that name.
func output(m *rtl.Module, name string) *rtl.Output {
	i := slices.IndexFunc(m.Outputs, func(o *rtl.Output) bool { return o.Name == name })
	if i < 0 {
		return nil
	}
	return m.Outputs[i]
}
