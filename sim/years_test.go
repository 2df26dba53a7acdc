package sim

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/outbox"
	"taxiterminal/terminal/control"
	"taxiterminal/trip"
)

var years = flag.String("years", "0,0.02", "how many years of trips TestYearsOnFile puts on file, one after the other")

const (
	tripsADay  = 41
	tripsAYear = 365 * tripsADay // 14,965
)

// TestYearsOnFile puts years of trips on file, a shift ended each day, and measures what
// the terminal needs for everything that people and machines ask of it. "make years" is
// the long form. What is flat must not grow with the file; start and verification are
// shown with it.
func TestYearsOnFile(t *testing.T) {
	ctx := withTimeout(t, 30*time.Minute)
	var columns []string
	rows := map[string][]float64{}
	var order []string
	for _, text := range strings.Split(*years, ",") {
		n, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		columns = append(columns, text+" y")
		for _, m := range measureYears(ctx, t, max(1, int(n*365))) {
			if rows[m.what] == nil {
				order = append(order, m.what)
			}
			rows[m.what] = append(rows[m.what], m.value)
		}
	}
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\t%s\t\n", strings.Join(columns, "\t"))
	for _, what := range order {
		fmt.Fprint(w, what, "\t")
		for _, v := range rows[what] {
			fmt.Fprintf(w, "%.2f\t", v)
		}
		fmt.Fprintln(w)
	}
	require.NoError(t, w.Flush())
	t.Log("\n" + out.String())
	for what, r := range rows {
		if strings.HasPrefix(what, "flat: ") {
			require.LessOrEqual(t, r[len(r)-1], 3*r[0]+3, "%s grows with the file", what)
		}
	}
}

// measured is one line of the table.
type measured struct {
	what  string
	value float64
}

func measureYears(ctx context.Context, t *testing.T, days int) (list []measured) {
	add := func(what string, value float64) { list = append(list, measured{what, value}) }
	o, _ := ordinary(t)
	o.Dir = t.TempDir()
	taxi, err := New(o)
	require.NoError(t, err)
	defer func() { require.NoError(t, taxi.Close()) }()
	d := taxi.Daemon
	fillDays(t, d.Outbox(), days, true)
	fillDays(t, d.Outbox(), 1, false) // of the shift that goes on
	info, err := os.Stat(d.Outbox())
	require.NoError(t, err)
	add("trips on file", float64((days+1)*tripsADay))
	add("file, MB", float64(info.Size())/1e6)

	ready := median(t, 9, func() {
		require.NoError(t, d.Kill())
		require.NoError(t, d.Start(ctx))
	})
	add("flat: ready, ms", ready)
	pause(ctx, time.Second)
	add("flat: resident memory, MB", memory(t, d.Pid(), "VmRSS"))
	c := control.NewClient(d.Socket)
	middle := strconv.Itoa(days * tripsADay / 2)
	for _, q := range []struct {
		what string
		ask  func() error
	}{
		{"status", func() error { _, err := c.Status(ctx); return err }},
		{"trips", func() error { _, err := c.Trips(ctx, 0, 20); return err }},
		{"trips of the past", func() error { _, err := c.Trips(ctx, int64(days*tripsADay/2+2), 20); return err }},
		{"trips show", func() error { _, err := c.Trip(ctx, middle); return err }},
		{"shift", func() error { _, err := c.Shift(ctx, 0); return err }},
		{"shift --past 1", func() error { _, err := c.Shift(ctx, 1); return err }},
		{"outbox list", func() error { _, err := c.Commands(ctx, false, 50); return err }},
		{"outbox list --all", func() error { _, err := c.Commands(ctx, true, 50); return err }},
		{"outbox show", func() error { _, err := c.Command(ctx, middle); return err }},
	} {
		add("flat: "+q.what+", ms", median(t, 25, func() { require.NoError(t, q.ask()) }))
	}
	add("outbox verify, ms", median(t, 1, func() { _, err := c.Verify(ctx); require.NoError(t, err) }))
	to := filepath.Join(o.Dir, "backup")
	add("backup, ms", median(t, 1, func() { _, err := outbox.Backup(ctx, d.Outbox(), to, true); require.NoError(t, err) }))
	require.NoError(t, d.Stop())
	add("flat: commit, deliver, done, ms", deliverOn(ctx, t, d.Outbox()))
	add("flat: prune 20 trips, ms", pruneOn(ctx, t, d.Outbox()))
	return list
}

// median is the middle of n measurements in milliseconds.
func median(t testing.TB, n int, f func()) float64 {
	var all []time.Duration
	for range n {
		start := time.Now()
		f()
		all = append(all, time.Since(start))
	}
	slices.Sort(all)
	return float64(all[n/2]) / float64(time.Millisecond)
}

// deliverOn is one command from its event to its recorded outcome, in a file.
func deliverOn(ctx context.Context, t testing.TB, path string) float64 {
	s, err := outbox.Open(ctx, path, outbox.Options{})
	require.NoError(t, err)
	defer s.Close()
	ctx, cancel := context.WithCancel(ctx)
	done, stopped := make(chan error), make(chan struct{})
	go func() {
		defer close(stopped)
		_ = s.Run(ctx, func(_ context.Context, d outbox.Delivery) outbox.Verdict {
			done <- s.Commit(context.Background(), func(tx *outbox.Tx) error {
				if _, err := tx.Append(d.Stream, "delivered", d.Body); err != nil {
					return err
				}
				return tx.Finish(d.ID, outbox.Done, "")
			})
			return outbox.Finished()
		})
	}()
	n := 0
	ms := median(t, 201, func() {
		n++
		require.NoError(t, s.Commit(ctx, func(tx *outbox.Tx) error {
			if _, err := tx.Append(0, "outbox.bench", []byte("{}")); err != nil {
				return err
			}
			return tx.Enqueue(0, outbox.Command{Kind: "bench", Key: fmt.Sprint("bench-", n), Body: []byte("{}")})
		}))
		require.NoError(t, <-done)
	})
	cancel()
	<-stopped
	return ms
}

// pruneOn is one batch of old trips that leaves the file.
func pruneOn(ctx context.Context, t testing.TB, path string) float64 {
	s, err := outbox.Open(ctx, path, outbox.Options{})
	require.NoError(t, err)
	defer s.Close()
	return median(t, 3, func() {
		gone, err := s.Prune(ctx, s.End().Seq, 20)
		require.NoError(t, err)
		require.Len(t, gone, 20)
	})
}

// fillDays writes days of paid trips into a daemon's file, each with its shift.
func fillDays(t testing.TB, path string, days int, shifts bool) {
	ctx := context.Background()
	s, err := outbox.Open(ctx, path, outbox.Options{})
	require.NoError(t, err)
	defer s.Close()
	for from := 0; from < days; from += 100 {
		require.NoError(t, s.Commit(ctx, func(tx *outbox.Tx) error {
			for range min(100, days-from) {
				if err := fillDay(tx, s.ID(), shifts); err != nil {
					return err
				}
			}
			return nil
		}))
		open, err := s.List(ctx, outbox.Filter{Open: true})
		require.NoError(t, err)
		require.NoError(t, s.Commit(ctx, func(tx *outbox.Tx) error {
			for _, c := range open {
				if err := tx.Finish(c.ID, outbox.Done, "done"); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

func fillDay(tx *outbox.Tx, file string, shift bool) error {
	var last int64
	for range tripsADay {
		stream, err := tx.Begin()
		if err != nil {
			return err
		}
		if err := paidTrip(tx, trip.ID{Vehicle: "T122", File: file, Number: stream}); err != nil {
			return err
		}
		last = stream
	}
	if !shift {
		return nil
	}
	body, err := json.Marshal(map[string]any{"last": last, "from": tx.Now().Add(-8 * time.Hour), "to": tx.Now()})
	if err != nil {
		return err
	}
	_, err = tx.Append(0, "shift_ended", body)
	return err
}
