//go:build !amd64

package kernel

func assembly() []*Set { return nil }
