package float

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"rampart/ir/graph"
)

// Report tells what a pass did. Its lists are nil where there is nothing to tell.
type Report struct {
	Pass       string         `json:"pass"`
	Options    string         `json:"options"`    // the pass as policies write it
	Keeps      Keeps          `json:"keeps"`      // what is as it was
	Parameters int64          `json:"parameters"` // values of all tensors, before
	Touched    int64          `json:"touched"`    // of them, those with another value
	Removed    int64          `json:"removed"`    // of them, those that are gone
	Largest    float64        `json:"largest_relative_change"`
	Tensors    []TensorReport `json:"tensors"` // those that changed, in the network's order
	Figures    []Figure       `json:"figures"` // of the pass's own kind
	Left       []Note         `json:"left_out"`
	Notes      []Note         `json:"notes"`
	Price      *Price         `json:"price,omitempty"` // where there were images
}

// Keeps says how far a rewritten network computes what it did.
type Keeps string

// What a pass keeps.
const (
	Bits     Keeps = "the function, to the bit" // as long as no number leaves the range of floats
	Rounding Keeps = "the function, up to rounding"
	Nearly   Keeps = "the function, nearly" // what it costs must be measured
)

// TensorReport tells what became of one tensor of parameters.
type TensorReport struct {
	Node    string  `json:"node"`
	Tensor  string  `json:"tensor"` // weight, bias, gamma, beta, mean, var
	Values  int     `json:"values"` // before
	Touched int     `json:"touched"`
	Removed int     `json:"removed"`
	Added   int     `json:"added"`                   // a bias that was not there
	Largest float64 `json:"largest_relative_change"` // |new - old| / |old|, over values that were not 0
}

// Figure is a number that a pass tells of itself.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// Note is a remark on a part of the network.
type Note struct {
	At   string `json:"at"` // a node, or "" for the whole network
	What string `json:"what"`
}

func (r *Report) figure(name string, value float64) {
	r.Figures = append(r.Figures, Figure{name, value})
}

func (r *Report) note(at, format string, args ...any) {
	r.Notes = append(r.Notes, Note{at, fmt.Sprintf(format, args...)})
}

// compare fills in what became of every tensor. Nodes keep their names and order in every pass. Tensors that
// were cut are compared in size alone.
func (r *Report) compare(before, after *graph.Graph) {
	if len(before.Nodes) != len(after.Nodes) {
		panic("BUG: float: a pass changed the number of nodes")
	}
	for i, n := range before.Nodes {
		was, now := graph.Parameters(n.Op), graph.Parameters(after.Nodes[i].Op)
		for k := range was {
			t := difference(was[k].Data, now[k].Data)
			t.Node, t.Tensor = n.Name, was[k].Name
			r.Parameters += int64(t.Values)
			r.Touched += int64(t.Touched)
			r.Removed += int64(t.Removed)
			r.Largest = max(r.Largest, t.Largest)
			if t.Touched+t.Removed+t.Added > 0 {
				r.Tensors = append(r.Tensors, t)
			}
		}
	}
}

func difference(was, now []float32) TensorReport {
	t := TensorReport{Values: len(was), Removed: max(0, len(was)-len(now)), Added: max(0, len(now)-len(was))}
	if t.Removed+t.Added > 0 {
		return t
	}
	for i, old := range was {
		if old == now[i] {
			continue
		}
		t.Touched++
		if old != 0 {
			t.Largest = max(t.Largest, math.Abs(float64(now[i])-float64(old))/math.Abs(float64(old)))
		}
	}
	return t
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: keeps %s\n", r.Options, r.Keeps)
	fmt.Fprintf(&b, "%d of %d parameters touched", r.Touched, r.Parameters)
	if r.Removed > 0 {
		fmt.Fprintf(&b, ", %d removed", r.Removed)
	}
	if r.Touched > 0 {
		fmt.Fprintf(&b, "; largest relative change %.3g %%", 100*r.Largest)
	}
	b.WriteString("\n")
	for _, f := range r.Figures {
		fmt.Fprintf(&b, "%s: %.6g\n", f.Name, f.Value)
	}
	if p := r.Price; p != nil {
		b.WriteString(p.String() + "\n")
	}
	r.tensors(&b)
	for _, list := range []struct {
		title string
		notes []Note
	}{{"left out", r.Left}, {"note", r.Notes}} {
		for _, n := range list.notes {
			fmt.Fprintf(&b, "%s: %s\n", list.title, strings.TrimPrefix(n.At+": "+n.What, ": "))
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("printing the report of %s: %w", r.Pass, err)
	}
	return nil
}

// tensors writes a table of the tensors that changed.
func (r *Report) tensors(b *strings.Builder) {
	if len(r.Tensors) == 0 {
		return
	}
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "tensor\tvalues\ttouched\tremoved\tadded\tchange %%\t\n")
	for _, x := range r.Tensors {
		fmt.Fprintf(t, "%s.%s\t%d\t%d\t%d\t%d\t%.3g\t\n", x.Node, x.Tensor, x.Values, x.Touched, x.Removed, x.Added, 100*x.Largest)
	}
	t.Flush() // a strings.Builder takes all
}
