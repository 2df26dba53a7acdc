package kill

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"taxiterminal/money"
	"taxiterminal/sim"
	"taxiterminal/sim/fleet"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// inFleet prepares a gateway with one car, both to be killed.
func inFleet(ctx context.Context, d *day) error {
	t := d.taxi
	desk, err := fleet.New(ctx, fleet.Options{
		Dir: d.dir, Listen: d.listen(), CarsListen: d.listen(), LineListen: d.listen(), Terminal: d.o.Terminal, Gateway: d.o.Gateway, Log: d.log,
		API: vippstest.Options{Seed: d.o.Seed, WebhookRetry: []time.Duration{200 * time.Millisecond, time.Second}},
		Car: sim.Options{Listen: d.listen(), Frame: t.wrote, More: d.style.more()},
		Born: func(ctx context.Context, g *fleet.Gateway) error {
			nothing := func(context.Context) error { return nil }
			if err := d.born(ctx, gateway, g.Process, nothing); err != nil {
				return err
			}
			return g.Ready(ctx)
		},
	})
	if err != nil {
		return err
	}
	d.closes = append(d.closes, desk.Close)
	c, err := desk.AddCar(ctx, d.name)
	if err != nil {
		return err
	}
	if err := c.Connected(ctx, true); err != nil {
		return err
	}
	t.desk, t.sticker = desk, c.Page
	d.join(c.Taxi)
	v := newVictim(gateway, desk.Gateway.Process, d.dice.starts[gateway], d.tally)
	v.answers, v.startup = desk.Gateway.Ready, gatewayStartup
	t.victims[gateway] = v
	d.office = func(ctx context.Context, f *file) error { return office(ctx, desk.Gateway, f) }
	desk.API.SetTap(t.tapped(ctx))
	return nil
}

// gatewayStartup is within what a start of the gateway takes, and a bit.
const gatewayStartup = 300 * time.Millisecond

// office: when the car's day is over the gateway has its whole journal, and has made the
// same of it.
func office(ctx context.Context, g *fleet.Gateway, f *file) error {
	type entry struct {
		Reference  string          `json:"reference"`
		Settlement trip.Settlement `json:"settlement"`
		App        money.Minor     `json:"app"`
		Refunded   money.Minor     `json:"refunded"`
		Open       bool            `json:"open"`
		Problem    string          `json:"problem"`
	}
	want := map[string]entry{}
	for _, r := range f.rides {
		s := r.now()
		want[s.ID.String()] = entry{Reference: s.ID.String(), Settlement: s.Settlement, App: s.Captured(), Refunded: s.Refunded()}
	}
	differs := ""
	err := until(ctx, "the gateway's books", func() (bool, error) {
		var list []entry
		if err := g.Ask(ctx, http.MethodGet, "/v1/trips?n=1000", nil, &list); err != nil {
			differs = err.Error()
			return false, nil // it may have been started just now
		}
		var all []string
		for _, e := range list {
			if want[e.Reference] != e {
				all = append(all, fmt.Sprintf("%+v, want %+v", e, want[e.Reference]))
			}
		}
		if len(list) != len(want) {
			all = append(all, fmt.Sprintf("%d trips, want %d", len(list), len(want)))
		}
		differs = strings.Join(all, "; ")
		return differs == "", nil
	})
	if err != nil {
		return fmt.Errorf("%w: %s", err, differs)
	}
	return nil
}
