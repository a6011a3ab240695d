// Package naming keeps names apart. In: names. Out: names that are not taken yet. It does not know what is
// named, nor which names are legal.
package naming

import "strconv"

// Taken holds the names that are taken.
type Taken map[string]bool

// Claim takes the name where it is free, else the first free one of name_2, name_3 and so on, and gives the
// name that it took.
func (t Taken) Claim(name string) string {
	free := name
	for i := 2; t[free]; i++ {
		free = name + "_" + strconv.Itoa(i)
	}
	t[free] = true
	return free
}
