package sample

// Numbers is what is known of a number that each fault of a stratum has, such as what it costs.
type Numbers struct {
	Population int64   // as of a Tally
	Weight     float64 // as of a Stratum
	up, down   moments // of the part of each number above 0, and of that below 0, without its sign
}

// Add counts the number of one more fault that was drawn.
func (n *Numbers) Add(x float64) {
	n.up.add(max(0, x))
	n.down.add(max(0, -x))
}

// weight is the stratum's share of the whole in any unit.
func (n *Numbers) weight() float64 {
	if n.Weight > 0 {
		return n.Weight
	}
	return float64(n.Population)
}

// moments sums numbers up without their cancelling each other (Welford, Technometrics 4, 1962).
type moments struct {
	count       int64
	mean        float64
	squares     float64 // of the deviations from the mean
	least, most float64
}

func (m *moments) add(x float64) {
	if m.count == 0 {
		m.least, m.most = x, x
	}
	m.count++
	d := x - m.mean
	m.mean += d / float64(m.count)
	m.squares += d * (x - m.mean)
	m.least, m.most = min(m.least, x), max(m.most, x)
}

// Range is where the numbers of all faults lie, whatever was drawn. Least is at most 0, Most at least 0.
type Range struct{ Least, Most float64 }

// gainDoubt is the part of the doubt that goes to the side of numbers below 0.
const gainDoubt = 0.05

// Mean estimates the mean of a number over the whole, from strata whose sample sizes were fixed before
// any outcome was seen. A fault is one draw, on however many images its number was measured.
//
// The law is that of Total, which asks no more of the shares of images that faults hurt than to lie from 0 to 1:
// a beta law with the estimated mean and variance of the stratified sample, after one more fault that is as bad
// as can be (Fay and Feuer, Statistics in Medicine 16, 1997; variance with the correction for finite populations as
// in Cochran, "Sampling Techniques", 1977, section 5.3). It needs to see where the numbers begin, for the skewness of
// a sum is that of what lies above. So numbers above 0 and below 0 are bounded one by one, and the ends are
// the differences. Both bounds are wrong at most as often as they may be together; those below 0, expected to be small,
// get a twentieth of the doubt, so that the others' interval is hardly wider for them.
//
// The mean is of the strata with a draw; those without may have any mean within the range. Strata without weight
// are told nothing of.
func Mean(strata []Numbers, within Range, confidence float64) (mean, lo, hi float64) {
	tail := (1 - confidence) / 2
	minor := gainDoubt * tail
	if within.Least == 0 {
		minor = 0
	}
	up, upLo, upHi := side(strata, func(n *Numbers) moments { return n.up }, within.Most, tail-minor)
	down, downLo, downHi := side(strata, func(n *Numbers) moments { return n.down }, -within.Least, minor)
	return up - down, upLo - downHi, upHi - downLo
}

// side estimates one side of the mean: numbers from 0 to most.
func side(strata []Numbers, of func(*Numbers) moments, most, tail float64) (mean, lo, hi float64) {
	if most == 0 {
		return 0, 0, 0
	}
	var p pieces
	for i := range strata {
		n := &strata[i]
		p.add(of(n).piece(n.Population, most), n.weight())
	}
	p.scale()
	if p.unseen < 1 {
		mean = p.mean() / (1 - p.unseen) * most
	}
	lo, hi = p.around(ends(p.open, tail))
	return mean, max(0, lo) * most, hi * most
}

// piece is the moments as parts of the most that a number can be, without a share.
func (m moments) piece(population int64, most float64) piece {
	p := piece{
		population: population, drawn: m.count, mean: min(1, m.mean/most), variance: unknownVariance,
		least: min(1, m.least/most), most: min(1, m.most/most),
	}
	if m.count > 1 {
		p.variance = m.squares / most / most / float64(m.count-1)
	}
	return p
}
