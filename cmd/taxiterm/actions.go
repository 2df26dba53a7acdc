package main

import (
	"context"
	"sync/atomic"

	"taxiterminal/display"
	"taxiterminal/terminal"
)

// actions leads the buttons of the driver's page to the terminal, which comes up
// after the page does.
type actions struct {
	terminal atomic.Pointer[terminal.Terminal]
}

func (a *actions) set(t *terminal.Terminal) { a.terminal.Store(t) }

func (a *actions) act(ctx context.Context, action display.Action, trip string) error {
	t := a.terminal.Load()
	if t == nil {
		return display.RefusedNotNow
	}
	return t.Act(ctx, action, trip)
}
