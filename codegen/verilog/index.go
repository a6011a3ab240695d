package verilog

import (
	"fmt"
	"strings"
)

// index is a lane number: a constant, or arithmetic on the genvar of the loop around it.
type index struct {
	genvar string // "" for a constant
	k      int    // the constant
	steps  string // canonical key of ops, so that indexes compare with ==
}

// step is one operation of an index, applied in order.
type step struct {
	op byte // + * /
	k  int
}

func constant(k int) index      { return index{k: k} }
func loopVar(v string) index    { return index{genvar: v} }
func (x index) isConst() bool   { return x.genvar == "" }
func (x index) add(k int) index { return x.then(step{'+', k}) }
func (x index) mul(k int) index { return x.then(step{'*', k}) }
func (x index) div(k int) index { return x.then(step{'/', k}) }

// ops decodes the steps.
func (x index) ops() []step {
	var all []step
	for _, f := range strings.Fields(x.steps) {
		var s step
		if _, err := fmt.Sscanf(f, "%c%d", &s.op, &s.k); err != nil {
			panic("BUG: verilog: index step " + f)
		}
		all = append(all, s)
	}
	return all
}

func (s step) apply(i int) int {
	switch s.op {
	case '+':
		return i + s.k
	case '*':
		return i * s.k
	default:
		return i / s.k
	}
}

// then appends a step, merging additions and dropping what changes nothing.
func (x index) then(s step) index {
	if x.isConst() {
		return constant(s.apply(x.k))
	}
	all := append(x.ops(), s)
	if n := len(all); n > 1 && s.op == '+' && all[n-2].op == '+' {
		all = append(all[:n-2], step{'+', all[n-2].k + s.k})
	}
	x.steps = ""
	for _, s := range all {
		if s.k == 0 && s.op == '+' || s.k == 1 && s.op != '+' {
			continue
		}
		x.steps += fmt.Sprintf("%c%d ", s.op, s.k)
	}
	return x
}

// at is the index where the genvar is i.
func (x index) at(i int) int {
	if x.isConst() {
		return x.k
	}
	for _, s := range x.ops() {
		i = s.apply(i)
	}
	return i
}

func (x index) String() string {
	if x.isConst() {
		return fmt.Sprint(x.k)
	}
	text, last := x.genvar, byte(0)
	for _, s := range x.ops() {
		switch {
		case s.op == '+' && s.k < 0:
			text += fmt.Sprintf(" - %d", -s.k)
		case s.op == '+':
			text += fmt.Sprintf(" + %d", s.k)
		case last != 0:
			text = fmt.Sprintf("(%s)%c%d", text, s.op, s.k)
		default:
			text += fmt.Sprintf("%c%d", s.op, s.k)
		}
		last = s.op
	}
	return text
}
