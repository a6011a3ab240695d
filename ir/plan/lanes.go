package plan

import "slices"

// The lanes of a stream follow from the pace: the least number with which a frame's beats fit into
// the cycles of a frame. Forks, pools, concatenations and requantisers pass beats through, so all
// streams that they connect share their lanes.

// groups splits the streams into sets that share their lanes.
func (p *Plan) laneGroups() [][]*Stream {
	leader := map[*Stream]*Stream{}
	var find func(s *Stream) *Stream
	find = func(s *Stream) *Stream {
		if leader[s] == nil || leader[s] == s {
			return s
		}
		leader[s] = find(leader[s])
		return leader[s]
	}
	for _, st := range p.Stages {
		if !st.passes() {
			continue
		}
		for _, s := range append(append([]*Stream{}, st.In...), st.Out...) {
			if a, b := find(st.In[0]), find(s); a != b {
				leader[b] = a
			}
		}
	}
	var order []*Stream
	members := map[*Stream][]*Stream{}
	for _, s := range p.Streams {
		l := find(s)
		if members[l] == nil {
			order = append(order, l)
		}
		members[l] = append(members[l], s)
	}
	sets := make([][]*Stream, len(order))
	for i, l := range order {
		sets[i] = members[l]
	}
	return sets
}

// laneRule is which numbers of lanes are tried for a set of streams, in ascending order, up to the
// channels of its widest stream.
type laneRule int

const (
	powers   laneRule = iota // powers of two, and the widest stream's channels
	counts                   // for each number of beats the least lanes
	divisors                 // what divides the channels of every stream; its greatest need not be the widest
)

// options are the lanes that the rule offers to a set.
func (r laneRule) options(set []*Stream) []int {
	widest, common := 0, 0
	for _, s := range set {
		widest, common = max(widest, s.Value.Shape.C), gcd(s.Value.Shape.C, common)
	}
	switch r {
	case powers:
		var lanes []int
		for l := 1; l < widest; l *= 2 {
			lanes = append(lanes, l)
		}
		return append(lanes, widest)
	case divisors:
		return folds(common, 1, true)
	}
	return folds(widest, 1, false)
}

// setLanes gives every stream the least lanes for the pace, and tells whether there are enough.
func (f *folder) setLanes(cycles int64) bool {
	for _, set := range f.sets {
		ok := false
		for _, lanes := range f.rule.options(set) {
			if ok = setBeats(set, lanes) <= cycles; ok {
				break
			}
		}
		if !ok {
			return false
		}
	}
	f.plan.layOut()
	return true
}

// widestLanes gives every stream the most lanes.
func (f *folder) widestLanes() {
	for _, set := range f.sets {
		all := f.rule.options(set)
		setBeats(set, all[len(all)-1])
	}
	f.plan.layOut()
}

// laneSteps are the paces at which lanes change, in ascending order: between two of them a slower pace
// never needs more multipliers.
func (f *folder) laneSteps() []int64 {
	var steps []int64
	for _, set := range f.sets {
		for _, lanes := range f.rule.options(set) {
			steps = append(steps, setBeats(set, lanes))
		}
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}

// setBeats gives the streams of a set their lanes, and returns the most beats of an image in any of them.
func setBeats(set []*Stream, lanes int) int64 {
	most := int64(0)
	for _, s := range set {
		s.Lanes = lanes
		most = max(most, int64(s.beatsOf(lanes))*int64(s.Value.Shape.H)*int64(s.Value.Shape.W))
	}
	return most
}

// beatsOf is the number of beats of a pixel with the given lanes, before there is a layout.
func (s *Stream) beatsOf(lanes int) int {
	if s.From == nil || !s.From.passes() {
		return ceilDiv(s.Value.Shape.C, lanes)
	}
	beats := 0
	for _, in := range s.From.In {
		beats += in.beatsOf(lanes)
	}
	return beats
}

// widest is the most channels of any value.
func (p *Plan) widest() int {
	most := 0
	for _, s := range p.Streams {
		most = max(most, s.Value.Shape.C)
	}
	return most
}

// layOut places channels on lanes.
func (p *Plan) layOut() {
	for _, s := range p.Streams {
		if s.From == nil {
			s.Layout = plain(s.Value.Shape.C, s.Lanes)
		} else {
			s.Layout = s.From.layout(s)
		}
	}
}

// passes tells whether a stage passes beats on as they are, so that its streams share their lanes.
func (s *Stage) passes() bool { return s.Kind != Conv && s.Kind != ArgMax && s.Kind != Vote }

// layout is where a stage puts the channels of an output: in order, or as they came; each segment that
// a concatenation adds is on beats of its own.
func (s *Stage) layout(out *Stream) []int {
	switch {
	case !s.passes():
		return plain(out.Value.Shape.C, out.Lanes)
	case s.Kind != Concat:
		return s.In[0].Layout
	}
	var layout []int
	base := 0
	for _, in := range s.In {
		for _, c := range in.Layout {
			if c >= 0 {
				c += base
			}
			layout = append(layout, c)
		}
		base += in.Value.Shape.C
	}
	return layout
}

func plain(channels, lanes int) []int {
	layout := make([]int, ceilDiv(channels, lanes)*lanes)
	for i := range layout {
		if layout[i] = i; i >= channels {
			layout[i] = -1
		}
	}
	return layout
}
