package driver

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// files compares the build folder with what its plan compiles to, and what cannot be compiled from it with
// what the build says of it.
func (v *verifier) files(ctx context.Context) error {
	fresh := &compilation{Build: Build{Net: v.Net, Plan: v.Plan, policy: v.policy}, files: map[string][]byte{}}
	for _, f := range []func(context.Context) error{fresh.hardware, fresh.printHardware, fresh.verilog, fresh.hls} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(v.Info.Files)) {
		got, err := os.ReadFile(filepath.Join(v.Dir, name))
		want, compiled := fresh.files[name]
		switch {
		case err != nil:
			wrong = append(wrong, name+": "+cause(err))
		case compiled && !bytes.Equal(got, want):
			wrong = append(wrong, name+" is not what the plan compiles to")
		case !compiled && digest(got) != v.Info.Files[name]:
			wrong = append(wrong, name+" was changed after it was compiled")
		}
	}
	for _, folder := range []string{"verilog", "hls"} { // from which tools may take all there is
		entries, err := os.ReadDir(filepath.Join(v.Dir, folder))
		if err != nil {
			continue // its files are missing, and named above
		}
		for _, e := range entries {
			if name := folder + "/" + e.Name(); v.Info.Files[name] == "" {
				wrong = append(wrong, name+" does not belong to the build")
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fresh.files)) {
		if v.Info.Files[name] == "" {
			wrong = append(wrong, name+" is missing from build.json")
		}
	}
	diff := ""
	if len(wrong) > 0 {
		diff = wrong[0]
	}
	if n := len(wrong) - 1; n > 0 {
		diff += fmt.Sprintf(", and %d files more", n)
	}
	v.note("files = compiled plan", fmt.Sprintf("%d files", len(v.Info.Files)), diff)
	return nil
}
