package verilog

import (
	"math/big"

	"rampart/ir/rtl"
)

// module is the syntax tree of one file.
type module struct {
	name   string
	header []string // comment lines
	keep   bool     // hierarchy is kept
	ports  []*net
	items  []item
	names  *namer
}

// net is anything with a name and bits.
type net struct {
	name   string
	kind   netKind
	width  int
	signed bool
	doc    string
}

type netKind uint8

const (
	wire netKind = iota
	reg
	param // a localparam
	input
	output
)

// memory is an array of words.
type memory struct {
	word  *net // name, width and sign of the memory
	depth int
}

// expr is an expression. Width and sign are those that the language's rules give it standing alone;
// operands are always built so that the context changes neither.
type expr interface {
	width() int
	isSigned() bool
}

type (
	// ref is a whole net.
	ref struct{ net *net }
	// slice is net[lo+w-1:lo].
	slice struct {
		net   *net
		lo, w int
	}
	// lane is w bits from bit at*bits+off on, at being an index over lanes of that many bits.
	lane struct {
		net          *net
		at           index
		bits, off, w int
	}
	// treeRef is label[at].net, a net inside an iteration of a generate loop.
	treeRef struct {
		label string
		at    index
		net   *net
	}
	// pick is net[base +: w] with a computed base.
	pick struct {
		net  *net
		base expr
		w    int
	}
	// word is mem[addr].
	word struct {
		mem  *memory
		addr expr
	}
	// lit is a literal: v is its bits as a non-negative number.
	lit struct {
		w      int
		v      *big.Int
		signed bool
	}
	// unary is op x, where op is ~, ! or a reduction.
	unary struct {
		op string
		x  expr
	}
	// binary is a op b.
	binary struct {
		op   string
		a, b expr
	}
	// cond is c ? a : b.
	cond struct{ c, a, b expr }
	// concat is {parts}, highest bits first.
	concat struct{ parts []expr }
	// repl is {n{x}}.
	repl struct {
		n int
		x expr
	}
	// cast is $signed(x) or $unsigned(x).
	cast struct {
		signed bool
		x      expr
	}
)

func (e ref) width() int     { return e.net.width }
func (e slice) width() int   { return e.w }
func (e lane) width() int    { return e.w }
func (e treeRef) width() int { return e.net.width }
func (e pick) width() int    { return e.w }
func (e word) width() int    { return e.mem.word.width }
func (e lit) width() int     { return e.w }
func (e cond) width() int    { return e.a.width() }
func (e repl) width() int    { return e.n * e.x.width() }
func (e cast) width() int    { return e.x.width() }

func (e unary) width() int {
	if e.op == "~" {
		return e.x.width()
	}
	return 1
}

func (e binary) width() int {
	if binaryOps[e.op].oneBit {
		return 1
	}
	return e.a.width()
}

func (e concat) width() int {
	w := 0
	for _, p := range e.parts {
		w += p.width()
	}
	return w
}

func (e ref) isSigned() bool     { return e.net.signed }
func (e slice) isSigned() bool   { return false }
func (e lane) isSigned() bool    { return false }
func (e treeRef) isSigned() bool { return e.net.signed }
func (e pick) isSigned() bool    { return false }
func (e word) isSigned() bool    { return e.mem.word.signed }
func (e lit) isSigned() bool     { return e.signed }
func (e unary) isSigned() bool   { return e.op == "~" && e.x.isSigned() }
func (e cond) isSigned() bool    { return e.a.isSigned() && e.b.isSigned() }
func (e concat) isSigned() bool  { return false }
func (e repl) isSigned() bool    { return false }
func (e cast) isSigned() bool    { return e.signed }

func (e binary) isSigned() bool {
	info := binaryOps[e.op]
	return !info.oneBit && e.a.isSigned() && (info.shift || e.b.isSigned())
}

// binaryInfo is what the passes must know of an operator.
type binaryInfo struct {
	oneBit bool // the result is one bit
	shift  bool // the right operand's width is its own affair
	chain  bool // a op b op c needs no parentheses
}

var binaryOps = map[string]binaryInfo{
	"+": {chain: true}, "-": {}, "*": {chain: true},
	"&": {chain: true}, "|": {chain: true}, "^": {chain: true},
	"&&": {oneBit: true, chain: true}, "||": {oneBit: true, chain: true},
	"==": {oneBit: true}, "!=": {oneBit: true},
	"<": {oneBit: true}, ">": {oneBit: true}, ">=": {oneBit: true}, "<=": {oneBit: true},
	"<<": {shift: true}, ">>": {shift: true}, ">>>": {shift: true},
}

// item is part of a module or of a generate loop.
type item interface{ isItem() }

type (
	// section separates groups of items.
	section struct{}
	// decl declares a net; value, where given, drives a wire or defines a localparam.
	decl struct {
		net   *net
		value expr
	}
	// assign drives a net or a lane of it.
	assign struct{ target, value expr }
	// loop is a generate loop from 0 to count-1.
	loop struct {
		label, genvar string
		count         int
		body          []item
	}
	// branch is, within a loop, if (genvar < bound) then else otherwise, with labels.
	branch struct {
		genvar          string
		bound           int
		thenLabel       string
		then, otherwise []item
		elseLabel       string
	}
	// memDecl declares a memory and its contents: a file, or zero.
	memDecl struct {
		mem     *memory
		doc     string
		file    string
		counter string // name of the integer for zeroing
	}
	// clocked is an always @(posedge clk) block.
	clocked struct {
		clk  *net
		body []stmt
	}
	// instance is a use of another module.
	instance struct {
		module, name, doc string
		pins              []pin
	}
	pin struct {
		port  string
		value expr
		out   bool // the instance drives value
	}
	// unused consumes bits that nobody reads.
	unused struct {
		name  string
		parts []expr
	}
)

func (section) isItem()  {}
func (decl) isItem()     {}
func (assign) isItem()   {}
func (loop) isItem()     {}
func (branch) isItem()   {}
func (memDecl) isItem()  {}
func (clocked) isItem()  {}
func (instance) isItem() {}
func (unused) isItem()   {}

// stmt is a statement of a clocked block.
type stmt interface{ isStmt() }

type (
	// ifStmt is if (c) then else otherwise.
	ifStmt struct {
		c               expr
		then, otherwise []stmt
	}
	// update is target <= value.
	update struct{ target, value expr }
)

func (ifStmt) isStmt() {}
func (update) isStmt() {}

// newNet is a net that holds values of type t packed.
func newNet(name string, kind netKind, t rtl.Type) *net {
	return &net{name: name, kind: kind, width: t.Width(), signed: t.Signed && t.Lanes == 1 && t.Bits > 1}
}
