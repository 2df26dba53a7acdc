package main

import (
	"context"
	"sync/atomic"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/terminal"
	"taxiterminal/trip/shift"
)

// desk leads what people do at the screens to the terminal, which comes up after the
// screens do.
type desk struct {
	terminal atomic.Pointer[terminal.Terminal]
}

var _ display.Desk = (*desk)(nil)

func (d *desk) set(t *terminal.Terminal) { d.terminal.Store(t) }

func (d *desk) do(f func(*terminal.Terminal) error) error {
	t := d.terminal.Load()
	if t == nil {
		return display.RefusedNotNow
	}
	return f(t)
}

func ask[T any](d *desk, f func(*terminal.Terminal) (T, error)) (v T, err error) {
	return v, d.do(func(t *terminal.Terminal) error { v, err = f(t); return err })
}

func (d *desk) Act(ctx context.Context, a display.Action, trip string) error {
	return d.do(func(t *terminal.Terminal) error { return t.Act(ctx, a, trip) })
}

func (d *desk) Tip(ctx context.Context, trip string, tip money.Minor) error {
	return d.do(func(t *terminal.Terminal) error { return t.Tip(ctx, trip, tip) })
}

func (d *desk) Send(ctx context.Context, trip string, to display.Recipient) error {
	return d.do(func(t *terminal.Terminal) error { return t.Send(ctx, trip, to) })
}

func (d *desk) Contacts(ctx context.Context, digits string) ([]display.Contact, error) {
	return ask(d, func(t *terminal.Terminal) ([]display.Contact, error) { return t.Contacts(ctx, digits) })
}

func (d *desk) TypeFare(ctx context.Context, trip string, total money.Minor) error {
	return d.do(func(t *terminal.Terminal) error { return t.TypeFare(ctx, trip, total) })
}

func (d *desk) Confirm(ctx context.Context, trip, code string) error {
	return d.do(func(t *terminal.Terminal) error { return t.Confirm(ctx, trip, code) })
}

func (d *desk) Trip(ctx context.Context, trip string) (display.TripDetail, error) {
	return ask(d, func(t *terminal.Terminal) (display.TripDetail, error) { return t.Trip(ctx, trip) })
}

func (d *desk) Refund(ctx context.Context, trip string, amount money.Minor, reason string) error {
	return d.do(func(t *terminal.Terminal) error { return t.Refund(ctx, trip, amount, reason) })
}

func (d *desk) Print(ctx context.Context, trip string) error {
	return d.do(func(t *terminal.Terminal) error { return t.Print(ctx, trip) })
}

func (d *desk) Shift(ctx context.Context) (shift.Summary, error) {
	return ask(d, func(t *terminal.Terminal) (shift.Summary, error) { return t.Shift(ctx) })
}

func (d *desk) EndShift(ctx context.Context) (shift.Summary, error) {
	return ask(d, func(t *terminal.Terminal) (shift.Summary, error) { return t.EndShift(ctx) })
}

func (d *desk) Retry(ctx context.Context, trip string) error {
	return d.do(func(t *terminal.Terminal) error { return t.Retry(ctx, trip) })
}

func (d *desk) VehicleCode(version string) (svg []byte) {
	_ = d.do(func(t *terminal.Terminal) error { svg = t.VehicleCode(version); return nil }) // none yet
	return svg
}
