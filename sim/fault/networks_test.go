package fault

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/ir/plan"
	"rampart/ir/quant"
)

const models = "../../testdata/models"

// scenes is the embedded network, as trained, as integers and as hardware.
type scenes struct {
	graph    *graph.Graph // normalisations as trained
	net      *fixed.Net
	hardware *hw.Hardware
	run      Run // of 16 images
}

// load compiles the network once for all tests, which change nothing in it.
var load = sync.OnceValues(func() (*scenes, error) {
	s := &scenes{}
	var err error
	if s.graph, err = onnx.Read(filepath.Join(models, "scenes_unet_xs_bn.onnx")); err != nil {
		return nil, err
	}
	g, err := onnx.Read(filepath.Join(models, "scenes_unet_xs.onnx"))
	if err != nil {
		return nil, err
	}
	if err := graph.Simplify(g); err != nil {
		return nil, err
	}
	shape := g.Inputs[0].Shape
	images, err := picture.Load(filepath.Join(models, "scenes_calib.images.npy"), shape.C, shape.H, shape.W)
	if err != nil {
		return nil, err
	}
	calib := []*graph.Tensor{{Shape: shape, Data: images.Tensor(0, picture.Preprocess{})}}
	ctx := context.Background()
	q, err := quant.Quantize(ctx, g, calib, quant.Options{InputRange: [2]float64{0, 1}})
	if err != nil {
		return nil, err
	}
	s.net = q.Net
	fixed.AddMask(s.net)
	p, err := plan.New(ctx, s.net, plan.Target{Multipliers: 128})
	if err != nil {
		return nil, err
	}
	s.run = Run{Cycles: p.Estimate.LatencyCycles + 15*p.Estimate.CyclesPerFrame, FrameCycles: p.Estimate.CyclesPerFrame, Frames: 16}
	s.hardware, err = hw.Build(p)
	return s, err
})

func loaded(t testing.TB) *scenes {
	t.Helper()
	s, err := load()
	require.NoError(t, err)
	return s
}

// population is what a campaign strikes in the embedded network.
func (s *scenes) population(c *Campaign) *Population {
	switch {
	case c.Space == HardwareSpace:
		return Hardware(s.hardware.Design, s.hardware.Map, nil)
	case c.Space == ParameterSpace && c.Format == Fixed:
		return Parameters(s.net)
	case c.Space == ParameterSpace:
		return FloatParameters(s.graph)
	case c.Format == Fixed:
		return Activations(s.net)
	}
	return FloatActivations(s.graph)
}

// drawn reads a campaign and resolves it on the embedded network.
func drawn(t testing.TB, text string) *Draw {
	t.Helper()
	c, err := Read("campaign.yaml", []byte(text))
	require.NoError(t, err)
	s := loaded(t)
	d, err := Resolve(c, s.population(c), s.run)
	require.NoError(t, err)
	return d
}
