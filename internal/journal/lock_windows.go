package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock takes a file for this process, until it is closed or the process ends, however it does. What is locked is
// a byte that no journal reaches, for others could not read what is.
func lock(f *os.File) error {
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}
