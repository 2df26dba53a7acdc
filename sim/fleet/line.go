package fleet

import (
	"fmt"
	"sync"

	"taxiterminal/sim"
	"taxiterminal/sim/badnet"
	"taxiterminal/vipps/vippstest"
)

// Line is the way from the cars to the gateway, through a port of its own.
type Line struct {
	*badnet.Line

	mu    sync.Mutex
	state vippstest.Network
}

// newLine opens a port, listen or any, that leads to target.
func newLine(listen, target string) (*Line, error) {
	addr, err := sim.Fixed(listen)
	if err != nil {
		return nil, err
	}
	line, err := badnet.New(addr, target, 1)
	return &Line{Line: line, state: vippstest.Up}, err
}

// State is as it was set.
func (l *Line) State() vippstest.Network {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

var weather = map[vippstest.Network]badnet.Toxics{
	vippstest.Up:        {},
	vippstest.Refused:   {Refuse: true},
	vippstest.Blackhole: {Stall: true},
}

// Set changes the line to one of three states that people know; Line.Line has all.
func (l *Line) Set(n vippstest.Network) error {
	toxics, known := weather[n]
	if !known {
		return fmt.Errorf("line %q: want %s, %s or %s", n, vippstest.Up, vippstest.Refused, vippstest.Blackhole)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = n
	return l.Line.Set(toxics)
}
