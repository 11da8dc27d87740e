package wantu

import "hash/maphash"

// Duplicates finds the trades that more than one statement of the same account
// lists. Each channel has its own statement, but a gateway may ignore the channel
// and list every trade in both. Two equal trades in one statement are no
// duplicates.
//
// A Duplicates needs little memory, because it keeps only a hash of each trade. It
// is not safe for concurrent use.
type Duplicates struct {
	seed maphash.Seed
	// listed says, by the hash of a trade, how often a statement listed it. If
	// several did, the highest number counts.
	listed map[uint64]int
}

// NewDuplicates returns a Duplicates that has seen no statement.
func NewDuplicates() *Duplicates {
	return &Duplicates{seed: maphash.MakeSeed(), listed: map[uint64]int{}}
}

// NextStatement begins another statement. Call the returned function once for each
// of its trades, in any order: it reports whether an earlier statement listed the
// trade. If this statement lists it more often than any earlier one, the additional
// ones are no duplicates.
func (d *Duplicates) NextStatement() (isDuplicate func(Trade) bool) {
	read := map[uint64]int{}
	return func(t Trade) bool {
		t.DateAdded = t.DateAdded.UTC() // equal times must have an equal hash
		key := maphash.Comparable(d.seed, t)
		read[key]++
		if read[key] <= d.listed[key] {
			return true
		}
		d.listed[key] = read[key]
		return false
	}
}
