package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/sim"
	"taxiterminal/sim/demo"
	"taxiterminal/sim/fleet"
)

// fleetwide are the scenarios of a fleet; f may be nil to list them.
func fleetwide(f *demoFlags) []scenario {
	var list []scenario
	for _, s := range fleet.Scenarios() {
		list = append(list, scenario{s.Name, s.About, sim.NeedsStop, func(ctx context.Context, log io.Writer) (sim.Result, error) {
			o, done, err := f.fleetOptions(log)
			if err != nil {
				return sim.Result{Scenario: s.Name}, err
			}
			r, err := s.Run(ctx, o)
			return r, errors.Join(err, done())
		}, func() error { return stops(f.meter) }})
	}
	return list
}

// stops says whether a meter tells the fare when the time goes off, as the scenarios
// of a fleet need it.
func stops(meter string) error {
	return sim.Scenario{Name: "fleet", Needs: sim.NeedsStop}.Offered(sim.Options{Meter: sim.MeterOptions{Protocol: meter}})
}

// fleetOptions are those of a fleet in a folder of its own, which done removes.
func (f demoFlags) fleetOptions(log io.Writer) (o fleet.Options, done func() error, err error) {
	done = func() error { return nil }
	if o.Terminal, err = program(f.terminal, "taxiterm"); err != nil {
		return o, done, err
	}
	if o.Gateway, err = program(f.gateway, "taxifleet"); err != nil {
		return o, done, err
	}
	o.Dir, done, err = f.folder()
	o.Log, o.Car.Meter.Protocol = log, f.meter
	return o, done, err
}

// serveFleet runs a fleet of one car and the page to play with it until interrupted.
func (f demoFlags) serveFleet(cmd *cobra.Command) error {
	o, done, err := f.fleetOptions(f.log(cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	o.Listen, o.Car.Listen, o.Car.PIN, o.Car.FareByHand = f.pages, f.screens, f.pin, f.pin != ""
	o.CheckIns = true
	o.Car.More = "[sharing]\nscope = \"phoneNumber name\"\n[send]\nenabled = true\n"
	o.Car.Meter.Flagfall, o.Car.Meter.PerSecond, o.Car.Meter.Speed = 6500, 45, 14
	err = demo.ServeFleet(cmd.Context(), demo.FleetOptions{Fleet: o, Listen: f.listen, Ready: func(u demo.FleetURLs) {
		w := cmd.OutOrStdout()
		fmt.Fprintf(w, "\nA whole fleet is running. Open\n\n")
		fmt.Fprintf(w, "  %-34s to play: the meter's keys, the passenger's phone, the lines, the office\n", u.Page)
		fmt.Fprintf(w, "  %-34s the passenger's screen in the car\n", u.Passenger)
		fmt.Fprintf(w, "  %-34s the driver's screen\n", u.Driver)
		fmt.Fprintf(w, "  %-34s what the sticker in the car opens on a phone\n\n", u.Sticker)
		fmt.Fprintf(w, "Stop it with Ctrl-C. No money moves.\n")
	}})
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, done())
}
