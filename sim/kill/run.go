package kill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Options of a run.
type Options struct {
	Terminal string // the taxiterm program
	Gateway  string // the taxifleet program
	Dir      string // everything is kept in here; it must exist
	Seed     uint64
	Rounds   int    // kills of cars that make their own payments
	Fleet    int    // kills of gateways, of their cars, and of both
	Abreast  int    // cars side by side; 0 is 8. As many fleets, if there are rounds for them
	Keep     bool   // what is sound too
	Only     string // in the names of the outcomes that are drawn; empty for all
	Meter    string // of all cars; empty for one or another
	Log      func(format string, args ...any)

	tracer bool
}

// Run kills until there are enough rounds or something is wrong. The report is there
// in any case.
func Run(ctx context.Context, o Options) (report string, err error) {
	if o.Abreast == 0 {
		o.Abreast = 8
	}
	if err := tracer(); err != nil {
		o.Log("SKIPPED LOUDLY: no system calls are struck, strace cannot trace here: %v", err)
	} else {
		o.tracer = true
	}
	parts := []struct {
		name    string
		rounds  int
		abreast int
		fleet   bool
		prepare func(context.Context, *day) error
	}{
		{"cars alone", o.Rounds, o.Abreast, false, alone},
		{"fleets", o.Fleet, min(o.Abreast, 1+o.Fleet/4), true, inFleet},
	}
	tallies, failed := make([]*tally, len(parts)), make([]error, len(parts))
	var both sync.WaitGroup
	for i, part := range parts {
		t := newTally(part.rounds, func(n int) {
			if n%500 == 0 {
				o.Log("%s: %d of %d rounds", part.name, n, part.rounds)
			}
		})
		tallies[i] = t
		both.Go(func() {
			failed[i] = abreast(ctx, part.abreast, t, func(ctx context.Context, number int) error {
				d, err := newDay(o, t, number, part.fleet)
				if err != nil {
					return err
				}
				return d.drive(ctx, part.prepare)
			})
		})
	}
	both.Wait()
	for i, part := range parts {
		if part.rounds > 0 {
			report += fmt.Sprintf("%s, seed %d: %s\n", part.name, o.Seed, tallies[i])
		}
	}
	return report, errors.Join(failed...)
}

// abreast lets so many days go on side by side, one after the other, until there are
// enough rounds.
func abreast(ctx context.Context, n int, t *tally, drive func(context.Context, int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var number atomic.Int64
	var lanes sync.WaitGroup
	var mu sync.Mutex
	var all []error
	for range n {
		lanes.Go(func() {
			for ctx.Err() == nil && !t.enough() {
				err := drive(ctx, int(number.Add(1)))
				if err != nil && !(ctx.Err() != nil && (errors.Is(err, errStopped) || errors.Is(err, context.Canceled))) {
					mu.Lock()
					all = append(all, err)
					mu.Unlock()
					stop(errStopped)
				}
			}
		})
	}
	lanes.Wait()
	if len(all) == 0 && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(all...)
}

// errStopped ends the other days when something was found.
var errStopped = errors.New("stopped, because something was found elsewhere")
