package verilog

import (
	"fmt"
	"slices"
	"strings"

	"rampart/ir/rtl"
)

// Bench writes a test bench for a top module whose ports form valid/ready streams, for any Verilog
// simulator; input ports of no stream are zero. It feeds each input stream N the beats of the file N.hex, one a line, without pauses,
// takes every output beat at once, and prints a line "cycle stream data" for each, data in hexadecimal.
// It stops after so many beats of each output stream, in the order of their valid ports, or, printing
// "hang", at the limit of cycles. Cycle 0 is the first without reset.
func Bench(top *rtl.Module, inputs []int, outputs []int, limit int64) File {
	b := bench{top: top}
	b.line("// Test bench of %s: beats from files, output beats printed with their cycles.", top.Name)
	b.line("`timescale 1ns / 1ps")
	b.line("module bench;")
	b.line("    reg clk = 1'b0;")
	b.line("    reg rst = 1'b1;")
	b.line("    integer cycle = 0;")
	b.line("    always #5 clk = !clk;")
	b.line("    initial begin")
	b.line("        repeat (2) @(posedge clk);")
	b.line("        rst <= 1'b0;")
	b.line("    end")
	n := 0
	for _, in := range top.Inputs {
		name, of := b.stream(in.Name)
		switch {
		case !of:
			b.line("")
			b.line("    wire [%d:0] %s = %d'd0;", in.Type.Width()-1, in.Name, in.Type.Width())
		case in.Name == name+"_data":
			b.input(name, in.Type.Width(), inputs[n])
			n++
		}
	}
	var done []string
	n = 0
	for _, out := range top.Outputs {
		name, of := b.stream(out.Name)
		switch {
		case !of:
			b.line("")
			b.line("    wire [%d:0] %s;", out.Node.Type.Width()-1, out.Name)
		case out.Name == name+"_data":
			b.output(name, out.Node.Type.Width())
			done = append(done, fmt.Sprintf("%s_count >= %d", name, outputs[n]))
			n++
		}
	}
	b.line("    always @(posedge clk) if (!rst) cycle <= cycle + 1;")
	b.line("    always @(negedge clk) begin")
	b.line("        if (%s) $finish;", strings.Join(done, " && "))
	b.line("        if (cycle >= %d) begin", limit)
	b.line("            $display(\"hang\");")
	b.line("            $finish;")
	b.line("        end")
	b.line("    end")
	b.instance()
	b.line("endmodule")
	return File{Name: "bench.v", Data: []byte(b.text.String())}
}

type bench struct {
	top  *rtl.Module
	text strings.Builder
}

// stream is the name of the stream that a port belongs to, if it does: one that has a valid port.
func (b *bench) stream(port string) (name string, ok bool) {
	for _, suffix := range []string{"_valid", "_data", "_ready"} {
		if name, ok = strings.CutSuffix(port, suffix); ok {
			break
		}
	}
	valid := name + "_valid"
	ok = ok && (slices.ContainsFunc(b.top.Inputs, func(n *rtl.Node) bool { return n.Name == valid }) ||
		slices.ContainsFunc(b.top.Outputs, func(o *rtl.Output) bool { return o.Name == valid }))
	return name, ok
}

func (b *bench) line(format string, args ...any) { fmt.Fprintf(&b.text, format+"\n", args...) }

func (b *bench) input(name string, width, beats int) {
	b.line("")
	b.line("    reg [%d:0] %s_beats [0:%d];", width-1, name, max(1, beats)-1)
	b.line("    integer %s_next = 0;", name)
	b.line("    initial $readmemh(\"%s.hex\", %s_beats);", name, name)
	b.line("    wire %s_ready;", name)
	b.line("    wire %s_valid = %s_next < %d;", name, name, beats)
	b.line("    wire [%d:0] %s_data = %s_valid ? %s_beats[%s_next] : %d'd0;", width-1, name, name, name, name, width)
	b.line("    always @(posedge clk) if (!rst && %s_valid && %s_ready) %s_next <= %s_next + 1;", name, name, name, name)
}

func (b *bench) output(name string, width int) {
	b.line("")
	b.line("    wire %s_valid;", name)
	b.line("    wire [%d:0] %s_data;", width-1, name)
	b.line("    wire %s_ready = 1'b1;", name)
	b.line("    integer %s_count = 0;", name)
	b.line("    always @(posedge clk) if (!rst && %s_valid) begin", name)
	b.line("        $display(\"%%0d %s %%h\", cycle, %s_data);", name, name)
	b.line("        %s_count <= %s_count + 1;", name, name)
	b.line("    end")
}

func (b *bench) instance() {
	ports := []string{".clk(clk)", ".rst(rst)"}
	for _, in := range b.top.Inputs {
		ports = append(ports, fmt.Sprintf(".%s(%s)", in.Name, in.Name))
	}
	for _, out := range b.top.Outputs {
		ports = append(ports, fmt.Sprintf(".%s(%s)", out.Name, out.Name))
	}
	b.line("")
	b.line("    %s dut (", b.top.Name)
	b.line("        %s", strings.Join(ports, ",\n        "))
	b.line("    );")
}
