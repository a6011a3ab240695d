package functional

import "syscall"

// adviseLargePages asks for large pages. It is no matter where there are none.
func adviseLargePages(v []byte) {
	const hugePage = 14 // MADV_HUGEPAGE, which package syscall does not have for every architecture
	_ = syscall.Madvise(v, hugePage)
}
