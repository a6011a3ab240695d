package hlsc

import (
	"strings"

	"rampart/ir/plan"
)

// topSignature is the head of the top function: network inputs, then outputs, then the alarms of stages.
func topSignature(p *plan.Plan) string {
	var args []string
	for _, s := range append(append([]*plan.Stream{}, p.Inputs...), p.Outputs...) {
		args = append(args, buffer(s.Value, bufferName(s)))
	}
	for _, st := range p.Stages {
		if alarmed(st) {
			args = append(args, "uint8_t *"+alarmName(st))
		}
	}
	return "void top(" + strings.Join(args, ", ") + ")"
}

// topHeader declares every stage and the top.
func topHeader(p *plan.Plan) File {
	var c code
	c.linef("/* %s: its stages in order, and the top that calls them. Buffers are [row][column][channel]. */", comment(p.Name))
	c.linef("#ifndef RAMPART_TOP_H")
	c.linef("#define RAMPART_TOP_H")
	c.linef("")
	c.linef("#include <stdint.h>")
	c.linef("")
	for _, st := range p.Stages {
		c.linef("%s;", signature(st))
	}
	c.linef("")
	c.linef("%s;", topSignature(p))
	c.linef("")
	c.linef("#endif")
	return c.file("top.h")
}

// topSource calls the stages in order, each on the frames that earlier ones left in static buffers.
func topSource(p *plan.Plan) File {
	var c code
	c.linef("/* One frame through all stages of %s. */", comment(p.Name))
	c.linef("#include \"rampart.h\"")
	c.linef("#include \"top.h\"")
	c.linef("")
	c.linef("%s", topSignature(p))
	c.linef("{")
	c.depth++
	c.pragmaf("DATAFLOW")
	outside := map[*plan.Stream]bool{}
	for _, s := range append(append([]*plan.Stream{}, p.Inputs...), p.Outputs...) {
		outside[s] = true
	}
	for _, s := range p.Streams {
		if !outside[s] {
			c.linef("static %s;", buffer(s.Value, bufferName(s)))
		}
	}
	for _, s := range p.Inputs {
		if s.To == nil {
			c.linef("(void)%s; /* no stage reads this input */", bufferName(s))
		}
	}
	c.linef("")
	for _, st := range p.Stages {
		var args []string
		for _, s := range append(append([]*plan.Stream{}, st.In...), st.Out...) {
			args = append(args, bufferName(s))
		}
		if alarmed(st) {
			args = append(args, alarmName(st))
		}
		c.linef("%s(%s);", functionName(st), strings.Join(args, ", "))
	}
	c.close()
	return c.file("top.c")
}
