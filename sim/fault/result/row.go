package result

import "fmt"

// Row is one fault and what it did. The tags name the columns of the Parquet file; a pointer is a column
// with nulls.
type Row struct {
	Number  int64  `parquet:"number,delta"` // place in the campaign, from 0
	Fault   string `parquet:"fault"`        // its text, which replays it
	Stratum string `parquet:"stratum,dict"` // the part of the population that it was drawn from
	Space   string `parquet:"space,dict"`   // the population: hardware, parameters, activations
	Kind    string `parquet:"kind,dict"`    // what it struck: weights, bias, requant, line, fifo, skip, register, ...
	Tensor  string `parquet:"tensor,dict"`  // the tensor, memory or register
	Layer   string `parquet:"layer,dict"`   // the network's node
	Index   int64  `parquet:"index"`        // element of the tensor, or word of the memory; below 0 for a register or for more than one
	Bit     int32  `parquet:"bit"`          // from the least significant; below 0 for more than one
	Cycle   *int64 `parquet:"cycle"`        // null where it struck before the run

	// The number that was struck: an integer exactly, fp32 as the float it is. Null where it is not one value.
	Before *float64 `parquet:"before"`
	After  *float64 `parquet:"after"`

	Engine  Engine  `parquet:"engine,dict"`
	Outcome Outcome `parquet:"outcome,dict"`

	Images        int32 `parquet:"images"`         // that met the fault
	ImagesChanged int32 `parquet:"images_changed"` // with a changed pixel

	// Pixels that differ from the masks without the fault, in all images together: all of them, those off
	// the border, those with a label. Then the same of the image with the most (of all).
	Changed         int64 `parquet:"changed"`
	ChangedInner    int64 `parquet:"changed_inner"`
	ChangedLabelled int64 `parquet:"changed_labelled"`
	Worst           int32 `parquet:"worst_image"`
	WorstChanged    int64 `parquet:"worst_changed"`
	WorstInner      int64 `parquet:"worst_changed_inner"`
	WorstLabelled   int64 `parquet:"worst_changed_labelled"`

	Scores int64 `parquet:"changed_scores"` // outputs before the decision for a class that differ
	NaN    int64 `parquet:"nan"`            // scores that are not numbers
	Inf    int64 `parquet:"inf"`            // and infinite ones

	// See package metrics. Golden is against the masks without the fault; truth against the labels, null
	// where there are none. Drop is by how much mIoU fell: against the labels where there are some, or else
	// against the golden masks.
	Drop       float64  `parquet:"miou_drop"`
	MIoUGolden float64  `parquet:"miou_golden"`
	GIoUGolden float64  `parquet:"giou_golden"`
	WIoUGolden float64  `parquet:"wiou_golden"`
	MIoUTruth  *float64 `parquet:"miou_truth"`
	GIoUTruth  *float64 `parquet:"giou_truth"`
	WIoUTruth  *float64 `parquet:"wiou_truth"`
	LeastIoU   float64  `parquet:"least_iou"`      // of the classes of the golden masks
	Collapsed  string   `parquet:"collapsed,dict"` // the classes that collapsed, as a ClassSet

	CyclesOff int64 `parquet:"cycles_off"` // that the run took longer than without the fault
}

// Engine says how the outcome was found.
type Engine string

// The engines.
const (
	Dead       Engine = "dead"       // the golden run's record shows that nothing reads what was struck
	Functional Engine = "functional" // the network's arithmetic, image by image
	Cycle      Engine = "cycle"      // the hardware, cycle by cycle
)

// check panics where a row cannot be. They come from rampart's own engines.
func (r *Row) check() {
	bad := func(what string) { panic(fmt.Sprintf("BUG: result: row %d: %s", r.Number, what)) }
	switch r.Engine {
	case Dead, Functional, Cycle:
	default:
		bad("engine " + string(r.Engine))
	}
	if !r.Outcome.valid() {
		bad("outcome " + string(r.Outcome))
	}
	if r.Fault == "" {
		bad("no text")
	}
}
