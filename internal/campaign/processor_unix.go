//go:build unix

package campaign

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what the thread has had of a processor.
func processorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic("BUG: campaign: no clock of the thread: " + err.Error())
	}
	return time.Duration(t.Nano())
}
