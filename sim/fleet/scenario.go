package fleet

import (
	"context"
	"errors"
	"fmt"

	"taxiterminal/sim"
)

// Scenario is one trip of a car of the fleet with what may happen on it, and what
// must come of it.
type Scenario struct {
	Name    string
	About   string
	Options func(*Options) // nil for an ordinary fleet
	Play    func(context.Context, *Desk, *Car) error
	Want    sim.Result // without Scenario and Reference
}

// Run plays one scenario on a fleet of its own with one car and compares what came of
// it with what must. The result is there even if there is an error.
func (s Scenario) Run(ctx context.Context, o Options) (result sim.Result, err error) {
	result.Scenario = s.Name
	o.Car.Meter.PerSecond, o.Car.Meter.Speed = 30, 14
	if s.Options != nil {
		s.Options(&o)
	}
	desk, err := New(ctx, o)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, desk.Close()) }()
	car, err := desk.AddCar(ctx, "T122")
	if err != nil {
		return result, err
	}
	if err := car.Connected(ctx, true); err != nil {
		return result, err
	}
	if err := s.Play(ctx, desk, car); err != nil {
		return result, err
	}
	if err := car.Settle(ctx); err != nil {
		return result, err
	}
	if result, err = car.Result(ctx); err != nil {
		return result, err
	}
	result.Scenario = s.Name
	want := s.Want
	want.Scenario, want.Reference = s.Name, result.Reference
	if result != want {
		return result, fmt.Errorf("came to %+v, want %+v", result, want)
	}
	return result, desk.API.Check()
}

// Find gives the scenario of that name.
func Find(name string) (Scenario, bool) {
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// play runs steps one after the other until one fails.
func play(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
