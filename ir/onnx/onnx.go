// Package onnx reads trained networks. In: ONNX files, opset 9 to 18, float weights. Out: an
// ir/graph with the shapes of one image and the file's value names, or everything that is wrong with
// the file at once, as diag.Problems. It knows nothing of integers or hardware.
//
// A file goes through these steps, one source file each: wire.go and message.go take the protobuf
// apart, order.go keeps and sorts the nodes that the outputs need, import.go walks them through the
// table in table.go, whose importers are in the import_*.go files, with attributes read by call.go and
// weights by tensor.go.
package onnx

import (
	"errors"
	"fmt"
	"os"

	"rampart/internal/diag"
	"rampart/ir/graph"
)

// maxFile is the largest file that protobuf allows, in bytes.
const maxFile = 1 << 31

// Options are what a user may add to a file.
type Options struct {
	Height, Width int // take the place of input sizes that the file leaves open; 0: none
}

// Read reads a file with no options; see Options.Read.
func Read(path string) (*graph.Graph, error) { return Options{}.Read(path) }

// Decode reads a file's contents with no options; see Options.Decode.
func Decode(name string, data []byte) (*graph.Graph, error) { return Options{}.Decode(name, data) }

// Read reads a file. Errors are the file system's, or those of Decode.
func (o Options) Read(path string) (*graph.Graph, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, diag.Problem{File: path, What: errors.Unwrap(err).Error(), Remedy: "give the path of an ONNX file"}
	}
	if info.IsDir() || info.Size() >= maxFile {
		return nil, diag.Problem{File: path, What: "it is a folder or larger than 2 GiB", Remedy: "give the path of an ONNX file"}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a model: %w", err)
	}
	return o.Decode(path, data)
}

// Decode reads a file's contents; name is what errors call it. The graph passes graph.Check. The
// error is a diag.Problem where the bytes are no ONNX file, else diag.Problems with all that is
// unsupported or wrong.
func (o Options) Decode(name string, data []byte) (*graph.Graph, error) {
	m, err := parseModel(name, data)
	if err != nil {
		return nil, err
	}
	return o.convert(name, m)
}

// parseModel takes the protobuf apart. Every part that a network cannot be without must be there, so
// that a file cut short is not taken for a smaller one.
func parseModel(name string, data []byte) (*modelProto, error) {
	bad := func(what string) error {
		return diag.Problem{File: name, What: what, Remedy: "give a complete ONNX file; export or copy it again"}
	}
	m := &modelProto{}
	if err := decode(data, m); err != nil {
		return nil, bad(fmt.Sprintf("it is not an ONNX file, or damaged or cut short (%v)", err))
	}
	switch {
	case m.graph == nil:
		return nil, bad("it holds no network")
	case len(m.opsets) == 0:
		return nil, bad("it tells no operator set version")
	case len(m.graph.outputs) == 0:
		return nil, bad("its network has no outputs")
	}
	return m, nil
}
