package fleet

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/registry"
	"taxiterminal/fleet/relay"
	"taxiterminal/fleet/webhook"
	"taxiterminal/vipps"
)

// car is what the relay needs to know of a terminal that asks.
func (g *Gateway) car(ctx context.Context, terminal string) (relay.Car, bool) {
	vehicle, err := g.registry.Active(ctx, terminal)
	if err != nil {
		return relay.Car{}, false
	}
	v, err := g.registry.Vehicle(ctx, vehicle)
	if err != nil {
		return relay.Car{}, false
	}
	c := relay.Car{Vehicle: vehicle, Merchant: v.Merchant}
	if v.QRID != "" {
		c.Codes = []string{v.QRID}
	}
	if m := g.merchants[v.Merchant]; m != nil {
		c.Currency, c.Limit = m.Currency, m.Limit
	}
	return c, true
}

func (g *Gateway) api(name string) (relay.API, bool) {
	m := g.merchants[name]
	if m == nil || m.client == nil {
		return nil, false
	}
	return m.client, true
}

// pay executes a car's call. What a create says is passed on to a passenger who waits
// for it on a page, and from then on no phone can carry that fare.
func (g *Gateway) pay(ctx context.Context, terminal string, p link.Pay) link.Outcome {
	g.tell(told{Heard: terminal})
	out := g.execute(ctx, terminal, p)
	if p.Op == vipps.OpCreate || p.Op == vipps.OpGet {
		if url := out.Result.Payment.RedirectURL; out.Result.Kind == vipps.Done && url != "" {
			g.tell(told{Reference: p.Reference, URL: url})
		}
	}
	return out
}

func (g *Gateway) execute(ctx context.Context, terminal string, p link.Pay) (out link.Outcome) {
	if p.Op != vipps.OpCreate {
		return g.relay.Pay(ctx, terminal, p)
	}
	out.Result = g.carry.Own(ctx, p.Reference, func() vipps.Result { return g.relay.Pay(ctx, terminal, p).Result })
	return out
}

// hello welcomes a car with what the operator decides, and how far its journal is here.
func (g *Gateway) hello(ctx context.Context, terminal string, h link.Hello) (link.Welcome, error) {
	vehicle, err := g.registry.Active(ctx, terminal)
	if err != nil {
		return link.Welcome{}, err
	}
	g.tell(told{Heard: terminal, Version: h.Version[:min(len(h.Version), maxVersion)]})
	s, err := g.settings(ctx, vehicle)
	if err != nil {
		return link.Welcome{}, err
	}
	select {
	case <-g.journals.Ready():
	case <-ctx.Done():
		return link.Welcome{}, ctx.Err()
	}
	return link.Welcome{Settings: s, Known: g.journals.Known(terminal, h.File)}, nil
}

// bound: a terminal speaks for the vehicle that it is or was enrolled for.
func (g *Gateway) bound(terminal, vehicle string) (bool, error) {
	t, err := g.registry.Terminal(g.ctx, terminal)
	var refusal *registry.Refusal
	if errors.As(err, &refusal) {
		return false, nil
	}
	return t.Vehicle == vehicle, err
}

func (g *Gateway) alarm(a journal.Alarm) {
	g.metrics.alarm(string(a.Kind))
	g.log.Error("journal needs a person", "kind", a.Kind, "terminal", a.Terminal, "file", a.File, "row", a.Seq)
}

// registered are the sales units whose webhooks are kept.
func (g *Gateway) registered() []webhook.Merchant {
	var list []webhook.Merchant
	for _, m := range g.sortedMerchants() {
		if m.Webhooks && m.client != nil {
			list = append(list, g.hooked(m))
		}
	}
	return list
}

func (g *Gateway) hooked(m *merchant) webhook.Merchant {
	return webhook.Merchant{MSN: m.MSN, API: m.client, URL: webhook.Address(g.cfg.PublicURL, m.MSN), CheckIn: m.CheckIns}
}

// hint tells the car whose payment an event is about, and whoever carries it here.
func (g *Gateway) hint(e webhook.Event) {
	if e.Kind == webhook.CheckIn {
		g.checkIn(e)
		return
	}
	vehicle, _, ok := strings.Cut(e.Reference, "-")
	if !ok {
		return
	}
	g.carry.Look(e.Reference)
	v, err := g.registry.Vehicle(g.ctx, vehicle)
	if err != nil || v.Terminal == "" {
		return // another system's payment, or of a car that has no computer now
	}
	if err := link.Push(g.hub.Conn(), v.Terminal, link.Hint{Reference: e.Reference, Name: e.Name}); err != nil {
		g.log.Warn("hint not pushed, the car will see it by itself", "reference", e.Reference, "err", err)
	}
}

// heard is when each terminal was heard of last, and which version it runs.
type heard struct {
	mu sync.Mutex
	by map[string]sign
}

type sign struct {
	at      time.Time
	version string
}

// maxVersion bounds what a terminal says of itself.
const maxVersion = 64

// now notes a sign of life; version is empty except when the terminal says hello.
func (h *heard) now(terminal, version string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.by[terminal]
	s.at, s.version = time.Now(), cmp.Or(version, s.version)
	h.by[terminal] = s
}

func (h *heard) of(terminal string) (sign, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.by[terminal]
	return s, ok
}

func (h *heard) since(terminal string) (time.Duration, bool) {
	s, ok := h.of(terminal)
	return time.Since(s.at), ok
}

// presses are passengers who wait for the car to make their payment.
type presses struct {
	mu      sync.Mutex
	waiting map[string]chan string // by reference
}

func (p *presses) wait(reference string) (answer <-chan string, done func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := make(chan string, 1)
	p.waiting[reference] = c
	return c, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.waiting[reference] == c {
			delete(p.waiting, reference)
		}
	}
}

func (p *presses) answer(reference, url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.waiting[reference]; ok {
		select {
		case c <- url:
		default:
		}
	}
}
