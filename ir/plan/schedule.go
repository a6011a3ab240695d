package plan

import (
	"context"
	"fmt"

	"rampart/internal/diag"
)

// Schedule is when every beat of every stream moves, in cycles, with inputs that never pause and
// outputs that are always ready. It follows the stages' timing rules beat by beat, not cycle by cycle:
// each stage runs ahead as far as the times that its neighbours have fixed allow.
//
// Every rule says that something happens no sooner than some cycles after something else, so the
// schedule is the same whatever order the stages are run in, and a deeper buffer never delays a beat.
type Schedule struct {
	plan   *Plan
	lines  map[*Stream]*line
	tasks  []task // the stages in order, then the outputs
	frames int
}

// task is a runner and the tasks that may wait for it.
type task struct {
	runner
	users  []wake // of its outputs
	makers []wake // of its inputs
	awake  bool
}

// wake is a task at the other end of a line.
type wake struct {
	line *line
	task int
}

// NewSchedule prepares the schedule of a plan whose foldings and depths are set. Streams in unlimited
// have FIFOs without end.
func NewSchedule(p *Plan, unlimited map[*Stream]bool) *Schedule {
	s := &Schedule{plan: p, lines: map[*Stream]*line{}}
	at := map[*Stage]int{}
	for i, st := range p.Stages {
		at[st] = i
	}
	for _, st := range p.Streams {
		s.lines[st] = newLine(st, unlimited[st])
	}
	for _, st := range p.Stages {
		t := task{runner: newRunner(st, s.lines)}
		for _, in := range st.In {
			if in.From != nil {
				t.makers = append(t.makers, wake{s.lines[in], at[in.From]})
			}
		}
		for _, out := range st.Out {
			if out.To != nil {
				t.users = append(t.users, wake{s.lines[out], at[out.To]})
			}
		}
		s.tasks = append(s.tasks, t)
	}
	for _, st := range p.Outputs {
		l := s.lines[st]
		t := task{runner: &sinkRunner{in: l}}
		if st.From != nil {
			from := at[st.From]
			t.makers = []wake{{l, from}}
			s.tasks[from].users = append(s.tasks[from].users, wake{l, len(s.tasks)})
		}
		s.tasks = append(s.tasks, t)
	}
	s.setParts()
	return s
}

// Run extends the schedule to the given number of images. It reports a deadlock as a problem.
func (s *Schedule) Run(ctx context.Context, frames int) error {
	s.frames = max(s.frames, frames)
	for _, st := range s.plan.Inputs {
		s.lines[st].pushed = s.frames * st.FrameBeats()
	}
	for i := range s.tasks {
		s.tasks[i].awake = true
	}
	for sweep, moved := 0, true; moved; sweep++ {
		if sweep%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		moved = s.sweep()
	}
	for _, st := range s.plan.Outputs {
		if l := s.lines[st]; l.popped < s.frames*st.FrameBeats() {
			return diag.Problem{At: st.Name, What: fmt.Sprintf("the pipeline stops after %d of %d output beats: a buffer is too shallow", l.popped, s.frames*st.FrameBeats())}
		}
	}
	return nil
}

// sweep runs every task that has something new to look at.
func (s *Schedule) sweep() bool {
	moved := false
	for i := range s.tasks {
		t := &s.tasks[i]
		if !t.awake {
			continue
		}
		t.awake = false
		if t.run() {
			moved = true
			for _, w := range t.users {
				s.tasks[w.task].awake = s.tasks[w.task].awake || w.line.starved && w.line.popped < w.line.pushed
			}
			for _, w := range t.makers {
				if w.line.stuck {
					w.line.stuck, s.tasks[w.task].awake = false, true
				}
			}
		}
	}
	return moved
}

// Outputs gives, for each output stream, the cycle in which each beat leaves.
func (s *Schedule) Outputs() [][]int64 {
	out := make([][]int64, len(s.plan.Outputs))
	for i, st := range s.plan.Outputs {
		out[i] = s.lines[st].times
	}
	return out
}
