package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTroubleIsLoggedWhenItIsNew: a try every five seconds for a day fills no disk.
func TestTroubleIsLoggedWhenItIsNew(t *testing.T) {
	t.Parallel()
	damaged, full := errors.New("damaged"), errors.New("full")
	var told []int
	trouble, now := trouble{}, time.Now()
	try := func(err error, after time.Duration) {
		for end := now.Add(after); now.Before(end); now = now.Add(reopenAfter) {
			if trouble.tell(err, now) {
				told = append(told, trouble.tries)
			}
		}
	}
	try(damaged, 9*time.Minute)
	require.Equal(t, []int{1}, told)
	try(full, time.Minute)
	try(damaged, time.Minute)
	require.Equal(t, []int{1, 109, 121}, told, "what is new is told at once")
	told = nil
	try(damaged, 24*time.Hour)
	require.Len(t, told, 24*6)
	require.Equal(t, 120, told[1]-told[0], "every ten minutes, with how often it was tried")
}
