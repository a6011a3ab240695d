package functional_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/fixed"
	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
)

// pair is a convolution without multipliers and the classes of what it makes, 2 channels of 2 by 3 pixels.
func pair() *fixed.Net {
	shape := fixed.Shape{C: 2, H: 2, W: 3}
	in := &fixed.Value{Name: "in", Shape: shape, Format: fixed.Format{Bits: 8}}
	mid := &fixed.Value{Name: "mid", Shape: shape, Format: fixed.Format{Bits: 8}}
	out := &fixed.Value{Name: "out", Shape: fixed.Shape{C: 1, H: 2, W: 3}, Format: fixed.Format{Bits: 4}}
	conv := &fixed.Conv{Window: square(1, 1, 1, 0), Group: 1, WeightBits: 4, BiasBits: 32, AccBits: 20, Weight: []int32{1, 2, 3, 4},
		Bias: []int64{0, 0}, Scale: fixed.Scale{Shift: []int{0, 1}, Hi: 255}}
	return &fixed.Net{Name: "pair", Inputs: []*fixed.Value{in}, Outputs: []*fixed.Value{out}, Nodes: []*fixed.Node{
		{Name: "conv", In: []*fixed.Value{in}, Out: mid, Op: conv},
		{Name: "classes", In: []*fixed.Value{mid}, Out: out, Op: &fixed.ArgMax{}},
	}}
}

func TestValidate(t *testing.T) {
	e, err := functional.New(pair(), kernel.Sets()[0])
	require.NoError(t, err)
	type patch = functional.Patch
	type moment = functional.Moment
	flip := func(b int) functional.Change { return functional.Change{Flip: 1 << b} }
	require.NoError(t, e.Validate([]patch{
		{Node: -1, Kind: functional.Output, Index: 11, Change: flip(7)},
		{Node: 0, Index: 3, Change: flip(3), From: moment{5, 1}},
		{Node: 0, Kind: functional.Shift, Index: 1, Change: flip(5), From: moment{1, 1}, To: moment{6, 0}},
		{Node: 1, Kind: functional.Input, Index: 11, Change: flip(7), From: moment{2, 0}, To: moment{2, 0}},
	}))
	for want, p := range map[string]patch{
		"network pair: patch 0: there is no node 2: the network has 2 nodes and 1 inputs":           {Node: 2},
		"network pair: patch 0: there is no node -2: the network has 2 nodes and 1 inputs":          {Node: -2},
		"input in: patch 0: a network input has an output alone":                                    {Node: -1},
		"input in: patch 0: index 12 is not in 0 to 11":                                             {Node: -1, Kind: functional.Output, Index: 12},
		"node classes: patch 0: argmax has no weight":                                               {Node: 1},
		"node conv: patch 0: conv has no mult":                                                      {Kind: functional.Mult},
		"node conv: patch 0: conv has no kind 9":                                                    {Kind: 9},
		"node conv: patch 0: there is no input 1 of 1":                                              {Kind: functional.Input, Arg: 1},
		"node conv: patch 0: index -1 is not in 0 to 1":                                             {Kind: functional.Bias, Index: -1},
		"node conv: patch 0: it changes bits that an integer of 4 bits does not have":               {Change: flip(4)},
		"node conv: patch 0: an output patch holds for the whole frame and has no moments":          {Kind: functional.Output, From: moment{1, 0}},
		"node conv: patch 0: pixel 6, channel 1 is outside an output of 6 pixels and 2 channels":    {From: moment{6, 1}},
		"node conv: patch 0: pixel 0, channel 2 is outside an output of 6 pixels and 2 channels":    {To: moment{0, 2}},
		"node conv: patch 0: it ends before it begins":                                              {From: moment{3, 1}, To: moment{3, 0}},
		"node classes: patch 0: pixel 0, channel 1 is outside an output of 6 pixels and 1 channels": {Node: 1, Kind: functional.Input, From: moment{0, 1}},
	} {
		assert.EqualError(t, e.Validate([]patch{p}), want)
	}
	assert.EqualError(t, e.Validate([]patch{{Kind: functional.High}}), "node conv: patch 0: conv has no high")
	err = e.Validate([]patch{{Node: 5}, {Kind: functional.Mult}})
	assert.ErrorContains(t, err, "patch 0: there is no node 5")
	assert.ErrorContains(t, err, "patch 1: conv has no mult")
}

// Bounds can be struck where there are any.
func TestValidateBounds(t *testing.T) {
	net := pair()
	mid := net.Nodes[0].Out
	bounded := *mid
	bounded.Name = "bounded"
	clip := &fixed.Node{Name: "clip", In: []*fixed.Value{mid}, Out: &bounded, Op: &fixed.Clip{Hi: []int64{9, 20}}}
	net.Nodes[1].In[0] = &bounded
	net.Nodes = []*fixed.Node{net.Nodes[0], clip, net.Nodes[1]}
	e, err := functional.New(net, kernel.Sets()[0])
	require.NoError(t, err)
	strike := functional.Patch{Node: 1, Kind: functional.High, Index: 1, Change: functional.Change{Flip: 4}, From: functional.Moment{Pixel: 3, Channel: 1}}
	require.NoError(t, e.Validate([]functional.Patch{strike}))
	for want, p := range map[string]functional.Patch{
		"node clip: patch 0: clip has no low":                                         {Node: 1, Kind: functional.Low},
		"node clip: patch 0: clip has no shift":                                       {Node: 1, Kind: functional.Shift},
		"node clip: patch 0: index 2 is not in 0 to 1":                                {Node: 1, Kind: functional.High, Index: 2},
		"node clip: patch 0: it changes bits that an integer of 8 bits does not have": {Node: 1, Kind: functional.High, Change: functional.Change{Set: 256}},
	} {
		assert.EqualError(t, e.Validate([]functional.Patch{p}), want)
	}
	w := e.Worker()
	in := fixed.NewTensor(net.Inputs[0].Shape)
	for i := range in.Data {
		in.Data[i] = 50
	}
	require.NoError(t, w.Run([]*fixed.Tensor{in}))
	assert.Equal(t, []int32{9, 9, 9, 9, 9, 9, 20, 20, 20, 20, 20, 20}, w.Tensor(&bounded).Data)
	w.Strike([]functional.Patch{strike})
	assert.Equal(t, []int32{9, 9, 9, 9, 9, 9, 20, 20, 20, 16, 16, 16}, w.Faulty(&bounded).Data)
}

func TestRunRefusesInputs(t *testing.T) {
	net := pair()
	e, err := functional.New(net, kernel.Sets()[0])
	require.NoError(t, err)
	w := e.Worker()
	good := fixed.NewTensor(net.Inputs[0].Shape)
	require.NoError(t, w.Run([]*fixed.Tensor{good}))
	assert.EqualError(t, w.Run(nil), "network pair has 1 inputs, 0 were given")
	assert.EqualError(t, w.Run([]*fixed.Tensor{fixed.NewTensor(fixed.Shape{C: 1, H: 2, W: 3})}), "input in has shape {2 2 3}, {1 2 3} was given")
	bad := fixed.NewTensor(net.Inputs[0].Shape)
	bad.Data[4] = 256
	assert.EqualError(t, w.Run([]*fixed.Tensor{bad}), "input in: element 4 is 256, outside 0 to 255")
	assert.True(t, w.Strike(nil).Masked(), "the golden frame is still there")
	assert.Equal(t, good, w.Tensor(net.Inputs[0]))
}

func TestNewRefusesWhatIsNoNetwork(t *testing.T) {
	net := pair()
	net.Outputs = nil
	_, err := functional.New(net, kernel.Sets()[0])
	assert.ErrorContains(t, err, "integer engine: network pair: it needs an input and an output")
}

// A frame by hand: the sums are x0+2*x1 and 3*x0+4*x1, the second halved; the classes are the greater's.
func TestStrikeByHand(t *testing.T) {
	net := pair()
	e, err := functional.New(net, kernel.Sets()[0])
	require.NoError(t, err)
	w := e.Worker()
	in := fixed.NewTensor(net.Inputs[0].Shape)
	copy(in.Data, []int32{1, 0, 10, 0, 0, 5 /**/, 0, 1, 10, 0, 3, 0})
	require.NoError(t, w.Run([]*fixed.Tensor{in}))
	assert.Equal(t, []int32{1, 2, 30, 0, 6, 5 /**/, 2, 2, 35, 0, 6, 8}, w.Tensor(net.Nodes[0].Out).Data)
	assert.Equal(t, []int32{1, 0, 1, 0, 0, 1}, w.Tensor(net.Outputs[0]).Data)
	// Weight 1 becomes 3 from pixel 1 on, channel 0.
	d := w.Strike([]functional.Patch{{Index: 0, Change: functional.Change{Flip: 2}, From: functional.Moment{Pixel: 1}}})
	assert.Equal(t, []int32{1, 2, 50, 0, 6, 15 /**/, 2, 2, 35, 0, 6, 8}, w.Faulty(net.Nodes[0].Out).Data)
	assert.False(t, d.Masked())
	assert.Equal(t, []functional.OutputDiff{{Changed: 2, Index: []int32{2, 5}, Value: []int32{0, 0}}}, d.Outputs)
	assert.Equal(t, 1, d.Stats.Last)
	// A difference in a channel that loses anyway reaches no output.
	d = w.Strike([]functional.Patch{{Node: 1, Kind: functional.Input, Index: 0, Change: functional.Change{Clear: 1}}})
	assert.True(t, d.Masked())
	assert.Equal(t, -1, d.Stats.Last)
	assert.Equal(t, []int32{1, 2, 30, 0, 6, 5 /**/, 2, 2, 35, 0, 6, 8}, w.Faulty(net.Nodes[0].Out).Data)
}

// Workers of one engine share nothing that changes.
func TestWorkersAtOnce(t *testing.T) {
	m := load(t, "../../testdata/models", "scenes", "scenes_unet_xs")
	e, err := functional.New(m.net, kernel.Sets()[0])
	require.NoError(t, err)
	patch := []functional.Patch{{Kind: functional.Bias, Change: functional.Change{Flip: 1 << 13}}}
	results := make(chan outcome, 8)
	for range cap(results) {
		go func() {
			w := e.Worker()
			if assert.NoError(t, w.Run(m.images[:1])) {
				w.Strike(patch)
				w.Dense(patch)
				results <- snapshot(w.Strike(patch))
				return
			}
			results <- outcome{}
		}()
	}
	first := <-results
	assert.NotEmpty(t, first.index)
	for range cap(results) - 1 {
		assert.Equal(t, first, <-results)
	}
}
