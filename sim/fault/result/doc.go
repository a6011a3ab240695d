// Package result keeps what the faults of a campaign did. In: a campaign's Meta and, from several
// goroutines and in any order, a Row a fault. Out: a folder with every row as Parquet, tables, heat maps
// and a list of the worst faults; and the same from the folders of a campaign's shards. It knows no
// networks, no engines and no populations: what a fault is comes as names and numbers.
//
//	w, err := result.Open(dir, meta)   // goes on where an earlier run of the same campaign ended
//	w.Done(number)                     // is this fault's row there already?
//	w.Add(row)                         // kept in a journal beside dir
//	w.Finish(ctx, report)              // writes dir, removes the journal
//
//	f, err := result.Read(path)                 // rows, in the order of their numbers
//	s, err := result.Summarise(f.Meta, f.Rows(), report)
//	err := result.Merge(ctx, dir, report, shards...)
//
// The same rows give the same bytes, however often the campaign was killed, in whatever order the rows came,
// and in however many shards it ran.
package result
