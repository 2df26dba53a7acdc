package vipps

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLimiterIsNeverOverTheLimitInAnyMinute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var l limiter
		op, most := OpCapture, 5
		if rapid.Bool().Draw(rt, "read") {
			op, most = OpGet, 120
		}
		now := time.Now()
		var sent []time.Time
		for range rapid.IntRange(1, 400).Draw(rt, "calls") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(rt, "gap")))
			wait := l.take(op, "T122-0001", now)
			require.GreaterOrEqual(rt, wait, time.Duration(0))
			require.LessOrEqual(rt, wait, limitWindow)
			if wait > 0 {
				continue
			}
			sent = append(sent, now)
			if i := len(sent) - 1 - most; i >= 0 {
				require.Greater(rt, now.Sub(sent[i]), time.Minute)
			}
		}
	})
}

func TestLimiterWaitIsEnough(t *testing.T) {
	t.Parallel()
	var l limiter
	now := time.Now()
	for i := range 5 {
		require.Zero(t, l.take(OpCreate, "T122-0001", now.Add(time.Duration(i)*time.Second)))
	}
	now = now.Add(5 * time.Second)
	wait := l.take(OpCreate, "T122-0001", now)
	require.Equal(t, 56*time.Second, wait)
	require.Positive(t, l.take(OpCreate, "T122-0001", now.Add(wait-1)))
	require.Zero(t, l.take(OpCreate, "T122-0001", now.Add(wait)))
	require.Zero(t, l.take(OpCapture, "T122-0001", now), "each operation has its own count")
	require.Zero(t, l.take(OpCreate, "T122-0002", now), "each reference has its own count")
}

func TestLimiterForgetsWhatWasNotSent(t *testing.T) {
	t.Parallel()
	var l limiter
	now := time.Now()
	for i := range 100 {
		at := now.Add(time.Duration(i) * time.Second)
		require.Zero(t, l.take(OpCreate, "T122-0001", at), i)
		l.giveBack(OpCreate, "T122-0001", at)
	}
	l.giveBack(OpCreate, "T122-0001", now) // of something not there
	l.giveBack(OpCreate, "T122-0009", now)
}

// A year of trips leaves no more behind than the last minute's.
func TestLimiterStaysSmall(t *testing.T) {
	t.Parallel()
	var l limiter
	now := time.Now()
	for i := range 10_000 {
		now = now.Add(10 * time.Second)
		l.take(OpGet, fmt.Sprintf("T122-%06d", i), now)
		l.take(OpCreate, fmt.Sprintf("T122-%06d", i), now)
		require.LessOrEqual(t, len(l.sent), 30)
	}
	for range 1000 {
		now = now.Add(time.Second)
		l.take(OpGet, "T122-the-same", now)
	}
	require.LessOrEqual(t, cap(l.sent[limitKey{OpGet, "T122-the-same"}]), 512)
}
