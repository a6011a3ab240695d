// Package sample says how many faults a campaign needs, which ones, and what their outcomes prove. In:
// sizes of populations, counts of outcomes, a seed. Out: sample sizes, indices drawn without replacement,
// intervals that hold as often as they say. It knows no faults, no memories and no networks.
//
// A population of N faults falls into strata; a stratum is one Tally: how many of its faults were drawn, and
// how many of the images each of them hurt. What is estimated is the share of (fault, image) pairs that are
// hurt; with one image, the share of faults.
//
//	Exact    Clopper-Pearson, and its hypergeometric form where the population is finite
//	Wilson   the score interval with continuity correction, widened where it would not hold
//	Total    strata weighted by their size; zero counts are no certainty
//	Mean     the same for a number that each fault has, such as a loss of accuracy
//	Sequence looks at growing samples, and stops where an interval is narrow enough; StoppedTotal and
//	         StoppedMean are Total and Mean of what stopped so
//
// Only methods that hold are offered. Wald's p +- z*sqrt(pq/n) fails where p is small, and so do, to a
// lesser degree, Wilson's interval as published and Jeffreys'; the tests of this package measure all three.
// Coverage measures a method on any population whose truth is known.
package sample
