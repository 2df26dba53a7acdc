package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// contestant does the one job of the contest: a command of commandSize bytes is
// enqueued, handed to a handler and recorded as done, each flushed.
type contestant interface {
	// Name is what the table calls it.
	Name() string
	// Start is called before each turn, Stop after it: what works in the background
	// must not take time from the others.
	Start() error
	Stop() error
	// Deliver returns when the command is recorded as done. Lane is below inFlight;
	// calls of different lanes come side by side.
	Deliver(lane int) error
	Close() error
}

const (
	commandSize = 400 // bytes of a command: a payment request
	eventSize   = 100 // bytes of the event that causes it
	inFlight    = 4   // lanes
)

// contest is a way to compare: so many commands a turn, in so many lanes.
type contest struct {
	Rounds, Commands, Lanes int
}

// score of one contestant: one figure a round.
type score struct {
	Name    string
	Took    []time.Duration // for one command
	Flushes []float64       // for one command
}

// Run gives each contestant its turn in each round, so that all see the same disk.
// The first round is for warming up and counts for nothing.
func (c contest) Run(raw io.Writer, all []contestant) ([]score, error) {
	scores := make([]score, len(all))
	for i, who := range all {
		scores[i].Name = who.Name()
	}
	for round := range c.Rounds + 1 {
		for i, who := range all {
			took, flushed, err := c.turn(who)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", who.Name(), err)
			}
			if round == 0 {
				continue
			}
			scores[i].Took = append(scores[i].Took, took)
			scores[i].Flushes = append(scores[i].Flushes, flushed)
		}
	}
	for _, s := range scores {
		fmt.Fprintf(raw, "%-28s lanes %d  %8v a command (%v to %v), %.2f flushes\n", s.Name, c.Lanes,
			median(s.Took).Round(time.Microsecond), slices.Min(s.Took).Round(time.Microsecond), slices.Max(s.Took).Round(time.Microsecond), mean(s.Flushes))
	}
	return scores, nil
}

func (c contest) turn(who contestant) (took time.Duration, flushed float64, err error) {
	if err := who.Start(); err != nil {
		return 0, 0, err
	}
	each := c.Commands / c.Lanes
	errs := make([]error, c.Lanes)
	before, start := flushes(), time.Now()
	var lanes sync.WaitGroup
	for lane := range c.Lanes {
		lanes.Go(func() {
			for n := 0; n < each && errs[lane] == nil; n++ {
				errs[lane] = who.Deliver(lane)
			}
		})
	}
	lanes.Wait()
	n := each * c.Lanes
	took, flushed = time.Since(start)/time.Duration(n), float64(flushes()-before)/float64(n)
	for _, err := range append(errs, who.Stop()) {
		if err != nil {
			return 0, 0, err
		}
	}
	return took, flushed, nil
}

// against is the median, over the rounds, of how many times as long s took as the other.
func (s score) against(other score) float64 {
	var ratios []float64
	for round := range s.Took {
		ratios = append(ratios, float64(s.Took[round])/float64(other.Took[round]))
	}
	return median(ratios)
}

func median[T int | float64 | time.Duration](values []T) T {
	v := slices.Sorted(slices.Values(values))
	return v[len(v)/2]
}

// await waits for a sign that a command is done.
func await(done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("a command was not carried out")
	}
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}
