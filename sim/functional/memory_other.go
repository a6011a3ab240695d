//go:build !linux

package functional

func adviseLargePages([]byte) {}
