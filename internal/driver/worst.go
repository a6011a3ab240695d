package driver

import (
	"image/color"
	"sort"
)

// highlight is the colour of changed pixels.
var highlight = color.RGBA{R: 255, G: 40, B: 200, A: 255}

// worst gives the indices of at most n outcomes that changed pixels, most first.
func worst(outcomes []Outcome, n int) []int {
	var idx []int
	for i, o := range outcomes {
		if o.Changed > 0 {
			idx = append(idx, i)
		}
	}
	sort.SliceStable(idx, func(a, b int) bool { return outcomes[idx[a]].Changed > outcomes[idx[b]].Changed })
	return idx[:min(n, len(idx))]
}
