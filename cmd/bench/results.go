package main

import "math"

// measure is what a figure is about.
type measure string

// subject is what was measured: a checkout by its name, with its engine, or the machine.
type subject struct {
	binary string
	engine engine
}

// machine is the subject of the references.
var machine = subject{}

// results are the figures of all rounds.
type results map[subject]map[measure][]float64

func (r results) add(s subject, m measure, value float64) {
	if r[s] == nil {
		r[s] = map[measure][]float64{}
	}
	r[s][m] = append(r[s][m], value)
}

// of returns the median of a measure. ok is false if it was not measured.
func (r results) of(s subject, m measure) (value float64, ok bool) {
	values := r[s][m]
	return median(values), len(values) > 0
}

// never is the figure of something that did not happen while it was waited for.
var never = math.Inf(1)

// isNever reports whether a measure's last figure is never.
func (r results) isNever(s subject, m measure) bool {
	values := r[s][m]
	return len(values) > 0 && math.IsInf(values[len(values)-1], 1)
}
