package verilog

// children are the operands of e.
func children(e expr) []expr {
	switch e := e.(type) {
	case pick:
		return []expr{e.base}
	case word:
		return []expr{e.addr}
	case unary:
		return []expr{e.x}
	case binary:
		return []expr{e.a, e.b}
	case cond:
		return []expr{e.c, e.a, e.b}
	case concat:
		return e.parts
	case repl:
		return []expr{e.x}
	case cast:
		return []expr{e.x}
	}
	return nil
}

// visitor sees one assignment; target is nil for the pins of instances and for conditions.
type visitor func(target, value expr, genvar []int)

// visit calls f for every assignment and every expression that stands alone below items. In a loop
// genvar holds the values that the loop variable takes there.
func visit(items []item, genvar []int, f visitor) {
	for _, it := range items {
		switch it := it.(type) {
		case decl:
			if it.value != nil {
				f(ref{it.net}, it.value, genvar)
			}
		case assign:
			f(it.target, it.value, genvar)
		case loop:
			visit(it.body, upTo(0, it.count), f)
		case branch:
			visit(it.then, upTo(0, it.bound), f)
			visit(it.otherwise, upTo(it.bound, len(genvar)), f)
		case clocked:
			f(nil, ref{it.clk}, nil)
			visitStmts(it.body, f)
		case instance:
			for _, p := range it.pins {
				if !p.out {
					f(nil, p.value, genvar)
				}
			}
		case unused:
			for _, e := range it.parts {
				f(nil, e, genvar)
			}
		}
	}
}

func visitStmts(body []stmt, f visitor) {
	for _, s := range body {
		switch s := s.(type) {
		case update:
			f(s.target, s.value, nil)
		case ifStmt:
			f(nil, s.c, nil)
			visitStmts(s.then, f)
			visitStmts(s.otherwise, f)
		}
	}
}

func upTo(from, to int) []int {
	var all []int
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}
