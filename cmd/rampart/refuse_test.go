package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/filetest"
	"rampart/internal/onnxtest"
)

// TestBadInput: one message, exit code 2, and nothing written.
func TestBadInput(t *testing.T) {
	s := newShell(t)
	s.build()
	filetest.Noise(t, ".", "wide.npy", 9, 3, 4, 5, 2)
	filetest.Noise(t, ".", "none.npy", 9, 0, 4, 4, 2)
	require.NoError(t, os.WriteFile("cut.onnx", onnxtest.UNet(2, 4, 4, 3).Encode()[:300], 0o666))
	require.NoError(t, os.WriteFile("faults.txt", []byte("enc.weights[0].0@1 # good\n\n# none\nenc.weights[0].x@1\nenc.weights@1\n"), 0o666))
	require.NoError(t, os.WriteFile("wrong.yaml", nil, 0o666))
	simulate, inject := "simulate build --images images.npy -o new", "inject build --images images.npy -o new --engine interp"
	before := files(t)
	for line, tells := range map[string]string{
		"frobnicate":                                                                  `unknown command "frobnicate"`,
		"compile --calib images.npy -o new":                                           "compile takes one argument, the ONNX file, and was given 0; see rampart compile --help",
		"compile a b --calib images.npy -o new":                                       "was given 2",
		"compile net.onnx -o new":                                                     `required flag(s) "calib" not set`,
		"compile net.onnx --calib images.npy":                                         `required flag(s) "out" not set`,
		"compile net.onnx --calib images.npy -o new --bits x":                         "--bits",
		"compile net.onnx --calib images.npy -o new --bits 40":                        "40",
		"compile net.onnx --calib images.npy -o new --bits 0":                         "--bits: 0 is not possible; give a positive number, or leave it out",
		"compile net.onnx --calib images.npy -o new --multipliers 0":                  "--multipliers: 0 is not possible",
		"eval net.onnx --images images.npy -o new --scale 0":                          "--scale: 0 is not possible",
		"inspect net.onnx --size 4":                                                   `"4" for "--size" flag: a size is HEIGHTxWIDTH`,
		"inspect net.onnx --size 4x4x4":                                               "a size is HEIGHTxWIDTH",
		"inspect net.onnx --size 0x4":                                                 "a size is HEIGHTxWIDTH",
		"inspect net.onnx --size 8x4":                                                 "its images are 4x4, and --size says 8x4",
		"compile net.onnx --calib images.npy -o new --bogus":                          "unknown flag: --bogus; see rampart compile --help",
		"compile net.onnx --calib images.npy -o new --cycles 9 --multipliers 9":       "cycles multipliers",
		"compile net.onnx --calib images.npy -o new --cycles -4":                      "negative",
		"compile net.onnx --calib images.npy -o new --jobs 0":                         "--jobs: 0 is not a number of processors",
		"compile net.onnx --calib images.npy -o new --seed -1":                        "--seed",
		"compile cut.onnx --calib images.npy -o new":                                  "cut.onnx",
		"compile net.onnx --calib wide.npy -o new":                                    "wide.npy",
		"compile net.onnx --calib images.npy -o net.onnx/new":                         "a part of its path is a file",
		"compile net.onnx --calib images.npy -o .":                                    "holds other files",
		"compile net.onnx --calib images.npy -o /dev/full":                            "/dev/full",
		"compile net.onnx --calib images.npy -o /proc/new":                            "/proc/new",
		"inspect cut.onnx":                                                            "cut.onnx",
		"inspect nowhere.onnx":                                                        "nowhere.onnx",
		"eval net.onnx --images wide.npy -o new":                                      "wide.npy",
		"eval net.onnx --images images.npy -o new --std 0":                            "--std",
		"eval net.onnx --images images.npy --labels images.npy -o new":                "images.npy",
		"simulate nowhere --images images.npy -o new":                                 "nowhere: it is not a build folder",
		"simulate build --images wide.npy -o new":                                     "[3 4 5 2]",
		"simulate build --images none.npy -o new":                                     "no image",
		simulate + " --engine warp":                                                   `--engine: "warp" is not an engine; give one of fixed, interp, go, verilator, hlsc`,
		simulate + " --labels images.npy":                                             "images.npy",
		simulate + " --wave w.vcd":                                                    "engine fixed writes no waveforms",
		simulate + " --engine interp --wave net.onnx/w.vcd":                           "a part of its path is a file",
		simulate + " --engine interp --wave /dev/full":                                "/dev/full: the disk is full",
		"verify nowhere":                                                              "nowhere",
		"verify build --engines warp":                                                 `"warp" is not an engine`,
		"verify build --flips -1":                                                     "negative",
		"verify build --images wide.npy":                                              "wide.npy",
		inject:                                                                        "there are no faults to inject; give --fault, --faults or a positive --random",
		inject + " --random -3":                                                       "no faults",
		inject + " --random 3 --sites lakes":                                          `--sites: "lakes" is not a set of sites`,
		inject + " --fault enc.weights":                                               "MEMORY[WORD].BIT@CYCLE",
		inject + " --fault enc.weights[0].0":                                          "no cycle",
		inject + " --fault enc.weights[-1].0@1":                                       "word",
		inject + " --fault enc.weights[0].0@-1":                                       "cycle",
		inject + " --fault enc.weights[9999999].0@1":                                  "enc.weights has",
		inject + " --fault nowhere[0].0@1":                                            "no such memory or register",
		inject + " --fault enc.weights[0].0@999999999":                                "the run ends with cycle",
		inject + " --faults faults.txt":                                               "faults.txt: line 4",
		inject + " --faults nowhere.txt":                                              "nowhere.txt: it cannot be read",
		"inject build --images images.npy -o new --engine fixed --random 1":           "fixed has no cycles",
		"inject build --images images.npy -o net.onnx --engine interp --random 1":     "is a file, not a folder",
		"inject build --images images.npy -o build --engine interp --random 1":        "holds other files",
		"inject build --images wide.npy -o new --engine interp --random 1":            "wide.npy",
		"inject build --images images.npy -o new --engine interp --random 1 --jobs x": "--jobs",
	} {
		t.Run(line, func(t *testing.T) {
			code, out, errs := s.run(line)
			assert.Equal(t, 2, code)
			assert.Empty(t, out)
			assert.True(t, strings.HasPrefix(errs, "rampart: "), errs)
			assert.Contains(t, errs, tells)
			assert.NotContains(t, errs, "BUG")
			assert.Equal(t, before, files(t))

			code, out, again := s.run("--json " + line)
			assert.Equal(t, 2, code)
			assert.Equal(t, errs, again)
			got := object(t, out)
			assert.Equal(t, 2.0, got["exit"])
			assert.Equal(t, strings.TrimSuffix(strings.TrimPrefix(errs, "rampart: "), "\n"), got["error"])
		})
	}
}

func TestMissingTools(t *testing.T) {
	s := newShell(t)
	s.build()
	t.Setenv("PATH", t.TempDir())
	before := files(t)
	for line, tells := range map[string]string{
		"simulate build --images images.npy -o new --engine go":        "go is not installed; install it with: apt-get install golang",
		"simulate build --images images.npy -o new --engine verilator": "verilator is not installed; install it with: apt-get install verilator g++ make",
		"simulate build --images images.npy -o new --engine hlsc":      "gcc is not installed; install it with: apt-get install gcc",
		"inject build --images images.npy -o new --random 1":           "go is not installed",
		"verify build":                            "gcc is not installed",
		"verify build --engines go":               "go is not installed",
		"verify build --engines go,verilator":     "is not installed",
		"verify build --engines verilator --json": "verilator is not installed",
	} {
		code, _, errs := s.run(line)
		assert.Equal(t, 3, code, line)
		assert.Contains(t, errs, tells, line)
		assert.Equal(t, 1, strings.Count(errs, "\n"), "one message")
		assert.Equal(t, before, files(t))
	}
	s.ok("simulate build --images images.npy -o new")
	require.NoError(t, os.RemoveAll("new"))

	// Verilator without the compiler that it needs.
	for _, tool := range []string{"verilator", "make"} {
		require.NoError(t, os.WriteFile(filepath.Join(os.Getenv("PATH"), tool), []byte("#!/bin/sh\n"), 0o777))
	}
	code, _, errs := s.run("simulate build --images images.npy -o new --engine verilator")
	assert.Equal(t, 3, code)
	assert.Equal(t, "rampart: g++ is not installed; install it with: apt-get install verilator g++ make\n", errs)
}

// A cache that cannot be written is told of, with the variable that names another.
func TestUnusableCache(t *testing.T) {
	s := newShell(t)
	s.build()
	before := files(t)
	t.Setenv("RAMPART_CACHE", "net.onnx/cache")
	for _, engine := range []string{"go", "verilator"} {
		code, _, errs := s.run("simulate build --images images.npy -o new --engine " + engine)
		assert.Equal(t, 2, code)
		assert.Equal(t, "rampart: net.onnx/cache/"+engine+": not a directory; set RAMPART_CACHE to a folder for built simulators\n", errs)
	}
	assert.Equal(t, before, files(t))
}
