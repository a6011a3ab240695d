package plan

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
		if st.Kind == Conv || st.Kind == ArgMax {
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

// setLanes gives every stream the least lanes for the pace, powers of two up to a pixel's channels.
func (p *Plan) setLanes(cycles int64) {
	for _, set := range p.laneGroups() {
		widest := 0
		for _, s := range set {
			widest = max(widest, s.Value.Shape.C)
		}
		for lanes := 1; ; lanes *= 2 {
			lanes = min(lanes, widest)
			for _, s := range set {
				s.Lanes = lanes
			}
			if lanes == widest || p.paced(set, cycles) {
				break
			}
		}
	}
	p.layOut()
}

// paced tells whether a frame of every stream of a set fits into the cycles.
func (p *Plan) paced(set []*Stream, cycles int64) bool {
	for _, s := range set {
		beats := int64(ceilDiv(s.Value.Shape.C, s.Lanes))
		if s.From != nil && s.From.Kind == Concat {
			beats = 0
			for _, in := range s.From.In {
				beats += int64(ceilDiv(in.Value.Shape.C, s.Lanes))
			}
		}
		if beats*int64(s.Value.Shape.H*s.Value.Shape.W) > cycles {
			return false
		}
	}
	return true
}

// layOut places channels on lanes: in order, each segment that a concatenation adds on beats of its own.
func (p *Plan) layOut() {
	for _, s := range p.Inputs {
		s.Layout = plain(s.Value.Shape.C, s.Lanes)
	}
	for _, st := range p.Stages {
		for _, out := range st.Out {
			switch st.Kind {
			case Concat:
				out.Layout = nil
				base := 0
				for _, in := range st.In {
					for _, c := range in.Layout {
						if c >= 0 {
							c += base
						}
						out.Layout = append(out.Layout, c)
					}
					base += in.Value.Shape.C
				}
			case Conv, ArgMax:
				out.Layout = plain(out.Value.Shape.C, out.Lanes)
			default:
				out.Layout = st.In[0].Layout
			}
		}
	}
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
