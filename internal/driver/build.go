package driver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/protect"
	"rampart/ir/protect/float"
	"rampart/ir/protect/network"
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
	// ModelProtection tells what each pass of a policy did to the float network.
	ModelProtection []*float.Report `json:"model_protection,omitempty"`
	// NetworkProtection tells what guards a policy gave the integer network.
	NetworkProtection *network.Report `json:"network_protection,omitempty"`
	// MemoryProtection tells what a policy did to each memory, and what that takes.
	MemoryProtection []protect.Cost `json:"memory_protection,omitempty"`
	// Files holds the SHA-256 of every other file of the build.
	Files map[string]string `json:"files"`

	Written []string `json:"written,omitempty"` // paths of all files, of a build just compiled; not in build.json
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
	Size        Size               `json:"size,omitzero"` // of a model that leaves it open
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

	Protected *protect.Protected // nil without a policy
	policy    *protect.Policy
}

// Open reads a build folder. The network comes from its text, which must be what was compiled; plan and
// hardware follow from the network, and must be what the build says of them.
func Open(ctx context.Context, dir string) (*Build, error) {
	b := &Build{Dir: dir}
	data, err := b.read(buildFile)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &b.Info); err != nil {
		return nil, b.spoilt(buildFile, "it is damaged: "+err.Error())
	}
	if err := b.Info.check(); err != nil {
		return nil, b.spoilt(buildFile, err.Error())
	}
	if data, err = b.readText(fixedFile); err != nil {
		return nil, err
	}
	if b.Net, err = fixed.Parse(filepath.Join(dir, fixedFile), data); err != nil {
		return nil, err
	}
	if data, err = b.readText(planFile); err != nil {
		return nil, err
	}
	if b.Plan, err = plan.Parse(filepath.Join(dir, planFile), data, b.Net); err != nil {
		return nil, err
	}
	if b.Plan.Estimate != b.Info.Estimate {
		return nil, b.spoilt(buildFile, "its estimate is not that of "+planFile)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b.Info.Files[policyFile] != "" {
		if data, err = b.readText(policyFile); err != nil {
			return nil, err
		}
		if b.policy, err = protect.Read(filepath.Join(dir, policyFile), data); err != nil {
			return nil, err
		}
	}
	return b, b.build()
}

// build makes the hardware of the plan, with the protection of the policy.
func (b *Build) build() (err error) {
	if b.HW, err = hw.Build(b.Plan); err != nil || b.policy == nil {
		return err
	}
	return b.protect()
}

// check tells what cannot be so in the build.json of this version.
func (i *Info) check() error {
	switch {
	case i.Version == "":
		return errors.New("rampart did not write it")
	case i.Version != Version:
		return fmt.Errorf("rampart %s wrote it, this is %s", i.Version, Version)
	case i.Files[fixedFile] == "" || !(i.Input.Scale > 0) || math.IsInf(i.Input.Scale, 0):
		return errors.New("it is damaged: facts are missing or make no sense")
	}
	return i.Options.Preprocess.Check(i.Input.Channels)
}

// Digest is the SHA-256 of all that was built.
func (b *Build) Digest() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(b.Info.Files)) {
		fmt.Fprintln(h, name, b.Info.Files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// readText reads the text of an IR, which must be as it was compiled.
func (b *Build) readText(name string) ([]byte, error) {
	data, err := b.read(name)
	if err == nil && digest(data) != b.Info.Files[name] {
		err = b.spoilt(name, "it was changed after it was compiled")
	}
	return data, err
}

func (b *Build) read(name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(b.Dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, diag.Problem{File: b.Dir, What: "it is not a build folder: " + name + " is missing", Remedy: "give the folder that rampart compile wrote"}
	case err != nil:
		return nil, diag.Problem{File: filepath.Join(b.Dir, name), What: "it cannot be read: " + cause(err), Remedy: "give the folder that rampart compile wrote"}
	}
	return data, nil
}

func (b *Build) spoilt(name, what string) error {
	return diag.Problem{File: filepath.Join(b.Dir, name), What: what, Remedy: "compile the model again"}
}

// Names of files inside a build folder.
const (
	buildFile = "build.json"
	graphFile = "ir/graph.txt"
	fixedFile = "ir/fixed.txt"
	planFile  = "ir/plan.txt"
	rtlFile   = "ir/rtl.txt"
	mapFile   = "memory_map.json"

	policyFile = "protect.yaml" // where there is a policy
)
