package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"taxiterminal/sim"
	"taxiterminal/sim/fleet"
	"taxiterminal/vipps/vippstest"
)

// FleetOptions are those of ServeFleet.
type FleetOptions struct {
	Fleet  fleet.Options
	Listen string          // loopback address of the page
	Ready  func(FleetURLs) // called once when everything runs
}

// FleetURLs are what to open. Sticker is what the code in the car leads to.
type FleetURLs struct {
	URLs
	Sticker string
}

// ServeFleet runs a fleet of one car and its page until ctx ends.
func ServeFleet(ctx context.Context, o FleetOptions) (err error) {
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("demo page: %w; choose another with --listen", err)
	}
	defer listener.Close()
	protocol, err := sim.FindProtocol(o.Fleet.Car.Meter.Protocol)
	if err != nil {
		return err
	}
	desk, err := fleet.New(ctx, o.Fleet)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, desk.Close()) }()
	car, err := desk.AddCar(ctx, "T122")
	if err != nil {
		return err
	}
	p := newPlay(car.Taxi, protocol.About)
	defer p.close()
	p.fleet = newFleetPlay(ctx, p, desk, car)
	return p.serve(ctx, listener, func(page string) {
		if o.Ready != nil {
			o.Ready(FleetURLs{urlsOf(page, car.Taxi), car.Page})
		}
	})
}

// fleetPlay is what a fleet has beyond a taxi. Its fields are guarded by play's lock,
// which is not held while the gateway is asked.
type fleetPlay struct {
	ctx      context.Context
	play     *play
	desk     *fleet.Desk
	car      *fleet.Car
	callback string // text of the callback code in the car

	page    *fleet.Page // in the phone's browser
	running bool        // the gateway
	revoked bool
}

func newFleetPlay(ctx context.Context, p *play, d *fleet.Desk, c *fleet.Car) *fleetPlay {
	f := &fleetPlay{ctx: ctx, play: p, desk: d, car: c, running: true}
	f.callback = d.API.PrintCallback("taxi-"+c.Name+"-7GK2QX", "Taxi "+c.Name)
	go f.follow()
	return f
}

// fleetState is the part of the page that a taxi alone does not have.
type fleetState struct {
	Line    string     `json:"line"`
	Running bool       `json:"running"`
	Revoked bool       `json:"revoked"`
	Sticker string     `json:"sticker"`
	Page    *pageState `json:"page,omitempty"`
}

type pageState struct {
	State   string `json:"state"`
	Amount  string `json:"amount"`
	Digits  string `json:"digits"`
	Payable bool   `json:"payable"`
}

func (f *fleetPlay) state() *fleetState {
	s := &fleetState{Line: string(f.desk.Line.State()), Running: f.running, Revoked: f.revoked, Sticker: f.car.Page}
	if p := f.page; p != nil {
		s.Page = &pageState{p.State, p.Amount, p.Digits, p.Payable()}
	}
	return s
}

func (f *fleetPlay) buttons() map[string]func(string) error {
	return map[string]func(string) error{"line": f.setLine, "gateway": f.gateway, "office": f.office}
}

func (f *fleetPlay) setLine(how string) error { return f.desk.Line.Set(vippstest.Network(how)) }

// gateway kills it; the service manager starts it again.
func (f *fleetPlay) gateway(how string) error {
	f.play.mu.Lock()
	defer f.play.mu.Unlock()
	switch {
	case how != "kill":
		return errNoButton
	case !f.running:
		return errors.New("the gateway is down already")
	}
	f.running = false
	time.AfterFunc(restartAfter, func() {
		err := f.desk.Gateway.Start(f.ctx)
		f.play.mu.Lock()
		defer f.play.mu.Unlock()
		f.running = err == nil
	})
	return f.desk.Gateway.Kill()
}

// office is what the operator does: revoke the terminal, and enrol it anew.
func (f *fleetPlay) office(how string) error {
	switch how {
	case "revoke":
		if _, err := f.desk.Gateway.Revoke(f.ctx, f.car.Terminal); err != nil {
			return err
		}
	case "enrol":
		if err := f.desk.Replace(f.ctx, f.car); err != nil {
			return err
		}
	default:
		return errNoButton
	}
	f.play.mu.Lock()
	defer f.play.mu.Unlock()
	f.revoked = how == "revoke"
	return nil
}

// use is a press on the phone that a taxi alone does not have; false if it is not.
func (f *fleetPlay) use(how string) bool {
	switch how {
	case "sticker":
		f.open(f.car.Page)
	case "checkin":
		f.play.say("The car has been told. Watch for a request.")
		if err := f.desk.API.CheckIn(f.callback, vippstest.DefaultPassenger.Phone); err != nil {
			f.play.say(err.Error())
		}
	case "pay":
		f.press()
	default:
		return false
	}
	return true
}

// read opens the page of a claim that stands on the screen; false if none does. The
// play's lock is held.
func (f *fleetPlay) read(html string) bool {
	f.page = nil
	text, err := fleet.Read(html)
	if err != nil || !strings.Contains(text, "/p/") {
		return false
	}
	go f.open(text)
	return true
}

func (f *fleetPlay) open(address string) {
	page, err := f.desk.Phone.Open(f.ctx, address)
	if err != nil {
		f.play.say("The page cannot be opened: is the gateway down?")
		return
	}
	f.play.mu.Lock()
	defer f.play.mu.Unlock()
	f.play.scanned, f.play.said, f.page = "", "", &page
}

// press presses the page's button and follows into the app.
func (f *fleetPlay) press() {
	f.play.mu.Lock()
	page := f.page
	f.play.mu.Unlock()
	if page == nil {
		return
	}
	to, err := f.desk.Phone.Press(f.ctx, *page)
	if err != nil {
		f.play.say("The page cannot be opened: is the gateway down?")
		return
	}
	bill, err := f.desk.API.Scan(to)
	if err != nil {
		f.open(page.Address) // the page says what has changed
		return
	}
	f.play.mu.Lock()
	defer f.play.mu.Unlock()
	f.play.scanned, f.play.said = bill.Reference, ""
}

// say lets the phone show a sentence.
func (p *play) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scanned, p.said, p.fleet.page = "", text, nil
}

// follow loads the phone's page again and again, as its script does in a browser.
func (f *fleetPlay) follow() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-tick.C:
		}
		f.play.mu.Lock()
		shown := f.page
		f.play.mu.Unlock()
		if shown == nil {
			continue
		}
		page, err := f.desk.Phone.Open(f.ctx, shown.Address)
		f.play.mu.Lock()
		if err == nil && f.page == shown {
			f.page = &page
		}
		f.play.mu.Unlock()
	}
}
