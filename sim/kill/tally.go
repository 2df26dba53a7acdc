package kill

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// tally counts what was done.
type tally struct {
	mu       sync.Mutex
	rounds   int
	want     int
	points   map[string]int
	outcomes map[string]int
	starts   map[string][]time.Duration
	entries  int64
	progress func(rounds int)
}

func newTally(want int, progress func(int)) *tally {
	return &tally{want: want, points: map[string]int{}, outcomes: map[string]int{}, starts: map[string][]time.Duration{}, progress: progress}
}

func (t *tally) killed(p Point) {
	t.mu.Lock()
	t.rounds++
	t.points[p.String()]++
	n := t.rounds
	t.mu.Unlock()
	t.progress(n)
}

func (t *tally) ended(o string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outcomes[o]++
}

func (t *tally) ready(who string, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.starts[who] = append(t.starts[who], took)
}

func (t *tally) verified(entries int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries += entries
}

func (t *tally) enough() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rounds >= t.want
}

// String is the whole of it, as a table.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%d rounds, %d journal rows at the ends of the days\n", t.rounds, t.entries)
	table(&b, "killed at", t.points)
	table(&b, "trips", t.outcomes)
	for _, who := range slices.Sorted(maps.Keys(t.starts)) {
		d := slices.Sorted(slices.Values(t.starts[who]))
		fmt.Fprintf(&b, "%s ready after a kill: %d starts, p50 %s, p99 %s, max %s\n", who, len(d),
			ms(d[len(d)/2]), ms(d[len(d)*99/100]), ms(d[len(d)-1]))
	}
	return b.String()
}

func table(b *strings.Builder, title string, counts map[string]int) {
	fmt.Fprintf(b, "%s:\n", title)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(b, "  %-42s %6d\n", name, counts[name])
	}
}

func ms(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
