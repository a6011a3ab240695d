package plan

import (
	"context"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/fixed"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// example is a small network with every kind of stage, and its plan.
func example(t testing.TB) (*fixed.Net, *Plan) {
	t.Helper()
	s, in := newSketch(t, 1, 3, 8, 12)
	s.net.Name = "example"
	skip := s.conv(in, 4, same(3, 1))
	v := s.pool(skip, 2)
	v = s.up(v, 4, 2, 2, skip.Shape)
	v = s.concat(s.requant(skip), v, skip)
	v = s.conv(v, 5, same(1, 1))
	classes := s.add(&fixed.ArgMax{}, fixed.Shape{C: 1, H: 8, W: 12}, v)
	classes.Name = "classes"
	net := s.finish(classes)
	p, err := New(context.Background(), net, Target{Multipliers: 40})
	require.NoError(t, err)
	return net, p
}

func TestTextGolden(t *testing.T) {
	const file = "testdata/example.txt"
	_, p := example(t)
	got := Print(p)
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "go test ./ir/plan -update rewrites it")
}

// The plan read back is the plan written: field by field, not only as text.
func TestTextRoundTrip(t *testing.T) {
	each(t, 2, func(t *testing.T, net *fixed.Net, p *Plan) {
		text := Print(p)
		back, err := Parse("plan", text, net)
		require.NoError(t, err, "%s", text)
		require.True(t, reflect.DeepEqual(p, back), "%s", text)
		require.Equal(t, string(text), string(Print(back)))
	})
}

func TestPlansAreReproducible(t *testing.T) {
	_, a := example(t)
	_, b := example(t)
	assert.Equal(t, string(Print(a)), string(Print(b)))
}

func TestParseRefuses(t *testing.T) {
	net, p := example(t)
	good := string(Print(p))
	for want, change := range map[string][2]string{
		`line 1: "net" stands where "plan" is due`:                    {"plan example", "net example"},
		`line 2: a number is due at "x"`:                              {"warmup 1", "warmup x"},
		`line 2: buffers are least or ample, not "tiny"`:              {"least", "tiny"},
		`line 2: "fast" stands where "estimate" is due`:               {"estimate", "fast"},
		`line 3: the network has no input "out"`:                      {`"in"`, `"out"`},
		`line 3: a quoted name is due`:                                {`"in"`, `in`},
		`line 4: "blur" begins no line`:                               {"conv conv0", "blur conv0"},
		`line 4: the network has no node "conv9"`:                     {`"conv0"`, `"conv9"`},
		`line 4: stream "i" is not defined above, or used already`:    {"from in\n", "from i\n"},
		`line 4: "in" stands where "from" is due`:                     {"from in\n", "in\n"},
		`line 5: "width" says nothing about this stage`:               {"  fold outputs 2 taps 1x3", "  width outputs"},
		`line 6: stream "in" is defined twice`:                        {"to conv0_to_fork_conv0", "to in"},
		`line 6: the line ends too early`:                             {"depth 8", "depth"},
		`line 6: "9" is left over`:                                    {"depth 8", "depth 8 9"},
		`stage concat4: the name "concat4" is no identifier`:          {"scale requant3", "scale concat4"},
		`stage conv5: its kind "pool" is not that of its node`:        {"conv conv5", "pool conv5"},
		`its outputs are not those of the network`:                    {"output classes\n", ""},
		`stream in has 99 lanes, not 1 to 12`:                         {"lanes 1", "lanes 99"},
		`stage conv0: it takes 3 outputs at a time`:                   {"outputs 2", "outputs 3"},
		`stream conv0_to_fork_conv0: its buffer holds 1 beats`:        {"depth 8", "depth 1"},
		`stage conv0: its line buffer has 2 rows, it needs 3`:         {"rows 3", "rows 2"},
		`stage conv0: it takes 2 taps at a time in dimension 1, po`:   {"taps 1x3", "taps 1x2"},
		`line 14: the network has no node "conv0", or it has a stage`: {`conv conv2 "conv2"`, `conv conv2 "conv0"`},
		`node "argmax6" has no stage`:                                 {"argmax argmax6 \"argmax6\" from conv5_to_argmax6\n  to classes lanes 1 depth 4\noutput classes", "output conv5_to_argmax6"},
	} {
		t.Run(want, func(t *testing.T) {
			require.Contains(t, good, change[0])
			_, err := Parse("f", []byte(strings.Replace(good, change[0], change[1], 1)), net)
			assert.ErrorContains(t, err, want)
		})
	}
}

// Whatever parses prints, and reads back the same.
func FuzzParse(f *testing.F) {
	net, p := example(f)
	f.Add(string(Print(p)))
	f.Add(strings.Replace(string(Print(p)), "lanes 2", "lanes 12", -1))
	f.Add("plan x\nestimate cycles 1 latency 1 warmup 1 buffers ample\nfork a from\n  to b lanes 1 depth 2")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("fuzz", []byte(text), net)
		if err != nil {
			return
		}
		printed := Print(p)
		back, err := Parse("fuzz", printed, net)
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(p, back))
		require.Equal(t, string(printed), string(Print(back)))
	})
}
