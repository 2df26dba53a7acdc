package jtt905

import (
	"bytes"
	"time"

	"taxiterminal/money"
)

// PowerOff cuts the meter's supply: it is silent, and a trip that was open is lost
// without a record, as the rules for taximeters demand after more than a short dip.
// Records that nobody acknowledged are kept.
func (s *Simulator) PowerOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = false
	s.state, s.trip, s.metres = Vacant, Trip{}, 0
	s.link.forget()
	s.poke()
}

// PowerOn brings the supply back. The meter is vacant, and asks to sign in.
func (s *Simulator) PowerOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = true
	s.link.nextBeat = time.Time{}
	s.push(said{message: SignIn{Identity: 1}})
}

// LoseAnswers makes the meter miss the next n answers.
func (s *Simulator) LoseAnswers(n int) { s.set(func() { s.loseAnswers = n }) }

// LoseRequests makes the meter miss the next n requests.
func (s *Simulator) LoseRequests(n int) { s.set(func() { s.loseRequests = n }) }

// Misprint puts a digit above nine into the amount of the next n records sent.
func (s *Simulator) Misprint(n int) { s.set(func() { s.misprints = n }) }

// Fail makes the status tell a fault: 1, 2, 4 or 8, or 0 for none.
func (s *Simulator) Fail(state byte) { s.set(func() { s.fault = state }) }

// BadSpeed makes heartbeats say that the speed signal is abnormal.
func (s *Simulator) BadSpeed(bad bool) { s.set(func() { s.badSpeed = bad }) }

// ResetClock puts the clock back to the year 2000, as after the loss of its battery.
func (s *Simulator) ResetClock() {
	s.set(func() {
		start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.FixedZone("", int(s.cfg.Offset/time.Second)))
		s.skew = time.Until(start)
	})
}

// Resend sends the record of the last trip again, as if nobody had acknowledged it.
func (s *Simulator) Resend() {
	s.set(func() { s.push(said{message: Ended{Trip: s.closed, Resent: true}}) })
}

// SendOld sends the record of a trip of some days ago.
func (s *Simulator) SendOld(number uint32, amount money.Minor, days int) {
	s.set(func() {
		at := s.now().Truncate(time.Minute).AddDate(0, 0, -days)
		s.push(said{message: Ended{Resent: true, Trip: Trip{
			Plate: s.cfg.Plate, Certificate: s.cfg.Certificate, Boarded: at.Add(-10 * time.Minute), Alighted: at, Amount: amount, Number: number,
		}}})
	})
}

// SwipeCard puts n bytes of a card's data behind the next record, which hosts must wipe.
func (s *Simulator) SwipeCard(n int) { s.set(func() { s.card = n }) }

// set changes the meter while it is switched on.
func (s *Simulator) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(time.Now())
	if s.on {
		change()
	}
}

// digitsOf is what the data of a simulated card are made of.
var digitsOf = []byte("4925000000000004")

// withCard writes them behind the record in a frame.
func withCard(frame []byte, n int) []byte {
	f := parts(bytes.Clone(frame))
	copy(f.Data[len(f.Data)-n:], bytes.Repeat(digitsOf, n/len(digitsOf)+1))
	return f.Append(nil)
}

// misprinted is the frame of a record with digit ten at the end of its amount, and the
// check byte that goes with it.
func misprinted(frame []byte) []byte {
	f := parts(bytes.Clone(frame))
	f.Data[60] = f.Data[60]&0xF0 | 0x0A
	return f.Append(nil)
}
