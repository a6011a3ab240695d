package hlsc

import (
	"slices"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// asBytes tells whether the bench writes an output as bytes, one per pixel: a mask. Every other output is
// written as 32-bit integers.
func asBytes(s *plan.Stream) bool {
	return s.From != nil && s.From.Kind == plan.ArgMax && s.Value.Format.Bits <= 8
}

const benchHelpers = `/* One little-endian 32-bit integer; 0 at the end of the file, 1 when there was one. */
static int read_value(FILE *file, const char *path, int32_t *value)
{
    unsigned char b[4];
    const size_t n = fread(b, 1, sizeof b, file);
    if (n == 0 && !ferror(file)) {
        return 0;
    }
    if (n != sizeof b) {
        fprintf(stderr, "%s: ends within a number\n", path);
        exit(2);
    }
    const uint32_t u = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    *value = (int32_t)rampart_wrap(u, 32);
    return 1;
}

static void write_value(FILE *file, const char *path, int32_t value)
{
    const uint32_t u = (uint32_t)value;
    const unsigned char b[4] = {u & 255, u >> 8 & 255, u >> 16 & 255, u >> 24};
    if (fwrite(b, 1, sizeof b, file) != sizeof b) {
        perror(path);
        exit(1);
    }
}

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    return file;
}
`

// bench is a program that runs frames from files through the top.
func bench(p *plan.Plan) File {
	var c code
	c.linef("/*")
	c.linef(" * Runs frames through the network. Build: gcc -std=c99 -O2 -o bench *.c")
	c.linef(" * Use: bench INPUT... OUTPUT..., files of frames one after another:")
	c.linef(" *")
	for i, s := range p.Inputs {
		c.linef(" *   input %d, %s: %s, 32-bit little-endian integers, [channel][row][column]", i, s.Name, shapeText(s.Value.Shape))
	}
	for i, s := range p.Outputs {
		form := "32-bit little-endian integers, [channel][row][column]"
		if asBytes(s) {
			form = "bytes, [row][column]"
		}
		c.linef(" *   output %d, %s: %s, %s", i, s.Name, shapeText(s.Value.Shape), form)
	}
	if slices.ContainsFunc(p.Stages, alarmed) {
		c.linef(" *")
		c.linef(" * It prints a line for each frame and stage that found something wrong: fault FRAME STAGE")
	}
	c.linef(" */")
	c.linef("#include <stdio.h>")
	c.linef("#include <stdlib.h>")
	c.linef("#include \"rampart.h\"")
	c.linef("#include \"top.h\"")
	c.linef("")
	for _, s := range append(append([]*plan.Stream{}, p.Inputs...), p.Outputs...) {
		c.linef("static %s;", buffer(s.Value, bufferName(s)))
	}
	for _, st := range p.Stages {
		if alarmed(st) {
			c.linef("static uint8_t %s;", alarmName(st))
		}
	}
	c.linef("")
	c.buf.WriteString(benchHelpers)
	for _, s := range p.Inputs {
		c.reader(s)
	}
	for _, s := range p.Outputs {
		c.writer(s)
	}
	c.benchMain(p)
	return c.file("bench.c")
}

// eachElement loops over a frame in the order of the files.
func (c *code) eachElement(s fixed.Shape, body func()) {
	c.loop("c", s.C, func() {
		c.loop("y", s.H, func() {
			c.loop("x", s.W, body)
		})
	})
}

// reader writes the function that reads one frame of an input; the function gives 0 at the end of the file.
func (c *code) reader(s *plan.Stream) {
	lo, hi := s.Value.Format.Range()
	c.linef("")
	c.linef("static int read_frame_%s(FILE *file, const char *path)", s.Name)
	c.linef("{")
	c.depth++
	c.eachElement(s.Value.Shape, func() {
		c.linef("int32_t value;")
		c.openf("if (!read_value(file, path, &value))")
		c.openf("if (c + y + x == 0)")
		c.linef("return 0;")
		c.close()
		c.linef(`fprintf(stderr, "%%s: ends within a frame\n", path);`)
		c.linef("exit(2);")
		c.close()
		c.openf("if (value < %s || value > %s)", literal(lo), literal(hi))
		c.linef(`fprintf(stderr, "%%s: a value is not in %d to %d\n", path);`, lo, hi)
		c.linef("exit(2);")
		c.close()
		c.linef("%s[y][x][c] = (%s)value;", bufferName(s), cType(s.Value.Format))
	})
	c.linef("return 1;")
	c.close()
}

// writer writes the function that writes one frame of an output.
func (c *code) writer(s *plan.Stream) {
	c.linef("")
	c.linef("static void write_frame_%s(FILE *file, const char *path)", s.Name)
	c.linef("{")
	c.depth++
	c.eachElement(s.Value.Shape, func() {
		if !asBytes(s) {
			c.linef("write_value(file, path, (int32_t)%s[y][x][c]);", bufferName(s))
			return
		}
		c.openf("if (putc(%s[y][x][c], file) == EOF)", bufferName(s))
		c.linef("perror(path);")
		c.linef("exit(1);")
		c.close()
	})
	c.close()
}

func (c *code) benchMain(p *plan.Plan) {
	count := len(p.Inputs) + len(p.Outputs)
	c.linef("")
	c.linef("int main(int argc, char **argv)")
	c.linef("{")
	c.depth++
	c.openf("if (argc != %d)", count+1)
	c.linef(`fprintf(stderr, "usage: %%s: %d input and %d output files\n", argv[0]);`, len(p.Inputs), len(p.Outputs))
	c.linef("return 2;")
	c.close()
	c.linef("FILE *files[%d];", count)
	c.loop("i", count, func() {
		c.linef(`files[i] = open_file(argv[i + 1], i < %d ? "rb" : "wb");`, len(p.Inputs))
	})
	alarms := slices.DeleteFunc(slices.Clone(p.Stages), func(st *plan.Stage) bool { return !alarmed(st) })
	if len(alarms) > 0 {
		c.linef("long frame = 0;")
	}
	c.openf("while (read_frame_%s(files[0], argv[1]))", p.Inputs[0].Name)
	for i, s := range p.Inputs[1:] {
		c.openf("if (!read_frame_%s(files[%d], argv[%d]))", s.Name, i+1, i+2)
		c.linef(`fprintf(stderr, "%%s: holds too few frames\n", argv[%d]);`, i+2)
		c.linef("return 2;")
		c.close()
	}
	args := ""
	for _, s := range append(append([]*plan.Stream{}, p.Inputs...), p.Outputs...) {
		args += ", " + bufferName(s)
	}
	for _, st := range alarms {
		args += ", &" + alarmName(st)
	}
	c.linef("top(%s);", args[2:])
	for i, s := range p.Outputs {
		at := len(p.Inputs) + i
		c.linef("write_frame_%s(files[%d], argv[%d]);", s.Name, at, at+1)
	}
	for _, st := range alarms {
		c.openf("if (%s)", alarmName(st))
		c.linef(`printf("fault %%ld %s\n", frame);`, st.Name)
		c.close()
	}
	if len(alarms) > 0 {
		c.linef("frame++;")
	}
	c.close()
	c.loop("i", count, func() {
		c.openf("if (fclose(files[i]) != 0)")
		c.linef("perror(argv[i + 1]);")
		c.linef("return 1;")
		c.close()
	})
	c.linef("return 0;")
	c.close()
}
