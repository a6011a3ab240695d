package float

// chains lists the patches of a node's parameters by output channel, so that many take no longer than one each.
type chains struct {
	struck      []int // channels, in the order of their first patch
	first, last []int // per channel: place in the list of patches plus 1, 0 for none
	next        []int // per patch: the same of the channel's next
}

// parametric is an operator that has parameters.
type parametric interface {
	// owner is the one channel of the output that the patch of a parameter hurts.
	owner(p *Patch) int
}

// sort takes the patches of a node with so many channels.
func (l *chains) sort(op operator, ps []Patch, channels int) {
	for _, c := range l.struck {
		l.first[c] = 0
	}
	l.struck = l.struck[:0]
	if len(l.first) < channels {
		l.first, l.last = make([]int, channels), make([]int, channels)
	}
	l.next = grow(l.next, len(ps))
	for i := range ps {
		l.next[i] = 0
		if ps[i].Tensor == Output {
			continue
		}
		c := op.(parametric).owner(&ps[i])
		if l.first[c] == 0 {
			l.first[c] = i + 1
			l.struck = append(l.struck, c)
		} else {
			l.next[l.last[c]-1] = i + 1
		}
		l.last[c] = i + 1
	}
}

// has tells whether a parameter of the channel is struck.
func (l *chains) has(c int) bool { return l.first[c] != 0 }

// list adds the channel's patches, of those that were sorted, to a list.
func (l *chains) list(c int, ps, to []Patch) []Patch {
	for i := l.first[c]; i != 0; i = l.next[i-1] {
		to = append(to, ps[i-1])
	}
	return to
}
