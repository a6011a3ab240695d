package driver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"rampart/internal/diag"
	"rampart/ir/graph"
	"rampart/ir/onnx"
)

// maxClasses is how many classes a mask can tell apart.
const maxClasses = 256

// readModel imports an ONNX file; sum is the SHA-256 of its bytes. A network that is no segmentation of one
// image is refused.
func readModel(path string) (g *graph.Graph, sum string, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, "", diag.Problem{File: path, What: cause(err), Remedy: "give an ONNX file that can be read"}
	}
	if g, err = onnx.Decode(path, data); err != nil {
		return nil, "", err
	}
	if n := len(g.Inputs); n != 1 {
		return nil, "", diag.Problem{File: path, What: fmt.Sprintf("it has %d inputs", n), Remedy: "give a network with one image input"}
	}
	if n := graphHead(g).classes; n > maxClasses {
		return nil, "", diag.Problem{
			File: path, At: g.Outputs[0].Name, What: fmt.Sprintf("it tells %d classes apart, and masks hold at most %d", n, maxClasses),
			Remedy: "give a network with fewer classes",
		}
	}
	return g, digest(data), nil
}

func cause(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// head says how a network's first output tells classes.
type head struct {
	classes int
	argmax  bool // the output holds class numbers already
}

func graphHead(g *graph.Graph) head {
	out := g.Outputs[0]
	for _, n := range g.Nodes {
		if _, ok := n.Op.(*graph.ArgMax); ok && n.Out == out {
			return head{max(2, n.In[0].Shape.C), true}
		}
	}
	return head{max(2, out.Shape.C), false} // one score a pixel tells two classes by its sign
}

// winners gives the class of each pixel of the first output: the greatest channel, the lowest on ties. With
// one score a pixel the class is 1 where it is positive.
func (h head) winners(t *graph.Tensor) []uint8 {
	n := t.Shape.H * t.Shape.W
	mask := make([]uint8, n)
	for i := range mask {
		switch {
		case h.argmax:
			mask[i] = uint8(t.Data[i])
			continue
		case t.Shape.C == 1:
			if t.Data[i] > 0 {
				mask[i] = 1
			}
			continue
		}
		best := t.Data[i]
		for c := 1; c < t.Shape.C; c++ {
			if v := t.Data[c*n+i]; v > best {
				best, mask[i] = v, uint8(c)
			}
		}
	}
	return mask
}
