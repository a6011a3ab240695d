package functional_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
)

// session is a worker on a network with a golden frame, and what that is.
type session struct {
	t      *testing.T
	net    *fixed.Net
	in     []*fixed.Tensor
	w      *functional.Worker
	e      *functional.Engine
	golden map[*fixed.Value]*fixed.Tensor
}

// sets are those of this machine, and Go's used as if it gained by bytes: that way is then tried everywhere.
func sets() []*kernel.Set {
	all := kernel.Sets()
	bytes := *all[len(all)-1]
	bytes.Name, bytes.Bytes = "go by bytes", true
	return append(all, &bytes)
}

func start(t *testing.T, net *fixed.Net, in []*fixed.Tensor, k *kernel.Set) *session {
	t.Helper()
	e, err := functional.New(net, k)
	require.NoError(t, err)
	s := &session{t: t, net: net, e: e, w: e.Worker()}
	s.run(in)
	return s
}

func (s *session) run(in []*fixed.Tensor) {
	s.t.Helper()
	require.NoError(s.t, s.w.Run(in))
	var err error
	s.in = in
	s.golden, err = oracle(s.t.Context(), s.net, in, nil)
	require.NoError(s.t, err)
}

// check says how Strike or Dense differ from the oracle.
func (s *session) check(patches []functional.Patch) error {
	want, err := oracle(s.t.Context(), s.net, s.in, patches)
	if err != nil {
		return err
	}
	for _, how := range []struct {
		name string
		f    func([]functional.Patch) *functional.Diff
	}{{"strike", s.w.Strike}, {"dense", s.w.Dense}} {
		d := how.f(patches)
		if err := unequal(how.name, s.net, want, s.w.Faulty); err != nil {
			return err
		}
		if err := wrongDiff(how.name, s.net, s.golden, want, d); err != nil {
			return err
		}
	}
	return unequal("golden", s.net, s.golden, s.w.Tensor)
}

func TestRandomNetworks(t *testing.T) {
	for _, k := range sets() {
		t.Run(k.Name, func(t *testing.T) {
			unmasked := 0
			for seed := range uint64(200) {
				d := nettest.New(seed)
				net := d.Net(d.Within(1, 7))
				s := start(t, net, d.Inputs(net), k)
				s.e.SetFew(d.Pick(0, 1, 32))
				require.NoError(t, unequal("run", net, s.golden, s.w.Tensor), "seed %d", seed)
				for range 20 {
					ps := anyPatches(d, net)
					require.NoError(t, s.e.Validate(ps), "seed %d: %+v", seed, ps)
					require.NoError(t, s.check(ps), "seed %d: %+v\n%s", seed, ps, fixed.Print(net))
					if !s.w.Strike(ps).Masked() {
						unmasked++
					}
				}
				s.run(d.Inputs(net))
				require.NoError(t, unequal("second run", net, s.golden, s.w.Tensor), "seed %d", seed)
			}
			assert.Greater(t, unmasked, 1500, "patches hardly change anything")
		})
	}
}
