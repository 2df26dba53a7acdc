package vehicle

import "time"

// Clock tells what time it is in a car whose own clock may be wrong: boards without
// a battery start in the past, and a satellite receiver may be off by years. It
// learns from the Date headers of servers that proved who they are (TLS), and counts
// on from there by the monotonic clock, so that nothing that is done to the wall
// clock matters.
//
// A Date header is cut to seconds and then travels, so the true time is never before
// it: of several that agree, the latest is the best. The result is right to a second
// or two on a good network. It is for what people and offices read; deadlines run on
// the monotonic clock alone.
//
// The zero Clock has heard nothing. It is not safe for concurrent use.
type Clock struct {
	origin time.Time // what monotonic readings count from
	heard  anchor    // what is counted on from
	rival  anchor    // heard last, and in contradiction to heard
}

// anchor is a server's word and what the car's clocks showed when it came.
type anchor struct {
	server time.Time
	reading
}

// reading is what the car's two clocks show.
type reading struct {
	wall time.Time     // without monotonic part
	mono time.Duration // since the origin
}

const (
	// agreement is how far apart two sources of time may be: a slow answer of a
	// server, a second or two of drift.
	agreement = time.Minute
	// stale is when a later word counts although it says an earlier time, because
	// the car's crystal may run fast.
	stale = time.Hour
)

// era is when the API came to be: a server that says an earlier time is not asked
// for the time.
var era = time.Date(2022, time.January, 1, 0, 0, 0, 0, time.UTC)

// Heard takes the Date of a server's answer that came at a time.Now(). A word that
// contradicts the earlier ones makes the clock doubtful until a second one says the
// same; one that is absurd is ignored.
func (c *Clock) Heard(server, at time.Time) { c.hear(server.UTC(), c.read(at)) }

// Now gives the time at a time.Now(), in UTC, and whether it can be believed: a
// server has said it since this process began, none has contradicted since, and the
// car's clocks have run alike, so that it neither slept nor was set. (A clock that is
// set back by just as long as it slept hides both.) Before anything was heard it is
// what the car's clock says.
func (c *Clock) Now(at time.Time) (t time.Time, trusted bool) { return c.now(c.read(at)) }

func (c *Clock) read(at time.Time) reading {
	if c.origin.IsZero() {
		c.origin = at
	}
	return reading{at.Round(0).UTC(), at.Sub(c.origin)}
}

func (c *Clock) hear(server time.Time, r reading) {
	word := anchor{server, r}
	switch {
	case server.Before(era):
	case !c.heard.known() || !c.heard.alike(r):
		c.heard, c.rival = word, anchor{}
	case near(server.Sub(c.heard.count(r))):
		c.confirm(word)
	case c.rival.known() && near(server.Sub(c.rival.count(r))):
		c.heard, c.rival = word, anchor{}
	default:
		c.rival = word
	}
}

// confirm keeps the better of two that agree.
func (c *Clock) confirm(word anchor) {
	c.rival = anchor{}
	if word.server.After(c.heard.count(word.reading)) || word.mono-c.heard.mono > stale {
		c.heard = word
	}
}

func (c *Clock) now(r reading) (time.Time, bool) {
	if !c.heard.known() {
		return r.wall, false
	}
	return c.heard.count(r), !c.rival.known() && c.heard.alike(r)
}

func (a anchor) known() bool { return !a.server.IsZero() }

// count is the server's time at a later reading.
func (a anchor) count(r reading) time.Time { return a.server.Add(r.mono - a.mono) }

// alike is true while both clocks of the car have gone on by the same time. The
// monotonic one stops while a computer sleeps, the wall clock can be set.
func (a anchor) alike(r reading) bool { return near(r.wall.Sub(a.wall) - (r.mono - a.mono)) }

func near(d time.Duration) bool { return d.Abs() <= agreement }
