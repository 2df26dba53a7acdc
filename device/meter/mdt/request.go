package mdt

import "time"

const (
	ackWait     = time.Second     // for the acknowledgement of a request
	answerWait  = 2 * time.Second // for its answer
	sendings    = 3               // the first and two repetitions
	requestTime = 10 * time.Second
	busyPause   = 2 * time.Second // without a word from a busy meter; doubles
	busyMost    = 8 * time.Second
)

// request is one thing that the meter is asked for, with its timers. It is pure:
// whoever owns it sends the frame when told to.
type request struct {
	id      ID
	frame   []byte
	answers bool // it has an answer of its own; otherwise the ACK is the answer

	active bool
	acked  bool
	last   bool // no more repetitions: an answer might be about something else by now
	sent   time.Time
	tries  int
	limit  time.Time // however busy the meter says it is

	off bool // the meter does not support it
}

// step is what a request needs done.
type step uint8

const (
	nothing step = iota
	send         // send the frame again
	fail         // no answer is to be expected any more
)

// begin starts asking; the caller sends the frame.
func (r *request) begin(now time.Time) {
	*r = request{id: r.id, frame: r.frame, answers: r.answers,
		active: true, sent: now, tries: 1, limit: now.Add(requestTime)}
}

// end stops asking, because of an answer or because nobody wants one any more.
func (r *request) end() { r.active = false }

// ack takes an acknowledgement and says whether it was the answer.
func (r *request) ack() (done bool) {
	r.acked = true
	if !r.answers {
		r.end()
	}
	return !r.active
}

// due says what to do now, and does the bookkeeping for it.
func (r *request) due(now time.Time) step {
	if !r.active {
		return nothing
	}
	wait := ackWait
	if r.acked || r.last {
		wait = answerWait
	}
	switch {
	case now.Before(r.sent.Add(wait)) && now.Before(r.limit):
		return nothing
	case r.last || r.tries == sendings || !now.Before(r.limit):
		r.end()
		return fail
	}
	r.again(now)
	r.tries++
	return send
}

// again notes that the frame is sent once more.
func (r *request) again(now time.Time) { r.sent, r.acked = now, false }

// support is what is known about the meter's ability to give trip data in one
// position. A 59 does not say what it refuses, nor whether for good.
type support struct{ refused int }

const refusals = 2 // requests, each refused twice

func (s *support) none() bool { return s.refused >= refusals }
