package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/display/qr"
	"taxiterminal/money"
	"taxiterminal/sim"
	"taxiterminal/vipps/vippstest"
)

// play is a taxi in the hands of a person with a browser.
type play struct {
	taxi      *sim.Taxi
	about     string // of the meter
	passenger *sim.Screen

	mu      sync.Mutex
	plugged bool
	running bool
	network vippstest.Network
	scanned string // reference in the phone
	said    string // what the phone shows instead of a bill
	restart *time.Timer

	fleet *fleetPlay // nil for a taxi without one
}

func newPlay(t *sim.Taxi, about string) *play {
	return &play{taxi: t, about: about, passenger: t.Daemon.Open("/"), plugged: true, running: true, network: vippstest.Up}
}

func (p *play) close() {
	p.mu.Lock()
	if p.restart != nil {
		p.restart.Stop()
	}
	p.mu.Unlock()
	p.passenger.Close()
}

// state is everything that the page shows.
type state struct {
	Meter    meterState     `json:"meter"`
	Phone    phoneState     `json:"phone"`
	Network  string         `json:"network"`
	Running  bool           `json:"running"`
	Screen   string         `json:"screen"`
	Screens  string         `json:"screens"` // URL of the passenger's page
	Payments []paymentState `json:"payments"`
	Fleet    *fleetState    `json:"fleet,omitempty"`
}

type meterState struct {
	State   string     `json:"state"`
	Fare    string     `json:"fare"`
	Extras  string     `json:"extras"`
	Plugged bool       `json:"plugged"`
	On      bool       `json:"on"`
	About   string     `json:"about"` // what this meter tells, and when
	Keys    []keyState `json:"keys"`
}

// keyState is one key of the meter; only what it has is on the page.
type keyState struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Works bool   `json:"works"` // in the present position
}

type phoneState struct {
	Amount string `json:"amount,omitempty"`
	Text   string `json:"text,omitempty"`
	Said   string `json:"said,omitempty"`
	// Asks is what the passenger is asked to share, Lines what the receipt says.
	Asks  []string    `json:"asks,omitempty"`
	Lines []phoneLine `json:"lines,omitempty"`
}

type phoneLine struct {
	Name  string `json:"name"`
	Total string `json:"total"`
}

type paymentState struct {
	Reference  string `json:"reference"`
	State      string `json:"state"`
	Amount     string `json:"amount"`
	Authorized string `json:"authorized"`
	Captured   string `json:"captured"`
	Cancelled  string `json:"cancelled"`
	Refunded   string `json:"refunded"`
	Captures   int    `json:"captures"`
}

func (p *play) state(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(p.snapshot()) // the page has gone away
}

func (p *play) snapshot() state {
	html, _, _ := p.passenger.HTML()
	r := p.taxi.Meter.Reading()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := state{
		Meter:   meterState{positions[r.Position], r.Fare.Decimal(), r.Extras.Decimal(), p.plugged, r.On, p.about, p.keys(r.Position)},
		Network: string(p.network), Running: p.running, Screen: sim.Kind(html), Screens: p.taxi.Daemon.URL(),
		Payments: []paymentState{},
	}
	for _, pay := range p.taxi.API.Payments() {
		s.Payments = append([]paymentState{{pay.Reference, pay.State, pay.Amount.Decimal(), pay.Authorized.Decimal(),
			pay.Captured.Decimal(), pay.Cancelled.Decimal(), pay.Refunded.Decimal(), pay.Calls[vippstest.OpCapture].Executed}}, s.Payments...)
	}
	s.Phone = p.phone()
	if p.fleet != nil {
		s.Fleet = p.fleet.state()
	}
	return s
}

var positions = map[meter.Position]string{meter.ForHire: "FOR HIRE", meter.Hired: "HIRED", meter.Stopped: "STOPPED"}

func (p *play) keys(at meter.Position) []keyState {
	var keys []keyState
	for _, k := range p.taxi.Meter.Keys() {
		if !k.Fault {
			keys = append(keys, keyState{k.Name, k.Label, k.Works(at)})
		}
	}
	return keys
}

// phone shows the payment that was scanned or came by itself, for as long as it can
// be approved.
func (p *play) phone() phoneState {
	if pushed := p.taxi.API.Pushed(vippstest.DefaultPassenger.Phone); len(pushed) > 0 {
		p.scanned, p.said = pushed[len(pushed)-1].Reference, ""
	}
	pay, ok := p.taxi.API.Payment(p.scanned)
	switch {
	case p.said != "":
		return phoneState{Said: p.said}
	case !ok:
		return phoneState{}
	}
	amount := money.Of(pay.Amount, pay.Currency).String()
	switch pay.State {
	case "CREATED":
		return phoneState{Amount: amount, Text: pay.Description, Asks: asksOf(pay), Lines: linesOf(pay)}
	case "AUTHORIZED":
		return phoneState{Said: "You approved " + amount}
	case "ABORTED":
		return phoneState{Said: "You declined"}
	}
	return phoneState{Said: "This request is no longer valid"}
}

func asksOf(pay vippstest.Payment) []string {
	words := map[string]string{"phoneNumber": "your phone number", "name": "your name"}
	var asks []string
	for _, scope := range pay.Asks {
		asks = append(asks, words[scope])
	}
	return asks
}

func linesOf(pay vippstest.Payment) []phoneLine {
	var lines []phoneLine
	if pay.ReceiptShown {
		for _, l := range pay.Receipt.Lines {
			lines = append(lines, phoneLine{l.Name, l.Total.Decimal()})
		}
	}
	return lines
}

// do is one press of one button.
func (p *play) do(w http.ResponseWriter, r *http.Request) {
	what, how := r.PathValue("what"), r.PathValue("how")
	act, ok := map[string]func(string) error{
		"meter": p.pressKey, "cable": p.cable, "phone": p.usePhone, "network": p.setNetwork, "power": p.power, "clock": p.clock,
	}[what]
	if !ok && p.fleet != nil {
		act, ok = p.fleet.buttons()[what]
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	if err := act(how); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	p.state(w, r)
}

var errNoButton = errors.New("there is no such button")

func (p *play) pressKey(how string) error {
	k, ok := sim.FindKey(p.taxi.Meter, how)
	if !ok || k.Fault {
		return errNoButton
	}
	return k.Press()
}

func (p *play) cable(how string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch how {
	case "pull":
		p.plugged = false
		return p.taxi.Pull()
	case "plug":
		p.plugged = true
		return p.taxi.Plug()
	}
	return errNoButton
}

func (p *play) setNetwork(how string) error {
	n := vippstest.Network(how)
	if err := p.taxi.Network(n); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network = n
	return nil
}

func (p *play) usePhone(how string) error {
	if how == "scan" {
		return p.scan()
	}
	if p.fleet != nil && p.fleet.use(how) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	action, ok := map[string]vippstest.Action{
		"approve": vippstest.Approve, "reject": vippstest.Reject, "refuse": vippstest.RefuseSharing,
	}[how]
	if !ok {
		return errNoButton
	}
	return p.taxi.API.Act(p.scanned, action, 0)
}

// scan looks at what stands on the passenger's screen, and at nothing else.
func (p *play) scan() error {
	html, _, _ := p.passenger.HTML()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scanned, p.said = "", ""
	if p.fleet != nil && p.fleet.read(html) {
		return nil
	}
	for _, pay := range p.taxi.API.Payments() {
		code, err := qr.Encode(pay.RedirectURL)
		if err == nil && strings.Contains(html, code.Path()) {
			p.scanned = pay.Reference
			return nil
		}
	}
	p.said = "There is no code on the screen"
	for _, code := range p.taxi.API.Codes() {
		if code.Alive && strings.Contains(html, "/code/") {
			p.said = "The car’s own code. It leads to " + code.Target
		}
	}
	return nil
}

// restartAfter is what the service unit waits before it starts the terminal again.
const restartAfter = 2 * time.Second

func (p *play) power(how string) error {
	if how != "kill" {
		return errNoButton
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running {
		return errors.New("the terminal is down already")
	}
	p.running = false
	p.restart = time.AfterFunc(restartAfter, p.startAgain)
	return p.taxi.Daemon.Kill()
}

func (p *play) startAgain() {
	err := p.taxi.Daemon.Start(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = err == nil
}

func (p *play) clock(how string) error {
	d, err := time.ParseDuration(how)
	if err != nil || d <= 0 || d > time.Hour {
		return fmt.Errorf("%w: want up to an hour", errNoButton)
	}
	p.taxi.API.Advance(d)
	return nil
}
