package driver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"rampart/internal/diag"
	"rampart/ir/graph"
	"rampart/ir/onnx"
)

// maxModel is the largest ONNX file, in bytes: protobuf allows no more.
const maxModel = 1<<31 - 1

// maxClasses is how many classes a mask can tell apart.
const maxClasses = 256

// Size is the rows and columns of the images for a model that leaves them open; zeros for one that does not.
type Size struct {
	Height int `json:"height,omitempty"`
	Width  int `json:"width,omitempty"`
}

func (s Size) String() string { return fmt.Sprintf("%dx%d", s.Height, s.Width) }

// Import reads an ONNX file; sum is the SHA-256 of its bytes. A size that the model does not have is refused.
func Import(path string, size Size) (g *graph.Graph, sum string, err error) {
	data, err := readUpTo(path, maxModel)
	if err != nil {
		return nil, "", diag.Problem{File: path, What: cause(err), Remedy: "give an ONNX file that can be read"}
	}
	if g, err = (onnx.Options{Height: size.Height, Width: size.Width}).Decode(path, data); err != nil {
		return nil, "", err
	}
	for _, in := range g.Inputs {
		if own := (Size{in.Shape.H, in.Shape.W}); size != (Size{}) && size != own {
			return nil, "", diag.Problem{
				File: path, At: in.Name, What: fmt.Sprintf("its images are %v, and --size says %v", own, size),
				Remedy: "give that size, or none where the model has its own",
			}
		}
	}
	return g, digest(data), nil
}

// ReadModel imports an ONNX file and refuses a network that is no segmentation of one image.
func ReadModel(path string, size Size) (g *graph.Graph, sum string, err error) {
	if g, sum, err = Import(path, size); err != nil {
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
	return g, sum, nil
}

// readUpTo reads a file, which may be a pipe or a device without end, of at most that many bytes.
func readUpTo(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it is larger than %d MiB", most>>20)
	}
	return data, err
}

// checkScores refuses a simplified network whose classes come from the image itself: it leaves nothing to build.
func checkScores(path string, g *graph.Graph) error {
	v := g.Outputs[0]
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		if kind := n.Op.Kind(); n.Out == v && (kind == "ArgMax" || kind == "Softmax") {
			if v = n.In[0]; slices.Contains(g.Inputs, v) {
				return diag.Problem{
					File: path, At: n.Name, What: "it takes the classes from the image itself, and nothing is left to compile",
					Remedy: "give a network that computes the scores of the classes",
				}
			}
		}
	}
	return nil
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

// Classes is the number of classes that a float network tells apart.
func Classes(g *graph.Graph) int { return graphHead(g).classes }

// Winners gives the class of each pixel of a float network's first output.
func Winners(g *graph.Graph, output *graph.Tensor) []uint8 { return graphHead(g).winners(output) }
