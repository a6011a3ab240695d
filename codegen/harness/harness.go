// Package harness writes the C++ program that runs Verilator's model of a design as a worker: it obeys
// the wire format of sim/worker on its standard input and output. In: an ir/rtl design and the streams
// of its top module. Out: C++ that is the same for every design (runtime/), the tables of this one
// (design.h), and Verilator's control file (state.vlt), which keeps the state of the design reachable
// so that the Verilog itself needs no pragmas. It does not run any tool.
//
// The program finds registers, read ports and memories by name in Verilator's own tables, and treats
// each as the bytes that Verilator keeps it in: little-endian, words of a memory one after another.
package harness

import (
	"embed"
	"fmt"
	"sort"
	"strings"

	"rampart/ir/rtl"
	"rampart/sim/drive"
)

// Prefix is the class name that Verilator must be told to give the model (--prefix).
const Prefix = "Vdut"

// File is one file of the program.
type File struct {
	Name string
	Data []byte
}

// Names of the files.
const (
	WorkerFile  = "worker.cpp"
	TablesFile  = "design.h"
	ControlFile = "state.vlt"
)

//go:embed runtime
var runtime embed.FS

// runtimeFiles are the same for every design.
var runtimeFiles = []string{WorkerFile, "model.h", "run.h", "wire.h"}

// Emit writes the program for d, whose top module has the given streams. The fingerprint is what the
// program says it was made from when its client asks.
func Emit(d *rtl.Design, ports drive.Ports, fingerprint uint64) []File {
	files := []File{{TablesFile, tables(d, ports, fingerprint)}, {ControlFile, control(d)}}
	for _, name := range runtimeFiles {
		data, err := runtime.ReadFile("runtime/" + name)
		if err != nil {
			panic("BUG: harness: " + err.Error())
		}
		files = append(files, File{name, data})
	}
	return files
}

// control makes every piece of state visible to the program, and nothing else, and has the instances
// of large modules share code. State is declared as only read from outside, since Verilator would else
// expect it to change before every evaluation; the program settles the model itself where it has
// written state, which runs 1.4 times faster.
func control(d *rtl.Design) []byte {
	var b strings.Builder
	b.WriteString("`verilator_config\n")
	uses := instances(d)
	for _, m := range d.Modules {
		if uses[m] > 1 && len(m.Nodes) >= sharedNodes {
			fmt.Fprintf(&b, "no_inline -module %q\n", cName(m.Name))
		}
		for _, name := range stateNames(m) {
			fmt.Fprintf(&b, "public_flat_rd -module %q -var %q\n", cName(m.Name), cName(name))
		}
	}
	return []byte(b.String())
}

// sharedNodes is the size from which modules are worth keeping apart: calls to small ones cost more
// than their code.
const sharedNodes = 100

// instances counts the copies of each module in the whole design.
func instances(d *rtl.Design) map[*rtl.Module]int {
	uses := map[*rtl.Module]int{d.Top: 1}
	for i := len(d.Modules) - 1; i >= 0; i-- { // users before what they use
		for _, inst := range d.Modules[i].Insts {
			uses[inst.Of] += uses[d.Modules[i]]
		}
	}
	return uses
}

func stateNames(m *rtl.Module) []string {
	var names []string
	for _, r := range m.Regs {
		names = append(names, r.Q.Name)
	}
	for _, mem := range m.Mems {
		names = append(names, mem.Name)
		for _, r := range mem.Reads {
			names = append(names, r.Q.Name)
		}
	}
	sort.Strings(names)
	return names
}

// tables writes what worker.cpp must know of the design.
func tables(d *rtl.Design, ports drive.Ports, fingerprint uint64) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "// Tables of design %s for worker.cpp.\n", d.Top.Name)
	fmt.Fprintf(&b, "constexpr uint64_t kFingerprint = 0x%016xull;\n\n", fingerprint)
	b.WriteString("// Scope, name, bits, words (0: a register).\n")
	b.WriteString("static const StateRow kStates[] = {\n")
	for _, s := range d.States() {
		scope, name := "TOP."+d.Top.Name, s.Path
		if dot := strings.LastIndexByte(s.Path, '.'); dot >= 0 {
			scope, name = scope+"."+s.Path[:dot], s.Path[dot+1:]
		}
		fmt.Fprintf(&b, "    {%q, %q, %d, %d},\n", scope, name, s.Type.Width(), s.Depth)
	}
	b.WriteString("    {nullptr, nullptr, 0, 0},\n};\n\n")
	var inputs, outputs []portRow
	for _, n := range d.Top.Inputs {
		inputs = append(inputs, portRow{n.Name, n.Type.Width()})
	}
	for _, o := range d.Top.Outputs {
		outputs = append(outputs, portRow{o.Name, o.Node.Type.Width()})
	}
	writePorts(&b, "inputPorts", inputs)
	writePorts(&b, "outputPorts", outputs)
	writeStreams(&b, "kInStreams", ports.In)
	writeStreams(&b, "kOutStreams", ports.Out)
	b.WriteString("// Input ports of no stream.\nstatic const std::vector<int> kPins = {")
	for _, p := range ports.Pins {
		fmt.Fprintf(&b, "%d, ", p.Port)
	}
	b.WriteString("};\n")
	return []byte(b.String())
}

type portRow struct {
	name string
	bits int
}

func writePorts(b *strings.Builder, function string, rows []portRow) {
	fmt.Fprintf(b, "static std::vector<Port> %s(%s* top) {\n    (void)top;\n    return {\n", function, Prefix)
	for _, p := range rows {
		fmt.Fprintf(b, "        {reinterpret_cast<uint8_t*>(&top->%s), %d},\n", cName(p.name), (p.bits+7)/8)
	}
	b.WriteString("    };\n}\n\n")
}

func writeStreams(b *strings.Builder, table string, streams []drive.Stream) {
	fmt.Fprintf(b, "// Ports by number: valid, ready, data.\nstatic const std::vector<Stream> %s = {\n", table)
	for _, s := range streams {
		fmt.Fprintf(b, "    {%d, %d, %d},  // %s\n", s.Valid, s.Ready, s.Data, s.Name)
	}
	b.WriteString("};\n\n")
}

// cName is a Verilog name as Verilator has it in C++ and in control files: two underscores in a row are
// its own.
func cName(name string) string { return strings.ReplaceAll(name, "__", "___05F") }
