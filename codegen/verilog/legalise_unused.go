package verilog

import (
	"math/big"
	"slices"
)

const maxUnusedParts = 3 // pieces of one net; a net with more is listed as a whole

// usage says which bits of each net are read, and which memories are.
type usage struct {
	bits map[*net]*big.Int
	mems map[*memory]bool
}

func (u *usage) mark(n *net, lo, w int) {
	b := u.bits[n]
	if b == nil {
		b = new(big.Int)
		u.bits[n] = b
	}
	mask := new(big.Int).Lsh(big.NewInt(1), uint(w))
	mask.Sub(mask, big.NewInt(1)).Lsh(mask, uint(lo))
	b.Or(b, mask)
}

func (u *usage) read(e expr, genvar []int) {
	switch e := e.(type) {
	case ref:
		u.mark(e.net, 0, e.net.width)
	case slice:
		u.mark(e.net, e.lo, e.w)
	case lane:
		for _, v := range genvar {
			u.mark(e.net, e.at.at(v)*e.bits+e.off, e.w)
		}
	case treeRef:
		u.mark(e.net, 0, e.net.width)
	case pick:
		u.mark(e.net, 0, e.net.width)
	case word:
		u.mems[e.mem] = true
	}
	for _, c := range children(e) {
		u.read(c, genvar)
	}
}

// consumeUnused adds, to the module and to each loop, a wire that reads the bits that nothing else
// does, so that linters know they are meant to be left over.
func consumeUnused(m *module) {
	u := &usage{bits: map[*net]*big.Int{}, mems: map[*memory]bool{}}
	visit(m.items, nil, func(target, value expr, genvar []int) {
		u.read(value, genvar)
		if t, ok := target.(word); ok {
			u.read(t.addr, nil)
		}
	})
	var parts []expr
	for _, p := range m.ports {
		if p.kind == input {
			parts = append(parts, u.unread(p)...)
		}
	}
	m.items = slices.DeleteFunc(m.items, func(it item) bool {
		d, ok := it.(decl)
		return ok && d.net.kind == param && u.bits[d.net] == nil
	})
	m.items = u.consume(m.names, m.items, parts)
}

// consume handles the items of one scope; parts are unread bits of it known already.
func (u *usage) consume(names *namer, items []item, parts []expr) []item {
	for i, it := range items {
		switch it := it.(type) {
		case decl:
			if it.net.kind == param {
				continue
			}
			parts = append(parts, u.unread(it.net)...)
		case memDecl:
			if !u.mems[it.mem] {
				parts = append(parts, word{it.mem, zero(addrBits(it.mem))})
			}
		case loop:
			it.body = u.consume(names, it.body, nil)
			items[i] = it
		case branch:
			it.then = u.consume(names, it.then, nil)
			it.otherwise = u.consume(names, it.otherwise, nil)
			items[i] = it
		}
	}
	if parts == nil {
		return items
	}
	return append(items, section{}, unused{name: names.fresh("unused_ok"), parts: parts})
}

// unread lists the bits of n that nothing reads, the whole net where they are scattered.
func (u *usage) unread(n *net) []expr {
	read := u.bits[n]
	if read == nil {
		return []expr{ref{n}}
	}
	var parts []expr
	for lo := 0; lo < n.width; {
		if read.Bit(lo) == 1 {
			lo++
			continue
		}
		hi := lo
		for hi < n.width && read.Bit(hi) == 0 {
			hi++
		}
		parts = append(parts, part(ref{n}, lo, hi-lo))
		lo = hi
	}
	if len(parts) > maxUnusedParts {
		return []expr{ref{n}}
	}
	return parts
}
