package main

import (
	"math"
	"slices"
	"time"
)

// median returns the middle value, or the mean of the two middle ones. It returns 0 for
// no values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// percentile returns the shortest of the times that a share of them, which is 0 to 1,
// does not exceed. It returns 0 for no times.
func percentile(times []time.Duration, share float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	at := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}

// perSecond returns n in took as a rate.
func perSecond(n int, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

// A payment's share of the machine: see docs/performance.md.
const (
	exchangesOfPayment = 6
	rowsOfPayment      = 18
	commitsOfPayment   = 4
)

// ceiling returns how many whole payments a second are possible at most: one writer
// writes the rows of a payment in groups of 8, and the machine makes the exchanges.
func ceiling(rowsInGroups, exchanges float64) float64 {
	return min(rowsInGroups/rowsOfPayment, exchanges/exchangesOfPayment)
}

// ceilingOfCommits returns the same where each durable point of a payment is one
// commit.
func ceilingOfCommits(commits, exchanges float64) float64 {
	return min(commits/commitsOfPayment, exchanges/exchangesOfPayment)
}
