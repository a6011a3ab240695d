package rtl

import "fmt"

// rule tells what is wrong with the types of a node, or "". Operand and immediate counts are right
// when it is called.
type rule func(n *Node) string

// opRules holds, per operation, what holds beyond opTable: the types of operands and result.
// Elementwise operations have their lanes checked by elementwise already.
var opRules = [opCount][]rule{
	OpConst:   {constFits},
	OpShl:     {amountUnsigned},
	OpShr:     {amountUnsigned},
	OpEq:      {resultBit},
	OpLt:      {resultBit},
	OpMux:     {selectorBit},
	OpSum:     {resultScalar},
	OpParity:  {resultBit, resultScalar},
	OpStretch: {stretched, sameElement},
	OpLanes:   {lanesInRange, sameElement},
	OpJoin:    {joined, sameElement},
	OpSelect:  {selected},
	OpBitcast: {sameWidth},
	OpSlice:   {bitsInRange},
	OpPack:    {packed},
}

func opProblems(n *Node) []string {
	info := n.Op.Info()
	if why := counts(n, info); why != "" {
		return []string{why}
	}
	rules := opRules[n.Op]
	if info.Lanes {
		rules = append([]rule{elementwise}, rules...)
	}
	var found []string
	for _, r := range rules {
		if why := r(n); why != "" {
			found = append(found, why)
		}
	}
	return found
}

func counts(n *Node, info OpInfo) string {
	imms := info.Imms
	if imms < 0 {
		imms = n.Type.Lanes
	}
	switch {
	case info.Args >= 0 && len(n.Args) != info.Args:
		return fmt.Sprintf("%d operands, not %d", len(n.Args), info.Args)
	case info.Args < 0 && len(n.Args) == 0:
		return "no operand"
	case len(n.Imms) != imms:
		return fmt.Sprintf("%d immediates, not %d", len(n.Imms), imms)
	}
	return ""
}

func elementwise(n *Node) string {
	for k, a := range n.Args {
		if a.Type.Lanes != 1 && a.Type.Lanes != n.Type.Lanes {
			return fmt.Sprintf("operand %d is %s: neither one lane nor the %d of the result", k, a.Type, n.Type.Lanes)
		}
	}
	return ""
}

func constFits(n *Node) string {
	for _, v := range n.Imms {
		if n.Type.Wrap(v) != v {
			return fmt.Sprintf("%d is no value of %s", v, n.Type.Elem())
		}
	}
	return ""
}

func amountUnsigned(n *Node) string {
	if t := n.Args[1].Type; t.Signed {
		return fmt.Sprintf("the shift amount is %s, not unsigned", t)
	}
	return ""
}

func resultBit(n *Node) string {
	if n.Type.Elem() != U(1) {
		return fmt.Sprintf("the result is %s, not u1 per lane", n.Type)
	}
	return ""
}

func selectorBit(n *Node) string {
	if t := n.Args[0].Type; t.Elem() != U(1) {
		return fmt.Sprintf("the selector is %s, not u1", t)
	}
	return ""
}

func resultScalar(n *Node) string {
	if n.Type.Lanes != 1 {
		return fmt.Sprintf("the result is %s, not one lane", n.Type)
	}
	return ""
}

func sameElement(n *Node) string {
	for k, a := range n.Args {
		if a.Type.Elem() != n.Type.Elem() {
			return fmt.Sprintf("operand %d has lanes of %s, the result of %s", k, a.Type.Elem(), n.Type.Elem())
		}
	}
	return ""
}

func stretched(n *Node) string {
	if k, from := n.Imms[0], n.Args[0].Type.Lanes; k < 1 || k > int64(n.Type.Lanes) || int(k)*from != n.Type.Lanes {
		return fmt.Sprintf("%d lanes, each %d times, are not %d lanes", from, k, n.Type.Lanes)
	}
	return ""
}

func lanesInRange(n *Node) string {
	lo, have := n.Imms[0], int64(n.Args[0].Type.Lanes)
	if lo < 0 || lo > have-int64(n.Type.Lanes) {
		return fmt.Sprintf("lanes %d to %d of %d", lo, lo+int64(n.Type.Lanes)-1, have)
	}
	return ""
}

func joined(n *Node) string {
	total := 0
	for _, a := range n.Args {
		total += a.Type.Lanes
	}
	if total != n.Type.Lanes {
		return fmt.Sprintf("the operands have %d lanes together, the result %d", total, n.Type.Lanes)
	}
	return ""
}

func selected(n *Node) string {
	from, index := n.Args[0].Type, n.Args[1].Type
	switch {
	case from.Elem() != n.Type.Elem():
		return fmt.Sprintf("lanes of %s cannot give lanes of %s", from.Elem(), n.Type.Elem())
	case from.Lanes%n.Type.Lanes != 0:
		return fmt.Sprintf("groups of %d lanes do not divide %d lanes", n.Type.Lanes, from.Lanes)
	case index.Signed || index.Lanes != 1:
		return fmt.Sprintf("the index is %s, not an unsigned scalar", index)
	}
	return ""
}

func sameWidth(n *Node) string {
	if from := n.Args[0].Type; from.Width() != n.Type.Width() {
		return fmt.Sprintf("%d bits cannot be read as %d", from.Width(), n.Type.Width())
	}
	return ""
}

func bitsInRange(n *Node) string {
	lo, have := n.Imms[0], int64(n.Args[0].Type.Width())
	if lo < 0 || lo > have-int64(n.Type.Width()) {
		return fmt.Sprintf("bits %d to %d of %d", lo, lo+int64(n.Type.Width())-1, have)
	}
	return ""
}

func packed(n *Node) string {
	total := 0
	for _, a := range n.Args {
		total += a.Type.Width()
	}
	if total != n.Type.Width() {
		return fmt.Sprintf("the operands have %d bits together, the result %d", total, n.Type.Width())
	}
	return ""
}
