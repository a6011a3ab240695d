// Package campaign runs fault campaigns. In: a build or a float model, images, a campaign's description.
// Out: a folder of results, the same bytes however many workers ran it and however often it was killed. It
// chooses for each fault the cheapest engine that is exact: the record of the golden run where it proves
// the fault dead, the functional engine where the fault is arithmetic, the cycle engine for the rest.
package campaign
