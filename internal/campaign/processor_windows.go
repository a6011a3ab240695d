package campaign

import (
	"time"

	"golang.org/x/sys/windows"
)

// processorTime is what the process has had of a processor: threads are not told apart here.
func processorTime() time.Duration {
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user); err != nil {
		panic("BUG: campaign: no clock of the process: " + err.Error())
	}
	ticks := func(t windows.Filetime) int64 { return int64(t.HighDateTime)<<32 | int64(t.LowDateTime) }
	return time.Duration(ticks(kernel)+ticks(user)) * 100 // of 100 ns
}
