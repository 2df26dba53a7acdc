package gwp5043

import "time"

// faults are what is wrong with the meter.
type faults struct {
	clock time.Duration // by which its clock is wrong
	lose  int           // frames not to be sent
	flip  map[int]int   // bit of a frame to be flipped: in how many frames
}

// befall does to a frame what has been ordered.
func (f *faults) befall(frame []byte) []byte {
	if frame == nil {
		return nil
	}
	if f.lose > 0 {
		f.lose--
		return nil
	}
	for bit, n := range f.flip {
		if n > 0 && bit/8 < len(frame) {
			frame[bit/8] ^= 0x80 >> (bit % 8)
			f.flip[bit] = n - 1
		}
	}
	return frame
}

// PowerOff cuts the meter's supply: it is silent, and a trip that was open is lost without a
// record, as the rules for taximeters demand after more than a short dip.
func (s *Simulator) PowerOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.state, s.pressed, s.prints = false, Vacant, false, 0
}

// PowerOn brings the supply back. The meter is vacant and repeats its last record if repeat
// is set; otherwise it says nothing until a key is pressed.
func (s *Simulator) PowerOn(repeat bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.pressed = true, repeat && s.closed.Exit != 0
	s.nextFrame = time.Time{}
	s.poke()
}

// Lose makes the next n frames vanish.
func (s *Simulator) Lose(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.lose = n
}

// Flip flips one bit of the next n frames that are long enough; bit 0 is the highest bit of
// the STX.
func (s *Simulator) Flip(bit, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.flip == nil {
		s.faults.flip = map[int]int{}
	}
	s.faults.flip[bit] = n
}

// ShiftClock puts the meter's clock on by d.
func (s *Simulator) ShiftClock(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(s.clock())
	s.faults.clock += d
	s.board, s.counted = s.board.Add(d), s.counted.Add(d)
}

// Exchange puts another meter in this one's place.
func (s *Simulator) Exchange(serial string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Serial = serial
}
