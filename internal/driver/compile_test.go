package driver

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/filetest"
	"rampart/internal/npy"
	"rampart/internal/onnxtest"
	"rampart/ir/quant"
)

func TestCompileWritesABuild(t *testing.T) {
	b := compiled(t, unet())
	files := filetest.Tree(t, b.Dir)
	assert.Len(t, files, len(b.Info.Files)+1, "build.json names every file but itself")
	for name, sum := range b.Info.Files {
		assert.Equal(t, sum, digest([]byte(files[name])), name)
	}
	var info struct {
		Estimate struct {
			CyclesPerFrame int64 `json:"cycles_per_frame"`
			LatencyCycles  int64 `json:"latency_cycles"`
			Multipliers    int   `json:"multipliers"`
			MACsPerFrame   int64 `json:"macs_per_frame"`
		} `json:"estimate"`
		Multipliers  int   `json:"multipliers"`
		MACsPerFrame int64 `json:"macs_per_frame"`
		Model        struct {
			SHA256 string `json:"sha256"`
		} `json:"model"`
		Options struct {
			WeightBits int    `json:"weight_bits"`
			Rounding   string `json:"rounding"`
		} `json:"options"`
	}
	require.NoError(t, json.Unmarshal([]byte(files[buildFile]), &info))
	// 6x8 pixels: 2 to 3 channels by 3x3, half the size 3 to 4 by 3x3 and 4 to 3 by 2x2, 6 to 3 by 1x1.
	assert.Equal(t, int64(48*2*3*9+12*3*4*9+12*4*3*4+48*6*3), info.MACsPerFrame)
	assert.Equal(t, info.MACsPerFrame, info.Estimate.MACsPerFrame)
	assert.Equal(t, 4, info.Multipliers, "one for each convolution")
	assert.Equal(t, info.Multipliers, info.Estimate.Multipliers)
	assert.Equal(t, b.Plan.Estimate.CyclesPerFrame, info.Estimate.CyclesPerFrame)
	assert.Greater(t, info.Estimate.LatencyCycles, info.Estimate.CyclesPerFrame)
	assert.Equal(t, digest(unet().Encode()), info.Model.SHA256)
	assert.Equal(t, 8, info.Options.WeightBits)
	assert.Equal(t, "half-up", info.Options.Rounding)
	var memories struct {
		Format   string `json:"format"`
		Memories []struct {
			Path  string `json:"memory"`
			Depth int    `json:"depth"`
		} `json:"memories"`
	}
	require.NoError(t, json.Unmarshal([]byte(files[mapFile]), &memories))
	assert.Equal(t, "rampart memory map 1", memories.Format)
	assert.Len(t, memories.Memories, len(b.HW.Map))
	for _, name := range []string{"ir/graph.txt", "ir/fixed.txt", "ir/rtl.txt", "verilog/net.v", "hls/top.c"} {
		assert.NotEmpty(t, files[name], name)
	}
}

func TestCompileIsRepeatable(t *testing.T) {
	for name, o := range map[string]Options{
		"general": {Scales: quant.General, Calibration: quant.MSE},
		"pow2":    {WeightBits: 5, ActBits: 6, Scales: quant.Pow2, Calibration: quant.MinMax, Rounding: "half-even", Multipliers: 20},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			req := request(t, dir, unet())
			req.Options = o
			_, err := Compile(t.Context(), req, nil)
			require.NoError(t, err)
			first := filetest.Tree(t, req.Out)
			_, err = Compile(t.Context(), req, nil)
			require.NoError(t, err, "a build takes the place of an older one")
			assert.Equal(t, first, filetest.Tree(t, req.Out))
			assert.Len(t, filetest.Tree(t, dir), len(first)+2, "nothing is left beside the build")
		})
	}
}

// TestCompileShapes takes networks of unusual ends and sizes all the way, and compares the engines.
func TestCompileShapes(t *testing.T) {
	for name, c := range map[string]struct {
		make    func(b *onnxtest.Builder)
		classes int
		outputs []string
	}{
		"one score a pixel": {func(b *onnxtest.Builder) { b.Output(b.Conv("y", "x", 1, 1, 3), 1, 4, 4) }, 2, []string{"logits"}},
		"one pixel": {func(b *onnxtest.Builder) {
			b.Output(b.Conv("y", b.Pool("p", b.Conv("c", "x", 1, 2, 3), 4), 2, 3, 1), 3, 1, 1)
		}, 3, []string{"logits"}},
		"argmax": {func(b *onnxtest.Builder) { b.Output(b.Channels("ArgMax", "y", b.Conv("c", "x", 1, 3, 3)), 1, 4, 4) }, 3, []string{"logits"}},
		"argmax of softmax": {func(b *onnxtest.Builder) {
			b.Output(b.Channels("ArgMax", "y", b.Channels("Softmax", "s", b.Conv("c", "x", 1, 3, 3))), 1, 4, 4)
		}, 3, []string{"logits"}},
		"argmax of one": {func(b *onnxtest.Builder) { b.Output(b.Channels("ArgMax", "y", b.Conv("c", "x", 1, 1, 3)), 1, 4, 4) }, 2, []string{"logits"}},
		"softmax":       {func(b *onnxtest.Builder) { b.Output(b.Channels("Softmax", "y", b.Conv("c", "x", 1, 3, 3)), 3, 4, 4) }, 3, []string{"logits"}},
		"scores and classes": {func(b *onnxtest.Builder) {
			b.Output(b.Conv("c", "x", 1, 3, 3), 3, 4, 4)
			b.Output(b.Channels("ArgMax", "y", "c"), 1, 4, 4)
		}, 3, []string{"logits"}},
		"classes and scores": {func(b *onnxtest.Builder) {
			b.Output(b.Channels("ArgMax", "y", b.Conv("c", "x", 1, 3, 3)), 1, 4, 4)
			b.Output("c", 3, 4, 4)
		}, 3, []string{"logits"}},
		"names of files": {func(b *onnxtest.Builder) {
			b.Output(b.Conv("y", "x", 1, 3, 3), 3, 4, 4)
			b.Output(b.Conv("masks", "x", 1, 2, 1), 2, 4, 4)
			b.Output(b.Conv("more", "x", 1, 1, 1), 1, 4, 4)
		}, 3, []string{"logits", "output_masks", "more"}},
		"pool alone": {func(b *onnxtest.Builder) { b.Output(b.Pool("y", "x", 2), 1, 2, 2) }, 2, []string{"logits"}},
		"relu alone": {func(b *onnxtest.Builder) { b.Output(b.Relu("y", "x"), 1, 4, 4) }, 2, []string{"logits"}},
		"long names": {func(b *onnxtest.Builder) {
			long := strings.Repeat("layer/", 80) + strings.Repeat("name_", 80)
			c := b.Conv(long+"c", "x", 1, 2, 3)
			b.Output(b.Conv(long+"y", b.Channels("Concat", long+"j", c, b.Relu(long+"r", c)), 4, 3, 1), 3, 4, 4)
		}, 3, []string{"logits"}},
		"pool over the edge": {func(b *onnxtest.Builder) {
			b.Output(b.Conv("y", b.Add(onnxtest.Node{
				Op: "MaxPool", In: []string{b.Pool("p", "x", 4)}, Out: "over",
				Ints: map[string][]int{"kernel_shape": {2, 3}, "strides": {2, 3}}, Attrs: map[string]int{"ceil_mode": 1},
			}), 1, 3, 1), 3, 1, 1)
		}, 3, []string{"logits"}},
		"image alone":           {func(b *onnxtest.Builder) { b.Output(b.Channels("Concat", "y", "x", "x"), 2, 4, 4) }, 2, []string{"logits"}},
		"larger than its input": {func(b *onnxtest.Builder) { b.Output(b.Up("y", "x", 1, 2), 2, 8, 8) }, 2, []string{"logits"}},
		"256 classes":           {func(b *onnxtest.Builder) { b.Output(b.Conv("y", "x", 1, 256, 1), 256, 4, 4) }, 256, []string{"logits"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := onnxtest.NewBuilder(1, 4, 4)
			c.make(m)
			b := compiled(t, m.Model)
			assert.Equal(t, c.classes, b.Classes())
			out := beside(b, "out")
			var first map[string]string
			for _, e := range []Engine{Fixed, Interp} {
				s, err := b.Simulate(t.Context(), SimulateOptions{Engine: e, Images: beside(b, "images.npy"), Out: out})
				require.NoError(t, err)
				assert.Equal(t, c.outputs, s.Outputs)
				files := filetest.Tree(t, out)
				delete(files, summaryFile)
				assert.Len(t, files, len(c.outputs)+1+3)
				if first == nil {
					first = files
				}
				assert.Equal(t, first, files)
			}
			floats := beside(b, "float")
			_, err := Eval(t.Context(), EvalOptions{Model: beside(b, "net.onnx"), Images: beside(b, "images.npy"), Out: floats})
			require.NoError(t, err)
			agree, of := 0, 0
			want, got := readMasks(t, floats), readMasks(t, out)
			assert.Equal(t, want.Shape, got.Shape)
			for i, class := range want.Uint8 {
				assert.Less(t, int(class), c.classes)
				if of++; got.Uint8[i] == class {
					agree++
				}
			}
			assert.Greater(t, 100*agree, 80*of, "integers classify as floats do")
		})
	}
}

func readMasks(t *testing.T, dir string) *npy.Array {
	a, err := npy.Read(filepath.Join(dir, "masks.npy"))
	require.NoError(t, err)
	return a
}

func TestCompileRefuses(t *testing.T) {
	one := func(c, h, w int, grow func(*onnxtest.Builder)) onnxtest.Model {
		b := onnxtest.NewBuilder(c, h, w)
		grow(b)
		return b.Model
	}
	for name, c := range map[string]struct {
		model onnxtest.Model
		spoil func(t *testing.T, r *Request)
		tells []string
	}{
		"no model":            {unet(), func(_ *testing.T, r *Request) { r.Model += "x" }, []string{"net.onnxx", "no such file", "give an ONNX file"}},
		"model is a folder":   {unet(), func(_ *testing.T, r *Request) { r.Model = filepath.Dir(r.Model) }, []string{"is a directory"}},
		"no images":           {unet(), func(_ *testing.T, r *Request) { r.Calib += "x" }, []string{"images.npyx", "no such file"}},
		"images of a shape":   {unet(), func(t *testing.T, r *Request) { filetest.Noise(t, filepath.Dir(r.Model), "images.npy", 9, 3, 5, 5, 2) }, []string{"images.npy", "[3 5 5 2]", "2 channels of 6 rows x 8 columns"}},
		"empty set":           {unet(), func(t *testing.T, r *Request) { filetest.Noise(t, filepath.Dir(r.Model), "images.npy", 9, 0, 6, 8, 2) }, []string{"images.npy", "no image"}},
		"empty folder":        {unet(), func(t *testing.T, r *Request) { r.Calib = t.TempDir() }, []string{"no .png"}},
		"images are a model":  {unet(), func(_ *testing.T, r *Request) { r.Calib = r.Model }, []string{"net.onnx", ".npy"}},
		"bits":                {unet(), func(_ *testing.T, r *Request) { r.Options.WeightBits = 1 }, []string{"weight", "2"}},
		"scales":              {unet(), func(_ *testing.T, r *Request) { r.Options.Scales = "odd" }, []string{"odd"}},
		"rounding":            {unet(), func(_ *testing.T, r *Request) { r.Options.Rounding = "down" }, []string{"--rounding", "down", "half-even"}},
		"mean":                {unet(), func(_ *testing.T, r *Request) { r.Options.Preprocess.Mean = []float64{1, 2, 3} }, []string{"--mean", "3 values for 2 channels"}},
		"too few multipliers": {unet(), func(_ *testing.T, r *Request) { r.Options.Multipliers = 1 }, []string{"multiplier", "4"}},
		"too few cycles":      {unet(), func(_ *testing.T, r *Request) { r.Options.Cycles = 1 }, []string{"cycle"}},
		"out below a file":    {unet(), func(_ *testing.T, r *Request) { r.Out = filepath.Join(r.Model, "deep", "build") }, []string{"net.onnx", "a part of its path is a file"}},
		"out is a file":       {unet(), func(_ *testing.T, r *Request) { r.Out = r.Model }, []string{"net.onnx", "is a file"}},
		"somebody's folder":   {unet(), func(_ *testing.T, r *Request) { r.Out = filepath.Dir(r.Model) }, []string{"holds other files", "build.json"}},
		"not a number": {func() onnxtest.Model { m := unet(); m.Weights[0].Data[3] = float32(math.NaN()); return m }(), nil,
			[]string{"net.onnx", "enc.weight", "NaN"}},
		"unknown operator": {one(1, 4, 4, func(b *onnxtest.Builder) {
			b.Output(b.Add(onnxtest.Node{Op: "Erf", In: []string{"x"}, Out: "y"}), 1, 4, 4)
		}), nil, []string{"net.onnx", "y", "Erf", "supported are"}},
		"257 classes": {one(1, 2, 2, func(b *onnxtest.Builder) { b.Output(b.Conv("y", "x", 1, 257, 1), 257, 2, 2) }), nil,
			[]string{"net.onnx", "257 classes", "256"}},
		"argmax of 257": {one(1, 2, 2, func(b *onnxtest.Builder) {
			b.Output(b.Channels("ArgMax", "y", b.Conv("c", "x", 1, 257, 1)), 1, 2, 2)
		}), nil, []string{"net.onnx", "257 classes"}},
		"two inputs": {one(1, 4, 4, func(b *onnxtest.Builder) {
			b.Inputs = append(b.Inputs, onnxtest.Port{Name: "z", Shape: [4]int{1, 1, 4, 4}})
			b.Output(b.Conv("y", b.Channels("Concat", "j", "x", "z"), 2, 2, 1), 2, 4, 4)
		}), nil, []string{"net.onnx", "it has 2 inputs", "one image input"}},
		"classes of the image": {one(3, 4, 4, func(b *onnxtest.Builder) {
			b.Output(b.Channels("ArgMax", "y", b.Channels("Softmax", "s", b.Channels("Concat", "j", "x"))), 1, 4, 4)
		}), nil, []string{"net.onnx", "y: it takes the classes from the image itself"}},
		"chances of the image": {one(3, 4, 4, func(b *onnxtest.Builder) { b.Output(b.Channels("Softmax", "y", "x"), 3, 4, 4) }), nil,
			[]string{"net.onnx", "y: it takes the classes from the image itself"}},
		"another size": {unet(), func(_ *testing.T, r *Request) { r.Options.Size = Size{8, 6} }, []string{"net.onnx", "x: its images are 6x8, and --size says 8x6"}},
		"no size":      {open(), func(_ *testing.T, r *Request) {}, []string{"net.onnx", "x: the height or width is dynamic", "--size"}},
		"no network":   {onnxtest.Model{}, nil, []string{"net.onnx", "no outputs"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			model := c.model
			if len(model.Inputs) == 0 {
				model.Inputs = unet().Inputs
			}
			req := request(t, dir, model)
			if c.spoil != nil {
				c.spoil(t, &req)
			}
			before := filetest.Tree(t, dir)
			_, err := Compile(t.Context(), req, nil)
			requireProblem(t, err, c.tells...)
			assert.Equal(t, before, filetest.Tree(t, dir), "nothing may be left behind")
		})
	}
}

// open is a network whose input has no size.
func open() onnxtest.Model {
	m := unet()
	m.Inputs[0].Shape[2], m.Inputs[0].Shape[3] = 0, 0
	return m
}

// TestCompileAtASize: a model that leaves its size open compiles to what one of that size compiles to.
func TestCompileAtASize(t *testing.T) {
	fixed := compiled(t, unet())
	req := request(t, t.TempDir(), unet()) // with images of its size
	require.NoError(t, os.WriteFile(req.Model, open().Encode(), 0o666))
	req.Options = fixed.Info.Options
	req.Options.Size = Size{6, 8}
	b, err := Compile(t.Context(), req, nil)
	require.NoError(t, err)
	assert.Equal(t, Size{6, 8}, b.Info.Options.Size)
	want := filetest.Tree(t, fixed.Dir)
	for name, data := range filetest.Tree(t, b.Dir) {
		if name != buildFile {
			assert.Equal(t, want[name], data, name)
		}
	}
	_, err = Eval(t.Context(), EvalOptions{Model: req.Model, Images: req.Calib, Out: beside(b, "float"), Size: Size{6, 8}})
	assert.NoError(t, err)
}

// TestEvalRefusesWhatIsNotFinite: numbers that overflow classify nothing.
func TestEvalRefusesWhatIsNotFinite(t *testing.T) {
	m := unet()
	for i := range m.Weights {
		for j := range m.Weights[i].Data {
			m.Weights[i].Data[j] = 3e38
		}
	}
	req := request(t, t.TempDir(), m)
	out := filepath.Join(filepath.Dir(req.Model), "float")
	_, err := Eval(t.Context(), EvalOptions{Model: req.Model, Images: req.Calib, Out: out})
	requireProblem(t, err, "net.onnx", "image 0 makes it infinite or not a number")
	assert.NoFileExists(t, out)
}

// TestEndlessModel: a file without end is refused before it fills the memory.
func TestEndlessModel(t *testing.T) {
	_, err := readUpTo("/dev/zero", 1<<20)
	assert.ErrorContains(t, err, "larger than 1 MiB")
	data, err := readUpTo("compile_test.go", 1<<20)
	require.NoError(t, err)
	assert.Contains(t, string(data), "TestEndlessModel")
}

// TestCompileTruncated: no beginning of a model is compiled, and an older build stays as it was.
func TestCompileTruncated(t *testing.T) {
	dir := t.TempDir()
	req := request(t, dir, unet())
	_, err := Compile(t.Context(), req, nil)
	require.NoError(t, err)
	data := unet().Encode()
	build := filetest.Tree(t, req.Out)
	for n := 0; n < len(data); n += 37 {
		require.NoError(t, os.WriteFile(req.Model, data[:n], 0o666))
		_, err := Compile(t.Context(), req, nil)
		requireProblem(t, err, req.Model)
	}
	assert.Equal(t, build, filetest.Tree(t, req.Out))
	assert.Len(t, filetest.Tree(t, dir), len(build)+2)
}

// TestCompileNoise: a model with bits inverted is refused, or compiles to a build that can be opened.
func TestCompileNoise(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	clean := unet().Encode()
	refused, accepted := 0, 0
	dir := t.TempDir()
	req := request(t, dir, unet())
	for range 80 {
		data := append([]byte{}, clean...)
		for range 1 + rng.IntN(4) {
			data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
		}
		require.NoError(t, os.WriteFile(req.Model, data, 0o666))
		if _, err := Compile(t.Context(), req, nil); err != nil {
			requireProblem(t, err)
			refused++
			continue
		}
		_, err := Open(t.Context(), req.Out)
		require.NoError(t, err)
		accepted++
	}
	assert.Positive(t, refused)
	assert.Positive(t, accepted)
}

// cancelAt is a context that ends when the step of that name begins.
func cancelAt(t *testing.T, step string) (context.Context, func(string, int, int)) {
	ctx, cancel := context.WithCancel(t.Context())
	return ctx, func(name string, _, _ int) {
		if name == step {
			cancel()
		}
	}
}

func TestCompileInterrupted(t *testing.T) {
	for _, s := range Steps {
		t.Run(s.Name, func(t *testing.T) {
			dir := t.TempDir()
			req := request(t, dir, unet())
			before := filetest.Tree(t, dir)
			ctx, progress := cancelAt(t, s.Name)
			_, err := Compile(ctx, req, progress)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, before, filetest.Tree(t, dir))
		})
	}
}
