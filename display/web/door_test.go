package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWrongPINsCostTime walks through the growing waits: while one lasts, not even
// the right PIN is looked at.
func TestWrongPINsCostTime(t *testing.T) {
	t.Parallel()
	d := newDoor("4711")
	now := time.Now()
	for i, want := range []time.Duration{
		0, 0, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second,
		64 * time.Second, 128 * time.Second, 256 * time.Second, 5 * time.Minute, 5 * time.Minute,
	} {
		token, wait := d.enter("0000", now)
		require.Empty(t, token)
		require.Equal(t, want, wait, "try %d", i+1)
		if want > 0 {
			token, wait = d.enter("4711", now.Add(want-time.Millisecond))
			require.Empty(t, token, "looked at too early")
			require.Equal(t, time.Millisecond, wait)
		}
		now = now.Add(want)
	}
	token, wait := d.enter("4711", now)
	require.NotEmpty(t, token)
	require.Zero(t, wait)

	_, wait = d.enter("0000", now)
	require.Zero(t, wait, "a right one starts the count again")
}

func TestSessions(t *testing.T) {
	t.Parallel()
	d := newDoor("4711")
	now := time.Now()
	token, _ := d.enter("4711", now)
	require.True(t, d.passed(token, now.Add(sessionTime-time.Second)))
	require.False(t, d.passed(token, now.Add(sessionTime)), "a session ends")
	require.False(t, d.passed(token, now), "and does not come back")
	require.False(t, d.passed("", now))
	require.False(t, d.passed("guess", now))

	token, _ = d.enter("4711", now)
	other, _ := d.enter("4711", now)
	require.NotEqual(t, token, other)
	d.leave(token)
	require.False(t, d.passed(token, now))
	require.True(t, d.passed(other, now), "one page locks itself only")
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	d := newDoor("4711")
	now := time.Now()
	first, _ := d.enter("4711", now)
	for i := range 3 * maxSessions {
		d.enter("4711", now.Add(time.Duration(i+1)*time.Second))
	}
	require.Len(t, d.sessions, maxSessions)
	require.False(t, d.passed(first, now), "the oldest gave way")
}
