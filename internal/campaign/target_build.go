package campaign

import (
	"context"
	"fmt"
	"strings"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/internal/driver"
	"rampart/internal/metrics"
	"rampart/ir/fixed"
	"rampart/ir/rtl"
	"rampart/sim/fault"
	"rampart/sim/fault/effect"
	"rampart/sim/fault/result"
	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
)

// hardware is a build under campaign: its network on the integer engine, its design on the cycle engines.
type hardware struct {
	*integers
	build     *driver.Build
	reference *metrics.Reference
	effects   *effect.Map    // nil where tensors are struck
	patcher   *fault.Patcher // nil where hardware is
	constants map[tensor]constant
	places    map[string]place // by the tensor's name in faults
	jobs      int
}

// tensor is where the integer network holds the numbers of a tensor.
type tensor struct {
	node int
	kind functional.Kind
}

// constant is a tensor that the network came with.
type constant struct {
	values []int64
	bits   int
	signed bool
}

// place is where the hardware holds them.
type place struct {
	path  string
	bits  int              // of a number
	words map[int][][2]int // element -> words and lanes
}

// ofBuild makes the target of a campaign on a build.
func ofBuild(ctx context.Context, b *driver.Build, c *fault.Campaign, o *Options) (*target, error) {
	pics, all, err := b.Images(o.Images)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(c, o.File, pics.N)
	if err != nil {
		return nil, err
	}
	labels, err := b.LoadLabels(o.Labels, o.Ignore, pics.N)
	if err != nil {
		return nil, err
	}
	h := &hardware{build: b, jobs: o.Jobs, constants: constantsOf(b.Net), places: placesOf(b.HW.Map)}
	if h.integers, err = runIntegers(b, pick(all, chosen)); err != nil {
		return nil, err
	}
	shape := b.Net.Outputs[0].Shape
	t := &target{
		model: b.Info.Model.SHA256, build: b.Digest(), layers: layersOf(b.Net),
		run: fault.Run{Frames: int64(len(chosen))}, probe: h.probe, prepare: h.prepareTensor, replay: h.replay,
	}
	setting := metrics.Setting{
		Images: len(chosen), H: shape.H, W: shape.W, Classes: b.Classes(), Border: o.Border, Golden: h.golden, Ignore: metrics.NoIgnore,
	}
	t.inputs = setLabels(&setting, labels, chosen, h.digest())
	if t.reference, err = metrics.NewReference(setting); err != nil {
		return nil, err
	}
	h.reference = t.reference
	t.replays = map[string]func(context.Context) (probe, error){}
	for _, e := range []driver.Engine{driver.GoSim, driver.Verilator} {
		t.replays[string(e)] = func(ctx context.Context) (probe, error) { return h.cycleProbe(ctx, e) }
	}
	switch c.Space {
	case fault.ParameterSpace:
		t.population = fault.Parameters(b.Net)
		h.patcher = fault.NewPatcher(t.population, b.Net)
	case fault.ActivationSpace:
		t.population = fault.Activations(b.Net)
		h.patcher = fault.NewPatcher(t.population, b.Net)
	case fault.HardwareSpace:
		t.population = fault.Hardware(b.HW.Design, b.HW.Map, b.Protected)
		t.prepare = h.prepareSite
		record, err := b.Accesses(ctx, h.images, o.Jobs)
		if err != nil {
			return nil, err
		}
		t.run.Cycles, t.run.FrameCycles = record.Cycles-b.Protected.Tail(), b.Info.Estimate.CyclesPerFrame
		if h.effects, err = effect.New(b.HW, b.Plan, b.Net, record, len(chosen), b.Protected); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// runIntegers runs the images without a fault.
func runIntegers(b *driver.Build, images []*fixed.Tensor) (*integers, error) {
	engine, err := functional.New(b.Net, kernel.Sets()[0])
	if err != nil {
		return nil, err
	}
	n := &integers{engine: engine, images: images, mask: b.MaskOutput(), zero: b.Net.Outputs[0].Zero}
	w := engine.Worker()
	var frames [][]*fixed.Tensor
	for _, image := range images {
		if err := w.Run([]*fixed.Tensor{image}); err != nil {
			return nil, err
		}
		var outputs []*fixed.Tensor
		for _, v := range b.Net.Outputs {
			outputs = append(outputs, w.Tensor(v))
		}
		frames = append(frames, outputs)
	}
	n.golden = b.Masks(frames).Class
	return n, nil
}

func pick[T any](all []T, chosen []int) []T {
	var some []T
	for _, i := range chosen {
		some = append(some, all[i])
	}
	return some
}

func layersOf(net *fixed.Net) []string {
	var names []string
	for _, n := range net.Nodes {
		names = append(names, n.Name)
	}
	return names
}

func (h *hardware) probe(ctx context.Context, e result.Engine) (probe, error) {
	switch e {
	case result.Dead:
		return &still{tallies{reference: h.reference}}, nil
	case result.Functional:
		return h.integers.probe(h.reference), nil
	}
	return h.cycleProbe(ctx, driver.GoSim)
}

// prepareSite asks what upsets of the hardware mean.
func (h *hardware) prepareSite(f fault.Fault, t *task) error {
	for _, u := range f {
		site, start, ok := u.RTL()
		if !ok {
			panic("BUG: campaign: not a fault of hardware: " + f.String())
		}
		if start {
			site.Cycle = effect.Start
		}
		t.upsets = append(t.upsets, site)
	}
	e, err := h.effects.Of(t.upsets...)
	if err != nil {
		return err
	}
	t.row.Engine = map[effect.Verdict]result.Engine{effect.Dead: result.Dead, effect.Patched: result.Functional, effect.Cycle: result.Cycle}[e.Verdict]
	t.corrected, t.detected = e.Corrected, e.Detected
	for _, s := range e.Spans {
		t.integers = append(t.integers, span[functional.Patch]{s.First, s.Last, s.Patches})
	}
	h.value(t, len(f))
	return nil
}

// prepareTensor patches the numbers of tensors.
func (h *hardware) prepareTensor(f fault.Fault, t *task) error {
	t.row.Engine = result.Functional
	t.integers = spansOf(f, len(h.images), func(frame int64) []functional.Patch { return h.patcher.Patches(f, frame) })
	h.value(t, len(f))
	return nil
}

// constantsOf finds the numbers that a network came with.
func constantsOf(net *fixed.Net) map[tensor]constant {
	all := map[tensor]constant{}
	for i, n := range net.Nodes {
		for _, k := range []functional.Kind{functional.Weight, functional.Bias, functional.Mult, functional.Shift} {
			all[tensor{i, k}] = constantOf(n, k)
		}
	}
	return all
}

// constantOf is a constant tensor of a node, empty where it has none.
func constantOf(n *fixed.Node, k functional.Kind) constant {
	var scale *fixed.Scale
	switch op := n.Op.(type) {
	case *fixed.Conv:
		switch k {
		case functional.Weight:
			return constant{wide(op.Weight), op.WeightBits, true}
		case functional.Bias:
			return constant{op.Bias, op.BiasBits, true}
		}
		scale = &op.Scale
	case *fixed.Requant:
		scale = &op.Scale
	default:
		return constant{}
	}
	switch k {
	case functional.Mult:
		return constant{scale.Mult, scale.MultBits, false}
	case functional.Shift:
		return constant{wide(scale.Shift), shiftBits, false}
	}
	return constant{}
}

// shiftBits is enough for any shift of 64-bit numbers.
const shiftBits = 6

func wide[T int32 | int](numbers []T) []int64 {
	all := make([]int64, len(numbers))
	for i, v := range numbers {
		all[i] = int64(v)
	}
	return all
}

// value tells what number a single upset changes, where it is a constant.
func (h *hardware) value(t *task, upsets int) {
	if upsets != 1 || len(t.integers) == 0 || len(t.integers[0].patches) != 1 {
		return
	}
	p := t.integers[0].patches[0]
	c, ok := h.constants[tensor{p.Node, p.Kind}]
	if !ok || p.Index >= len(c.values) {
		return
	}
	before, after := float64(c.values[p.Index]), float64(p.Change.Apply(c.values[p.Index], c.bits, c.signed))
	t.row.Before, t.row.After = &before, &after
}

// replay gives the upsets of the hardware that a fault is.
func (h *hardware) replay(f fault.Fault) (task, error) {
	var t task
	for _, u := range f {
		if site, start, ok := u.RTL(); ok {
			if start {
				site.Cycle = effect.Start
			}
			t.upsets = append(t.upsets, site)
			continue
		}
		sites, err := h.sites(u)
		if err != nil {
			return t, err
		}
		t.upsets = append(t.upsets, sites...)
	}
	return t, nil
}

// sites are the bits of memories that hold the bit of a parameter.
func (h *hardware) sites(u fault.Upset) ([]rtl.Fault, error) {
	p, ok := h.places[u.Place]
	if !ok || u.Word < 0 || u.Bit < 0 || u.When.Kind != fault.Always || u.Action != fault.Flip {
		return nil, diag.Problem{
			At: "cross_check", What: fmt.Sprintf("%s is no flip of a bit that the hardware holds", u),
			Remedy: "cross-check campaigns on hardware, or flips of parameters",
		}
	}
	var all []rtl.Fault
	for _, w := range p.words[int(u.Word)] {
		all = append(all, rtl.Fault{Site: rtl.Site{Path: p.path, Mem: true, Word: w[0], Bit: w[1]*p.bits + u.Bit}, Cycle: effect.Start})
	}
	return all, nil
}

// placesOf finds where the hardware holds the network's constants.
func placesOf(memories []hw.Memory) map[string]place {
	fields := map[string]string{"weight": "weight", "bias": "bias", "multiplier": "mult", "shift": "shift"}
	places := map[string]place{}
	for _, m := range memories {
		field, ok := fields[m.Tensor[strings.LastIndexByte(m.Tensor, '.')+1:]]
		if !ok || m.Index == nil {
			continue
		}
		p := place{path: m.Path, bits: m.Bits, words: map[int][][2]int{}}
		for word, lanes := range m.Index {
			for lane, element := range lanes {
				if element >= 0 {
					p.words[element] = append(p.words[element], [2]int{word, lane})
				}
			}
		}
		places[fault.TensorName(m.Node, field)] = p
	}
	return places
}
