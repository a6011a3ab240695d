package float

import (
	"fmt"
	"slices"
	"strings"
)

// channels collects remarks on channels of nodes, to be told together where they are alike.
type channels struct {
	order []Note
	of    map[Note][]int
}

func (c *channels) add(at, what string, channel int) {
	if c.of == nil {
		c.of = map[Note][]int{}
	}
	n := Note{at, what}
	if c.of[n] == nil {
		c.order = append(c.order, n)
	}
	c.of[n] = append(c.of[n], channel)
}

// notes are the remarks, each with its channels in front: "channels 0-3, 7: WHAT".
func (c *channels) notes() []Note {
	var all []Note
	for _, n := range c.order {
		list := slices.Compact(slices.Sorted(slices.Values(c.of[n])))
		all = append(all, Note{n.At, ranges(list) + ": " + n.What})
	}
	return all
}

// ranges is "channel 3" or "channels 0-3, 7" for rising numbers.
func ranges(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(list[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", list[i], list[j]))
		}
		i = j + 1
	}
	word := "channels "
	if len(list) == 1 {
		word = "channel "
	}
	return word + strings.Join(parts, ", ")
}
