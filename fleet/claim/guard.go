package claim

import (
	"errors"
	"fmt"
	"time"
)

// MaxGuesses is how many wrong codes a fare takes before a person in the office has
// to look: with one outcome worth guessing, a chance of one in a hundred thousand.
const MaxGuesses = 10

const (
	freeGuesses = 3 // typing errors, without any wait
	firstWait   = 15 * time.Second
	longestWait = 10 * time.Minute
)

// ErrLocked is a fare with too many wrong codes.
var ErrLocked = errors.New("confirmation code: too many wrong codes for this fare; wait for the network, or ask the office")

// WaitError says how long until the next code is read.
type WaitError struct{ Left time.Duration }

// Error is for the driver's log; screens say it in their own words.
func (e *WaitError) Error() string {
	return fmt.Sprintf("confirmation code: wait %v after so many wrong codes", e.Left.Round(time.Second))
}

// Guard counts the wrong codes of one fare. It is a value: keep it with the fare,
// across restarts, or a restart would be a new set of guesses. The zero Guard has
// seen none.
type Guard struct {
	Wrong int `json:"wrong,omitempty"`
	// Last is when the last wrong code was typed, on the caller's clock. Turning
	// that back ends the wait; the number of guesses stands.
	Last time.Time `json:"last,omitzero"`
}

// Allow says whether a code may be read now: nil, a *WaitError or ErrLocked.
func (g Guard) Allow(now time.Time) error {
	if g.Wrong >= MaxGuesses {
		return ErrLocked
	}
	wait := g.wait()
	if since := now.Sub(g.Last); since >= 0 && since < wait {
		return &WaitError{Left: wait - since}
	}
	return nil
}

// Missed is the guard after a wrong code.
func (g Guard) Missed(now time.Time) Guard {
	return Guard{Wrong: min(g.Wrong+1, MaxGuesses), Last: now}
}

// wait doubles with every wrong code after the free ones.
func (g Guard) wait() time.Duration {
	over := g.Wrong - freeGuesses
	if over < 0 {
		return 0
	}
	return min(firstWait<<min(over, 10), longestWait)
}
