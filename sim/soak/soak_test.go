package soak

import (
	"flag"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var (
	seed    = flag.Uint64("seed", 0, "of the lives; 0 draws one")
	only    = flag.Int64("life", -1, "play this life of the seed only")
	trips   = flag.Int("trips", 300, "go on until so many trips have been driven")
	tail    = flag.Int("tail", 150, "how much of the story a failure tells")
	workers = flag.Int("workers", 1, "lives side by side")
)

// TestSoak plays lives until there are enough trips. "make soak" is the long form.
func TestSoak(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	if *only >= 0 {
		o, _ := live(t, *seed, uint64(*only))
		t.Logf("%+v", o)
		return
	}
	var next, driven, paid, cuts, steps, lasted atomic.Int64
	began := time.Now()
	t.Run("lives", func(t *testing.T) {
		for range *workers {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for driven.Load() < int64(*trips) && !t.Failed() {
					n := next.Add(1) - 1
					ok := t.Run("", func(t *testing.T) {
						defer func() {
							if t.Failed() {
								t.Logf("replay: make soak SEED=%d LIFE=%d", *seed, n)
							}
						}()
						o, _ := live(t, *seed, uint64(n))
						driven.Add(int64(o.trips))
						paid.Add(int64(o.paid))
						cuts.Add(int64(o.cuts))
						steps.Add(int64(o.steps))
						lasted.Add(int64(o.lasted))
					})
					if !ok {
						return
					}
				}
			})
		}
	})
	t.Logf("seed %d: %d lives, %d trips (%d paid), %d power cuts, %d steps, %.2f taxi-years, in %s", *seed, next.Load(),
		driven.Load(), paid.Load(), cuts.Load(), steps.Load(), time.Duration(lasted.Load()).Hours()/24/365, time.Since(began).Round(time.Second))
}

// TestALifeIsItsSeed: the same seed makes the same life, step by step.
func TestALifeIsItsSeed(t *testing.T) {
	for n := range uint64(24) {
		first, story := live(t, 7, n)
		second, again := live(t, 7, n)
		if first != second {
			for i := range story {
				if i >= len(again) || story[i] != again[i] {
					t.Errorf("life %d, line %d of %d:\n%s\nthen:\n%s", n, i, len(story), around(story, i), around(again, i))
					break
				}
			}
			t.Errorf("life %d: %+v, then %+v", n, first, second)
		}
	}
}

func around(story []string, i int) string {
	return strings.Join(story[max(0, i-12):min(i+4, len(story))], "\n")
}
