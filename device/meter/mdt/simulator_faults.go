package mdt

import "time"

// PowerOff cuts the meter's supply: it is silent, and a trip that was open is lost
// without a record, as the rules for taximeters demand after more than a short dip.
func (s *Simulator) PowerOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = false
	s.state, s.trip, s.metres = Vacant, TripData{}, 0
	s.reports, s.busy = Configuration{}, false
	s.link.forget()
	s.poke()
}

// PowerOn brings the supply back. The meter is vacant and says so when it is asked.
func (s *Simulator) PowerOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = true
	s.poke()
}

// LoseAcks makes the meter miss the next n acknowledgements.
func (s *Simulator) LoseAcks(n int) { s.set(func() { s.loseAcks = n }) }

// LoseRequests makes the meter miss the next n requests.
func (s *Simulator) LoseRequests(n int) { s.set(func() { s.loseRequests = n }) }

// Miscount makes the total of the next n trip data 1.00 too high.
func (s *Simulator) Miscount(n int) { s.set(func() { s.miscounts = n }) }

// Busy makes the meter refuse requests for trip data and status with 4C, or tells
// the host that it is free again.
func (s *Simulator) Busy(busy bool) {
	s.set(func() {
		if s.busy && !busy {
			s.push(must(Busy{}))
		}
		s.busy = busy
	})
}

// Fail reports a failure code of frame 42, 0 to 9; 0 ends the failure.
func (s *Simulator) Fail(code byte) {
	s.set(func() {
		s.failure = code
		s.push(must(Failure{code}))
	})
}

// TimeOut reports that the meter waited for its host in vain.
func (s *Simulator) TimeOut() { s.set(func() { s.push(must(TimedOut{})) }) }

// Ping asks for an acknowledgement.
func (s *Simulator) Ping() { s.set(func() { s.push(must(Ping{})) }) }

// MissedMessage reports that a message was not acknowledged.
func (s *Simulator) MissedMessage() { s.set(func() { s.push(must(MissedMessage{})) }) }

// SwipeCard sends a card frame with data, which hosts must wipe.
func (s *Simulator) SwipeCard(id ID, data string) {
	s.set(func() { s.push(Frame{ID: id, Data: []byte(data)}.Append(nil)) })
}

// SendTripData sends the record of the open or last trip without being asked.
func (s *Simulator) SendTripData() { s.set(func() { s.push(must(s.answerTrip())) }) }

// set changes the meter while it is switched on.
func (s *Simulator) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(time.Now())
	if s.on {
		change()
	}
}
