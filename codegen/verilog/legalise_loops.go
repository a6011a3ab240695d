package verilog

// mergeLoops joins generate loops of the same count that follow one another. Declarations in between
// move before the loop that uses them.
func mergeLoops(items []item) []item {
	var out []item
	open := -1 // index in out of a loop that the next one may join
	for _, it := range items {
		switch it := it.(type) {
		case loop:
			if open >= 0 && mergeable(out[open].(loop), it) {
				first := out[open].(loop)
				first.body = append(first.body, it.body...)
				declared := append([]item{}, out[open+1:]...)
				out = append(append(out[:open], declared...), first)
				open = len(out) - 1
				continue
			}
			out = append(out, it)
			open = len(out) - 1
			continue
		case decl:
			if it.value != nil || it.net.doc != "" {
				open = -1
			}
		default:
			open = -1
		}
		out = append(out, it)
	}
	return out
}

func mergeable(a, b loop) bool { return a.count == b.count && !hasBranch(a) && !hasBranch(b) }

func hasBranch(l loop) bool {
	for _, it := range l.body {
		if _, ok := it.(branch); ok {
			return true
		}
	}
	return false
}
