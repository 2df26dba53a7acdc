package jtt905

import "time"

const (
	answerWait = 2 * time.Second // for an answer
	sendings   = 3               // the first and two repetitions
)

// request is one thing that the meter is asked for. It is pure: whoever owns it sends
// the frame when told to.
type request struct {
	active bool
	frame  []byte
	began  time.Time
	sent   time.Time
	tries  int
}

// step is what a request needs done.
type step uint8

const (
	nothing step = iota
	send         // send the frame again
	fail         // no answer is to be expected any more
)

// begin starts asking; the caller sends the frame.
func (r *request) begin(frame []byte, now time.Time) {
	*r = request{active: true, frame: frame, began: now, sent: now, tries: 1}
}

// end stops asking.
func (r *request) end() { r.active = false }

// due says what to do now, and does the bookkeeping for it.
func (r *request) due(now time.Time) step {
	switch {
	case !r.active || now.Before(r.sent.Add(answerWait)):
		return nothing
	case r.tries == sendings:
		r.end()
		return fail
	}
	r.tries++
	r.sent = now
	return send
}
