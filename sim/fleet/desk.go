// Package fleet puts a whole fleet on a desk: the payment API with its webhooks, the
// real gateway, one or more real cars that are enrolled with it, and a passenger's
// phone that reads the codes and opens the pages. Scripts and people operate it with
// the meters' keys, the phone, the operator's door, and the lines between all of them.
//
//	car ── Line ── gateway ── API.SetNetwork ── payment API
//	phone ──────────┘  └────────── webhooks ────────┘
package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"taxiterminal/sim"
	"taxiterminal/vipps/vippstest"
)

// Options of a Desk.
type Options struct {
	Dir        string // everything is kept in here; it must exist
	Terminal   string // the taxiterm program
	Gateway    string // the taxifleet program
	Listen     string // address of the passenger pages; empty for any port
	CarsListen string // address at which the gateway waits for cars, as Listen
	LineListen string // address at which cars find it, as Listen
	APIPort    string // address of the payment API, as Listen
	NoWebhooks bool   // the gateway does not register any
	// Born starts the gateway for the first time; nil for Gateway.Start.
	Born     func(context.Context, *Gateway) error
	CheckIns bool // cars have callback codes
	API      vippstest.Options
	// Car is what all cars have in common. Directory, name and programs are set here.
	Car sim.Options
	Log io.Writer // of all programs; nil discards it
}

// Desk is the fleet and the world around it.
type Desk struct {
	API     *vippstest.Sim
	Gateway *Gateway
	Line    *Line // between the cars and the gateway
	Phone   *Phone
	Cars    []*Car

	o      Options
	server *vippstest.Server
}

// Car is one taxi of the fleet, with its screens open.
type Car struct {
	*sim.Trip
	Name     string
	Page     string // where its sticker leads
	Terminal string
}

// New builds a desk and starts the gateway. The first car comes with AddCar.
func New(ctx context.Context, o Options) (d *Desk, err error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	d = &Desk{o: o, API: vippstest.New(o.API)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.server, err = d.API.Listen(or(o.APIPort, "127.0.0.1:0")); err != nil {
		return d, fmt.Errorf("payment api: %w", err)
	}
	cars, err := sim.Fixed(o.CarsListen)
	if err != nil {
		return d, err
	}
	if d.Line, err = newLine(o.LineListen, cars); err != nil {
		return d, err
	}
	if d.Gateway, err = newGateway(o, d.server.URL(), cars, d.Line.Addr()); err != nil {
		return d, err
	}
	d.Phone = newPhone(d.Gateway.URL(), d.API)
	start := (*Gateway).Start
	if o.Born != nil {
		start = func(g *Gateway, ctx context.Context) error { return o.Born(ctx, g) }
	}
	if err := start(d.Gateway, ctx); err != nil {
		return d, err
	}
	return d, d.registered(ctx)
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// registered waits until the payment API knows where webhooks go.
func (d *Desk) registered(ctx context.Context) error {
	return sim.Poll(ctx, sim.Patience, "webhooks registered", func() (bool, error) {
		want := 1
		if d.o.CheckIns {
			want = 2
		}
		return d.o.NoWebhooks || len(d.API.Webhooks()) >= want, nil
	})
}

// AddCar builds a taxi, lets the operator take it in, enrols its terminal and starts it.
func (d *Desk) AddCar(ctx context.Context, name string) (car *Car, err error) {
	o := d.o.Car
	o.Dir, o.Vehicle, o.World, o.Terminal, o.Log = filepath.Join(d.o.Dir, name), name, d.API, d.o.Terminal, d.o.Log
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	taxi, err := sim.New(o)
	if err != nil {
		return nil, err
	}
	car = &Car{Trip: &sim.Trip{Taxi: taxi}, Name: name}
	defer func() {
		if err != nil {
			err = errors.Join(err, taxi.Close())
		}
	}()
	if err := d.enrol(ctx, car); err != nil {
		return nil, err
	}
	if err := taxi.Daemon.Start(ctx); err != nil {
		return nil, err
	}
	car.Trip = taxi.Watch()
	d.Cars = append(d.Cars, car)
	return car, nil
}

// enrol is what the operator and whoever fits the computer do.
func (d *Desk) enrol(ctx context.Context, car *Car) error {
	var added struct {
		Page string `json:"page"`
	}
	if err := d.Gateway.Ask(ctx, http.MethodPost, "/v1/cars", map[string]string{"id": car.Name}, &added); err != nil {
		return err
	}
	car.Page = added.Page
	return d.enrolTerminal(ctx, car, nil)
}

// Replace enrols the computer of a car as a new terminal in place of the one before,
// and starts it again.
func (d *Desk) Replace(ctx context.Context, car *Car) error {
	if err := d.enrolTerminal(ctx, car, map[string]bool{"replace": true}, "--force"); err != nil {
		return err
	}
	return errors.Join(car.Daemon.Stop(), car.Daemon.Start(ctx))
}

// terminal is one of the gateway's list.
type terminal struct {
	ID, Vehicle string
	Revoked     time.Time
}

func (d *Desk) enrolTerminal(ctx context.Context, car *Car, request any, flags ...string) error {
	var token struct{ Token, Server string }
	if err := d.Gateway.Ask(ctx, http.MethodPost, "/v1/cars/"+car.Name+"/token", request, &token); err != nil {
		return err
	}
	if err := car.Daemon.Enroll(ctx, token.Server, token.Token, flags...); err != nil {
		return err
	}
	var terminals []terminal
	if err := d.Gateway.Ask(ctx, http.MethodGet, "/v1/terminals", nil, &terminals); err != nil {
		return err
	}
	i := slices.IndexFunc(terminals, func(t terminal) bool { return t.Vehicle == car.Name && t.Revoked.IsZero() })
	if i < 0 {
		return fmt.Errorf("enrol %s: the gateway has no such terminal", car.Name)
	}
	car.Terminal = terminals[i].ID
	return nil
}

// Connected waits until the car's computer is, or is not, connected to the gateway.
func (c *Car) Connected(ctx context.Context, want bool) error {
	return sim.Poll(ctx, sim.Patience, fmt.Sprintf("%s connected: %t", c.Name, want), func() (bool, error) {
		var status struct {
			Gateway struct {
				Connected bool `json:"connected"`
			} `json:"gateway"`
		}
		err := c.Daemon.Command(ctx, &status, "status")
		return status.Gateway.Connected == want, err
	})
}

// Close ends everything.
func (d *Desk) Close() error {
	var errs []error
	for _, c := range d.Cars {
		c.Trip.Close()
		errs = append(errs, c.Taxi.Close())
	}
	if d.Gateway != nil {
		errs = append(errs, d.Gateway.Stop())
	}
	if d.Line != nil {
		errs = append(errs, d.Line.Close())
	}
	if d.server != nil {
		errs = append(errs, d.server.Close())
	}
	d.API.Close()
	return errors.Join(errs...)
}

// localOf is an address of the gateway as it is reached on this desk: what the payment
// API and the codes on the screens say is https.
func localOf(address string) string {
	if rest, ok := strings.CutPrefix(address, "https://127.0.0.1:"); ok {
		return "http://127.0.0.1:" + rest
	}
	return address
}
