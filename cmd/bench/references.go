package main

import (
	"context"
	"time"

	"github.com/wantukit/wantukit/cmd/bench/internal/reference"
)

// The references: what the machine and the libraries do without the checkout.
const (
	singleCommits  measure = "commits of one row (SQLite)"
	groupedRows    measure = "rows in commits of 8 (SQLite)"
	pgCommits      measure = "commits of one row by one writer (PostgreSQL)"
	pgTransactions measure = "transactions of four rows by 16 writers (PostgreSQL)"
	exchanges      measure = "bare HTTP exchanges"
	memoryPages    measure = "the same bytes from memory by Echo"
	signatures     measure = "MD5 sums of a notification's length"
	riverJobs      measure = "jobs of River alone (SQLite)"

	ceilingSQLite   measure = "payments that the machine allows in groups of 8 (SQLite)"
	ceilingCommits  measure = "payments that the machine allows with a commit each (SQLite)"
	ceilingPostgres measure = "payments that the machine allows (PostgreSQL)"
)

// riverJobsRun is how many jobs River runs for its reference.
const riverJobsRun = 2000

// references measures the machine.
func (b *bench) references(ctx context.Context) error {
	type probe struct {
		measure measure
		run     func(time.Duration) (float64, error)
	}
	folder := b.town.folder
	probes := []probe{
		{singleCommits, func(d time.Duration) (float64, error) { return reference.SQLiteRows(ctx, folder, 1, d) }},
		{groupedRows, func(d time.Duration) (float64, error) { return reference.SQLiteRows(ctx, folder, 8, d) }},
		{exchanges, func(d time.Duration) (float64, error) { return reference.Exchanges(ctx, clients, d) }},
		{signatures, reference.Signatures},
		{riverJobs, func(time.Duration) (float64, error) { return reference.River(ctx, folder, riverJobsRun) }},
	}
	if b.measures(postgres) {
		url, err := b.town.referenceDatabase(ctx)
		if err != nil {
			return err
		}
		probes = append(probes,
			probe{pgCommits, func(d time.Duration) (float64, error) { return reference.PostgresCommits(ctx, url, d) }},
			probe{pgTransactions, func(d time.Duration) (float64, error) { return reference.PostgresTransactions(ctx, url, d) }})
	}
	for _, p := range probes {
		value, err := p.run(b.scale.reference)
		if err != nil {
			return err
		}
		b.results.add(machine, p.measure, value)
	}
	return nil
}

// memoryPages measures the reference of pages: a page that the checkout has sent.
func (b *bench) memoryPages(ctx context.Context) error {
	rate, err := reference.Pages(ctx, b.page, b.request, clients, b.scale.reference)
	b.results.add(machine, memoryPages, rate)
	return err
}

// derive adds the ceilings that follow from the references.
func (r results) derive() {
	rate := func(m measure) float64 { value, _ := r.of(machine, m); return value }
	r.add(machine, ceilingSQLite, ceiling(rate(groupedRows), rate(exchanges)))
	r.add(machine, ceilingCommits, ceilingOfCommits(rate(singleCommits), rate(exchanges)))
	if _, measured := r.of(machine, pgTransactions); measured {
		r.add(machine, ceilingPostgres, ceilingOfCommits(rate(pgTransactions), rate(exchanges)))
	}
}
