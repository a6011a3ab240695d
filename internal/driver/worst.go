package driver

import (
	"slices"

	"rampart/internal/picture"
)

// podium holds the faults that changed the most pixels, the worst first and the earlier of equals first, in whatever
// order they are offered.
type podium struct {
	size   int
	places []place
}

// place is a fault on the podium: its number, how many pixels it changed, and the masks with it, nil where
// the outcome is an earlier run's.
type place struct {
	n, changed int
	masks      *picture.Masks
}

func (p *podium) offer(n, changed int, masks *picture.Masks) {
	if changed == 0 {
		return
	}
	at := slices.IndexFunc(p.places, func(q place) bool { return q.changed < changed || q.changed == changed && q.n > n })
	if at < 0 {
		at = len(p.places)
	}
	p.places = slices.Insert(p.places, at, place{n, changed, masks})
	p.places = slices.Delete(p.places, min(p.size, len(p.places)), len(p.places))
}
