package driver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/quant"
)

// Version is the version of rampart that writes builds.
const Version = "0.1.0"

// Info is build.json: what was compiled, how, and what is to be expected of it.
type Info struct {
	Version      string        `json:"rampart"`
	Model        Model         `json:"model"`
	Options      Options       `json:"options"`
	Calibration  Calibration   `json:"calibration"`
	Input        Port          `json:"input"`
	Outputs      []Port        `json:"outputs"`
	Estimate     plan.Estimate `json:"estimate"`
	Multipliers  int           `json:"multipliers"`
	MACsPerFrame int64         `json:"macs_per_frame"`
	Utilisation  float64       `json:"utilisation"`
	Stages       []StageInfo   `json:"stages"`
	Values       []quant.Value `json:"values"`
	Layers       []quant.Layer `json:"layers"`
}

// Model names the network that was compiled.
type Model struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// Calibration names the images that the scales come from.
type Calibration struct {
	Images int    `json:"images"`
	SHA256 string `json:"sha256"`
}

// Port is an input or output of the accelerator: a stream of pixels in raster order. Integers stand
// for (integer - Zero) * Scale.
type Port struct {
	Stream   string  `json:"stream"` // the ports are STREAM_valid, STREAM_ready, STREAM_data
	Value    string  `json:"value"`
	Channels int     `json:"channels"`
	Height   int     `json:"height"`
	Width    int     `json:"width"`
	Bits     int     `json:"bits"`
	Signed   bool    `json:"signed"`
	Lanes    int     `json:"lanes"`
	Beats    int     `json:"beats_per_pixel"`
	Layout   []int   `json:"layout"` // channel of each lane, beat after beat; -1 is padding
	Scale    float64 `json:"scale,omitempty"`
	Zero     int64   `json:"zero_point"`
}

// StageInfo is the plan of one stage.
type StageInfo struct {
	Name        string    `json:"name"`
	Kind        plan.Kind `json:"kind"`
	PE          int       `json:"pe,omitempty"`
	SIMD        int       `json:"simd,omitempty"`
	Multipliers int       `json:"multipliers,omitempty"`
	Cycles      int       `json:"cycles_per_frame"`
	Rows        int       `json:"line_buffer_rows,omitempty"`
	Depths      []int     `json:"fifo_depths"`
}

// Options are what the user chose when compiling.
type Options struct {
	WeightBits  int                `json:"weight_bits"`
	ActBits     int                `json:"act_bits"`
	HeadBits    int                `json:"head_bits"`
	Scales      quant.Scales       `json:"scales"`
	Calibration quant.Calibration  `json:"calibration"`
	Percentile  float64            `json:"percentile"`
	Rounding    string             `json:"rounding"`
	Multipliers int                `json:"multipliers,omitempty"`
	Cycles      int64              `json:"cycles,omitempty"`
	Preprocess  picture.Preprocess `json:"preprocess"`
}

// Target is what the plan aims for.
func (o Options) Target() plan.Target {
	return plan.Target{Cycles: o.Cycles, Multipliers: o.Multipliers}
}

// Build is a compiled network, made by Compile or read from its folder.
type Build struct {
	Dir  string
	Info Info
	Net  *fixed.Net
	Plan *plan.Plan
	HW   *hw.Hardware
}

// Open reads a build folder.
func Open(ctx context.Context, dir string) (*Build, error) {
	b := &Build{Dir: dir}
	data, err := b.read("build.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &b.Info); err != nil {
		return nil, b.spoilt("build.json", err)
	}
	if b.Info.Version != Version {
		return nil, diag.Problem{File: dir, What: fmt.Sprintf("it was made by rampart %s, this is %s", b.Info.Version, Version), Remedy: "compile the model again"}
	}
	if data, err = b.read(fixedFile); err != nil {
		return nil, err
	}
	if b.Net, err = fixed.Parse(filepath.Join(dir, fixedFile), data); err != nil {
		return nil, err
	}
	if b.Plan, err = plan.New(ctx, b.Net, b.Info.Options.Target()); err != nil {
		return nil, err
	}
	if b.HW, err = hw.Build(b.Plan); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Build) read(name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(b.Dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, diag.Problem{File: b.Dir, What: "it is not a build folder: " + name + " is missing", Remedy: "give the folder that rampart compile wrote"}
	case err != nil:
		return nil, fmt.Errorf("build %s: %w", b.Dir, err)
	}
	return data, nil
}

func (b *Build) spoilt(name string, err error) error {
	return diag.Problem{File: filepath.Join(b.Dir, name), What: err.Error(), Remedy: "compile the model again"}
}

// Names of files inside a build folder.
const (
	graphFile = "ir/graph.txt"
	fixedFile = "ir/fixed.txt"
	planFile  = "ir/plan.txt"
	rtlFile   = "ir/rtl.txt"
	mapFile   = "memory_map.json"
)
