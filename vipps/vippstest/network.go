package vippstest

import (
	"fmt"
	"time"
)

// Network is the state of the line between terminal and API.
type Network string

const (
	Up        Network = "up"
	Refused   Network = "refused"   // connections are refused, open ones are reset
	Blackhole Network = "blackhole" // nothing comes back, not even a refusal
)

// link is the state of the line and how long it lasts.
type link struct {
	state Network   // empty for Up
	until time.Time // on the simulator's clock; zero for until further notice
}

func (l link) at(now time.Time) Network {
	if l.state == "" || !l.until.IsZero() && !now.Before(l.until) {
		return Up
	}
	return l.state
}

// SetNetwork changes the line, for a time on the simulator's clock or, if d is 0,
// until it is changed again. A request that is being handled while the line goes
// down loses its answer.
func (s *Sim) SetNetwork(state Network, d time.Duration) error {
	switch state {
	case Up, Refused, Blackhole:
	default:
		return fmt.Errorf("network state %q: want %s, %s or %s", state, Up, Refused, Blackhole)
	}
	s.mu.Lock()
	s.link = link{state: state}
	if d > 0 {
		s.link.until = s.now().Add(d)
	}
	s.mu.Unlock()
	s.notify()
	return nil
}

// Network is the present state of the line.
func (s *Sim) Network() Network {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link.at(s.now())
}

// notify tells servers to open or close their ports.
func (s *Sim) notify() {
	s.mu.Lock()
	watchers := s.watchers
	s.poke()
	s.mu.Unlock()
	for _, changed := range watchers {
		changed()
	}
}

// watch calls changed at every change of the line that somebody makes. The end of
// an outage that was limited in time is not told; servers look for it.
func (s *Sim) watch(changed func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(s.watchers[:len(s.watchers):len(s.watchers)], changed)
}
