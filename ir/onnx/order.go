package onnx

import (
	"container/heap"

	"rampart/internal/diag"
)

// needed finds the nodes that the outputs depend on and the names of all values that these nodes or
// the outputs read. Everything else in the file is left alone.
func needed(g *graphProto) (nodes []*nodeProto, read map[string]bool) {
	by := map[string][]*nodeProto{} // more than one where the file is damaged; the importer tells
	for _, n := range g.nodes {
		for _, out := range n.outputs {
			by[out] = append(by[out], n)
		}
	}
	read = map[string]bool{}
	reached := map[*nodeProto]bool{}
	var todo []string
	for _, out := range g.outputs {
		todo = append(todo, out.name)
	}
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if name == "" || read[name] {
			continue
		}
		read[name] = true
		for _, n := range by[name] {
			if !reached[n] {
				reached[n] = true
				todo = append(todo, n.inputs...)
			}
		}
	}
	for _, n := range g.nodes {
		if reached[n] {
			nodes = append(nodes, n)
		}
	}
	return nodes, read
}

// sorted brings nodes into topological order and otherwise leaves them in the file's order. The error
// names a node on or behind a cycle.
func sorted(nodes []*nodeProto) ([]*nodeProto, error) {
	by := map[string]int{}
	for i, n := range nodes {
		for _, out := range n.outputs {
			if out != "" {
				by[out] = i
			}
		}
	}
	waits := make([]int, len(nodes)) // inputs that are not computed yet
	users := make([][]int, len(nodes))
	ready := &indexHeap{}
	for i, n := range nodes {
		for _, in := range n.inputs {
			if p, ok := by[in]; ok && in != "" {
				waits[i]++
				users[p] = append(users[p], i)
			}
		}
		if waits[i] == 0 {
			heap.Push(ready, i)
		}
	}
	var order []*nodeProto
	for ready.Len() > 0 {
		i := heap.Pop(ready).(int)
		order = append(order, nodes[i])
		for _, u := range users[i] {
			if waits[u]--; waits[u] == 0 {
				heap.Push(ready, u)
			}
		}
	}
	for i, n := range nodes {
		if waits[i] > 0 {
			return nil, diag.Problem{
				At: nodeName(n), What: "the nodes form a cycle, and this one waits for it",
				Remedy: "the file is damaged; export it again",
			}
		}
	}
	return order, nil
}

// indexHeap is a heap of node numbers, the first in the file on top.
type indexHeap []int

func (h indexHeap) Len() int           { return len(h) }
func (h indexHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h indexHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *indexHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *indexHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// nodeName is a node's name, or one made from its operator and first output.
func nodeName(n *nodeProto) string {
	if n.name != "" {
		return n.name
	}
	if len(n.outputs) > 0 {
		return n.op + "_" + n.outputs[0]
	}
	return n.op
}
