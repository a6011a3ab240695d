package graph

import "slices"

// Parameter is one tensor of an operator's parameters, as the operator holds it.
type Parameter struct {
	Name     string // weight, bias, gamma, beta, mean, var
	Data     []float32
	Measured bool // training measured it and did not learn it
}

// Parameters lists an operator's parameters in the order of its text form; absent ones have no data.
func Parameters(op Op) []Parameter {
	var all []Parameter
	for _, f := range fieldsOf(op) {
		if f.data != nil {
			all = append(all, Parameter{f.name, *f.data, f.measured})
		}
	}
	return all
}

// Own gives every operator parameters of its own, so that they can be changed in place: an importer may have
// given one slice to several operators.
func (g *Graph) Own() {
	for _, n := range g.Nodes {
		for _, f := range fieldsOf(n.Op) {
			if f.data != nil {
				*f.data = slices.Clone(*f.data)
			}
		}
	}
}
