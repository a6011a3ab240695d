package driver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rampart/codegen/hlsc"
	"rampart/codegen/verilog"
	"rampart/internal/atomicfile"
	"rampart/internal/diag"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/plan"
	"rampart/ir/quant"
	"rampart/ir/rtl"
)

// Request is what Compile is asked for.
type Request struct {
	Model   string // an ONNX file
	Calib   string // calibration images
	Policy  string // a file that says what is protected; "" for none
	Out     string // the folder to write
	Options Options
}

// compilation is a build on its way through the steps.
type compilation struct {
	Request
	Build
	graph *graph.Graph
	calib []*graph.Tensor // see calibration
	quant *quant.Result
	files map[string][]byte // by name inside the build folder

	inputRange [2]float64 // of the calibration images
}

// Step is one step from a model to a build.
type Step struct {
	Name string
	run  func(c *compilation, ctx context.Context) error
}

// Steps is the list of steps, in order. Each needs what those before it made.
var Steps = []Step{
	{"read policy", (*compilation).readPolicy},
	{"import", (*compilation).importModel},
	{"protect model", (*compilation).protectModel},
	{"simplify", (*compilation).simplify},
	{"quantise", (*compilation).quantise},
	{"protect network", (*compilation).protectNetwork},
	{"prove accumulators", (*compilation).prove},
	{"plan", (*compilation).plan},
	{"build hardware", (*compilation).hardware},
	{"print hardware", (*compilation).printHardware},
	{"emit Verilog", (*compilation).verilog},
	{"emit HLS C", (*compilation).hls},
	{"describe", (*compilation).describe},
}

// Compile takes a model to a build folder, which appears whole or not at all. progress, which may be
// nil, hears of each step.
func Compile(ctx context.Context, req Request, progress func(step string, done, of int)) (*Build, error) {
	c := &compilation{Request: req, Build: Build{Dir: req.Out}, files: map[string][]byte{}}
	if err := atomicfile.Check(req.Out, buildFile); err != nil {
		return nil, err
	}
	for i, s := range Steps {
		if progress != nil {
			progress(s.Name, i, len(Steps))
		}
		if err := s.run(c, ctx); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if progress != nil {
		progress("done", len(Steps), len(Steps))
	}
	var err error
	if c.Info.Written, err = writeFolder(req.Out, buildFile, c.files); err != nil {
		return nil, err
	}
	return &c.Build, nil
}

// writeFolder puts files into a folder that takes the old one's place; mark is a file that tells such
// a folder from somebody else's. It gives the paths of all files.
func writeFolder(dir, mark string, files map[string][]byte) (written []string, err error) {
	names := slices.Sorted(maps.Keys(files))
	err = atomicfile.Folder(dir, mark, func(aside string) error {
		for _, name := range names {
			path := filepath.Join(aside, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				return err
			}
			if err := os.WriteFile(path, files[name], 0o666); err != nil {
				return err
			}
			written = append(written, filepath.Join(dir, name))
		}
		return nil
	})
	return written, err
}

func (c *compilation) importModel(context.Context) (err error) {
	c.Info.Model.File = filepath.Base(c.Model)
	c.graph, c.Info.Model.SHA256, err = ReadModel(c.Model, c.Options.Size)
	return err
}

func (c *compilation) simplify(context.Context) error {
	if err := graph.Simplify(c.graph); err != nil {
		return fmt.Errorf("%s: %w", c.Model, err)
	}
	c.files[graphFile] = []byte(c.graph.String())
	return checkScores(c.Model, c.graph)
}

// calibration reads the calibration images, once.
func (c *compilation) calibration() ([]*graph.Tensor, error) {
	if c.calib != nil {
		return c.calib, nil
	}
	s, p := c.graph.Inputs[0].Shape, c.Options.Preprocess
	if err := p.Check(s.C); err != nil {
		return nil, err
	}
	images, err := picture.Load(c.Calib, s.C, s.H, s.W)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for i := range images.N {
		t := &graph.Tensor{Shape: s, Data: images.Tensor(i, p)}
		c.calib = append(c.calib, t)
		for _, v := range t.Data {
			sum.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
		}
	}
	c.Info.Calibration = Calibration{Images: images.N, SHA256: hex.EncodeToString(sum.Sum(nil))}
	c.inputRange = images.Range(p)
	return c.calib, nil
}

func (c *compilation) quantise(ctx context.Context) error {
	calib, err := c.calibration()
	if err != nil {
		return err
	}
	opt, err := c.Options.quant()
	if err != nil {
		return err
	}
	opt.InputRange = c.inputRange
	if c.quant, err = quant.Quantize(ctx, c.graph, calib, opt); err != nil {
		return err
	}
	c.Net = c.quant.Net
	c.Net.Name = strings.TrimSuffix(c.Info.Model.File, filepath.Ext(c.Info.Model.File))
	fixed.AddMask(c.Net)
	c.files[fixedFile] = fixed.Print(c.Net)
	return fixed.Check(c.Net)
}

// quant gives the quantiser its options.
func (o Options) quant() (quant.Options, error) {
	q := quant.Options{
		WeightBits: o.WeightBits, ActBits: o.ActBits, HeadBits: o.HeadBits,
		Scales: o.Scales, Calibration: o.Calibration, Percentile: o.Percentile,
	}
	switch o.Rounding {
	case "", "half-up":
		q.Rounding = fixed.HalfUp
	case "half-even":
		q.Rounding = fixed.HalfEven
	default:
		return q, diag.Problem{At: "--rounding", What: fmt.Sprintf("%q is not a rounding", o.Rounding), Remedy: "give half-up or half-even"}
	}
	return q, nil
}

func (c *compilation) prove(context.Context) error { return fixed.Verify(c.Net) }

func (c *compilation) plan(ctx context.Context) (err error) {
	if c.Plan, err = plan.New(ctx, c.Net, c.Options.Target()); err != nil {
		return err
	}
	c.files[planFile] = plan.Print(c.Plan)
	return nil
}

func (c *compilation) hardware(context.Context) error {
	if err := c.build(); err != nil || c.Protected == nil {
		return err
	}
	c.Info.MemoryProtection = c.Protected.Costs()
	return nil
}

// printHardware writes down the hardware.
func (c *compilation) printHardware(context.Context) (err error) {
	var text bytes.Buffer
	if err := rtl.Print(&text, c.HW.Design); err != nil {
		return err
	}
	c.files[rtlFile] = text.Bytes()
	c.files[mapFile], err = memoryMap(c.mapped())
	return err
}

// memoryMap writes the map with a memory on each line.
func memoryMap(memories []mapped) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("{\n  \"format\": \"rampart memory map 1\",\n  \"memories\": [")
	for i, m := range memories {
		line, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    ")
		b.Write(line)
	}
	b.WriteString("\n  ]\n}\n")
	return b.Bytes(), nil
}

func (c *compilation) verilog(context.Context) error {
	files, err := verilog.Emit(c.HW.Design)
	if err != nil {
		return err
	}
	for _, f := range files {
		c.files["verilog/"+f.Name] = f.Data
	}
	return nil
}

func (c *compilation) hls(context.Context) error {
	files, err := hlsc.Emit(c.Plan)
	if err != nil {
		return err
	}
	for _, f := range files {
		c.files["hls/"+f.Name] = f.Data
	}
	return nil
}

func (c *compilation) describe(context.Context) (err error) {
	i, e := &c.Info, c.Plan.Estimate
	i.Version, i.Model.Name, i.Options = Version, c.Net.Name, c.Options
	o := c.quant.Options
	i.Options.WeightBits, i.Options.ActBits, i.Options.HeadBits = o.WeightBits, o.ActBits, o.HeadBits
	i.Options.Scales, i.Options.Calibration, i.Options.Percentile = o.Scales, o.Calibration, o.Percentile
	if i.Options.Rounding == "" {
		i.Options.Rounding = "half-up"
	}
	i.Estimate, i.Multipliers, i.MACsPerFrame, i.Utilisation = e, e.Multipliers, e.MACsPerFrame, e.Utilisation()
	i.Input = c.port(c.Plan.Inputs[0])
	for _, s := range c.Plan.Outputs {
		i.Outputs = append(i.Outputs, c.port(s))
	}
	for _, s := range c.Plan.Stages {
		info := StageInfo{Name: s.Name, Kind: s.Kind, PE: s.Fold.PE, SIMD: s.Fold.SIMD(), Multipliers: s.Multipliers(), Cycles: s.Cycles(), Rows: s.Rows}
		for _, out := range s.Out {
			info.Depths = append(info.Depths, out.Depth)
		}
		i.Stages = append(i.Stages, info)
	}
	i.Values, i.Layers = c.quant.Values, c.quant.Layers
	i.Files = map[string]string{}
	for name, data := range c.files {
		i.Files[name] = digest(data)
	}
	c.files[buildFile], err = marshal(i)
	return err
}

// port describes a stream at the accelerator's edge.
func (c *compilation) port(s *plan.Stream) Port {
	v := s.Value
	p := Port{
		Stream: s.Name, Value: v.Name, Channels: v.Shape.C, Height: v.Shape.H, Width: v.Shape.W,
		Bits: v.Format.Bits, Signed: v.Format.Signed, Lanes: s.Lanes, Beats: s.Beats(), Layout: s.Layout, Zero: v.Zero,
	}
	if known, ok := c.quant.Lookup(v); ok {
		p.Scale = known.Scale
	}
	return p
}

func marshal(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return append(data, '\n'), err
}
