package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func stage(t *testing.T, p *Plan, name string) *Stage {
	t.Helper()
	for _, s := range p.Stages {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no stage %s", name)
	return nil
}

// Every fault that a pass could make, one at a time.
func TestCheckComplains(t *testing.T) {
	_, good := example(t)
	require.NoError(t, Check(good))
	for want, spoil := range map[string]func(p *Plan){
		`stream conv0: the name "conv0" is no identifier, or taken`: func(p *Plan) { p.Streams[1].Name = "conv0" },
		`plan Example: the name "Example" is no identifier`:         func(p *Plan) { p.Name = "Example" },
		`plan reg: the name "reg" is no identifier`:                 func(p *Plan) { p.Name = "reg" },
		`input in comes from a stage, or goes to none`:              func(p *Plan) { p.Inputs[0].To = nil },
		`stage conv0: its input in goes elsewhere, or comes later`:  func(p *Plan) { p.Inputs[0].To = p.Stages[1] },
		`the streams are not those of the inputs and stages`:        func(p *Plan) { p.Streams = p.Streams[1:] },
		`output classes goes to a stage, or is listed twice`:        func(p *Plan) { p.Outputs = append(p.Outputs, p.Outputs[0]) },
		`1 streams go nowhere, 0 are outputs`:                       func(p *Plan) { p.Outputs = nil },
		`stage conv5: its kind "pool" is not that of its node`:      func(p *Plan) { stage(t, p, "conv5").Kind = Pool },
		`stage conv5: its streams are not those of its node`:        func(p *Plan) { stage(t, p, "conv5").In = nil },
		`stage conv5: its output conv5_to_argmax6 comes from else`:  func(p *Plan) { stage(t, p, "conv5").Out[0].From = nil },
		`conv5: its input concat4_to_conv5 carries another value`:   func(p *Plan) { stage(t, p, "conv5").In[0].Value = p.Inputs[0].Value },
		`its output fork_conv0_to_maxpool1 carries another value`:   func(p *Plan) { stage(t, p, "fork_conv0").Out[0].Value = p.Inputs[0].Value },
		`fork_conv0: a fork has no node, one input and several`:     func(p *Plan) { stage(t, p, "fork_conv0").Node = p.Stages[0].Node },
		`stream in: it has 0 lanes, not 1 to 12`:                    func(p *Plan) { p.Inputs[0].Lanes = 0 },
		`stream in: its channels do not lie on its lanes in order`:  func(p *Plan) { p.Inputs[0].Layout = []int{0, 2, 1} },
		`it is a skip connection, or not, against its mark`:         func(p *Plan) { p.Streams[1].Skip = true },
		`its buffer holds 1 beats, not 2 to`:                        func(p *Plan) { p.Streams[1].Depth = 1 },
		`it has 1 lanes, fork_conv0_to_maxpool1 has 2`:              func(p *Plan) { stage(t, p, "maxpool1").Out[0].Lanes = 1 },
		`its channels do not lie on its lanes as its stage puts`:    func(p *Plan) { stage(t, p, "conv5").Out[0].Layout = nil },
		`argmax6: it has a window, which a stage of kind argmax`:    func(p *Plan) { stage(t, p, "argmax6").Rows = 1 },
		`stage conv0: its window moves otherwise than its node's`:   func(p *Plan) { stage(t, p, "conv0").Walk[0].Start = 0 },
		`stage conv0: it takes 4 channels at a time`:                func(p *Plan) { stage(t, p, "conv0").Fold.Cw = 4 },
		`stage conv0: it takes 0 outputs at a time`:                 func(p *Plan) { stage(t, p, "conv0").Fold.PE = 0 },
		`stage maxpool1: a pool has no PE`:                          func(p *Plan) { stage(t, p, "maxpool1").Fold.PE = 1 },
		`it takes 2 taps at a time in dimension 0, possible are`:    func(p *Plan) { stage(t, p, "conv0").Fold.TapY = 2 },
		`its line buffer has 2 rows, it needs 3 or more`:            func(p *Plan) { stage(t, p, "conv0").Rows = 2 },
		`its output buffer of 4 beats never has room for a group`:   func(p *Plan) { stage(t, p, "conv5").Out[0].Depth = 4 },
	} {
		t.Run(want, func(t *testing.T) {
			_, p := example(t)
			spoil(p)
			assert.ErrorContains(t, Check(p), want)
		})
	}
}
