// Package fleet is the gateway of a fleet of taxis: its parts put together.
//
//	cars ──────── NATS ──┐        ┌── passenger pages, webhooks, enrolment (HTTPS)
//	                     gateway ─┤
//	payment API ── HTTPS ┘        └── administration (Unix socket, HTTPS with tokens)
//
// Everything that must last is in NATS JetStream: the registry, the cars' journals, the
// webhooks, the claims. A Gateway has nothing of its own, so two on one cluster share
// the work, and one that dies is started again.
//
// # Who decides about money
//
// The car, as if there were no gateway: a passenger who presses the button on a page
// asks the car, and the car makes its next attempt with that page to return to. The
// relay executes what cars ask for with the merchant's keys. The one exception is a
// fare claim, which a phone carries here because the car has no network: then the
// gateway makes the payment that the claim names, under the very keys that the car
// would use, and the car adopts it when it is back.
package fleet

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"taxiterminal/config/gateway"
	"taxiterminal/fleet/carry"
	"taxiterminal/fleet/enrol"
	"taxiterminal/fleet/hub"
	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/page"
	"taxiterminal/fleet/registry"
	"taxiterminal/fleet/relay"
	"taxiterminal/fleet/webhook"
	"taxiterminal/vipps"
)

// Options of a Gateway.
type Options struct {
	Config  gateway.Config
	Keys    gateway.Keys
	Version string
	Log     *slog.Logger
	// Ready is called once everything runs, with the addresses that were taken; nil
	// for nobody.
	Ready func(Addresses)
}

// Addresses are where a Gateway listens.
type Addresses struct {
	HTTP, NATS string
	Admin      string // remote administration; empty without
}

// Gateway is one running gateway. Make it with New, then Run it.
type Gateway struct {
	cfg  gateway.Config
	keys gateway.Keys
	o    Options
	log  *slog.Logger
	tls  *tls.Config // for all doors; nil behind a proxy

	hub      *hub.Hub
	registry *registry.Registry
	enrol    *enrol.Service
	relay    *relay.Relay
	journals *journal.Journals
	pages    *page.Pages
	receiver *webhook.Receiver
	vault    *webhook.Vault
	keeper   *webhook.Keeper
	carry    *carry.Carrier
	metrics  *metrics

	merchants map[string]*merchant
	presses   presses
	heard     heard
	kept      kept
	syncing   sync.Mutex      // one sync of printed codes at a time
	ctx       context.Context // Run's
}

// merchant is one sales unit with the client that has its keys.
type merchant struct {
	gateway.Merchant
	client *vipps.Client // nil without keys
}

// New checks what can be checked without opening anything.
func New(o Options) (*Gateway, error) {
	g := &Gateway{cfg: o.Config, keys: o.Keys, o: o, log: o.Log, merchants: map[string]*merchant{}, metrics: newMetrics(o.Version)}
	g.presses.waiting = map[string]chan string{}
	g.heard.by = map[string]sign{}
	for _, m := range o.Config.Merchants {
		client, err := g.client(m)
		if err != nil {
			return nil, fmt.Errorf("merchant %s: %w", m.Name, err)
		}
		g.merchants[m.Name] = &merchant{m, client}
	}
	var err error
	switch c := o.Config.HTTP; {
	case c.Certificate != "":
		g.tls, err = hub.Certificate(c.Certificate, c.Key)
	case c.Autocert:
		g.tls, err = letsEncrypt(o.Config.PublicURL, c.Cache)
	}
	return g, err
}

// client is the merchant's, or nil if there are no keys: its cars then wait.
func (g *Gateway) client(m gateway.Merchant) (*vipps.Client, error) {
	keys, ok := g.keys.Merchant(m.Name)
	if !ok {
		g.log.Error("payments are not possible for a merchant without keys", "merchant", m.Name, "file", g.keys.File)
		return nil, nil
	}
	base := map[string]string{"production": vipps.ProductionURL, "test": vipps.TestURL, "simulator": m.URL}[m.Environment]
	return vipps.New(vipps.Config{
		BaseURL: base, MSN: m.MSN, ClientID: keys.ClientID,
		ClientSecret: vipps.NewSecret(keys.ClientSecret), SubscriptionKey: vipps.NewSecret(keys.SubscriptionKey),
		System:  vipps.System{Name: "taxi-terminal", Version: g.o.Version, PluginName: "taxi-terminal-fleet", PluginVersion: g.o.Version},
		Log:     g.log.With("part", "vipps", "merchant", m.Name),
		Observe: func(op vipps.Op, kind vipps.Kind, took time.Duration) { g.metrics.request(m.Name, op, kind, took) },
	})
}

// Run works until ctx ends.
func (g *Gateway) Run(ctx context.Context) (err error) {
	g.ctx = ctx
	if err := g.open(ctx); err != nil {
		return err
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		g.enrol.Stop()
		err = errors.Join(err, g.hub.Stop(stop))
	}()
	doors, err := g.listen()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	g.ctx = ctx
	group.Go(func() error { return g.journals.Run(ctx) })
	group.Go(func() error {
		return link.Serve(ctx, g.hub.Conn(), link.Handler{Pay: g.pay, Hello: g.hello}, link.ServeOptions{Log: g.log.With("part", "link")})
	})
	group.Go(func() error { g.keeper.Run(ctx, g.registered); return ctx.Err() })
	group.Go(func() error { return g.carry.Run(ctx) })
	group.Go(func() error { return g.hearPeers(ctx) })
	for _, d := range doors {
		group.Go(func() error { return d.serve(ctx) })
	}
	if g.o.Ready != nil {
		a := Addresses{HTTP: doors[0].Addr().String(), NATS: g.hub.URL()}
		if len(doors) > 2 {
			a.Admin = doors[2].Addr().String()
		}
		g.o.Ready(a)
	}
	return group.Wait()
}

// open starts the hub and what stands on it.
func (g *Gateway) open(ctx context.Context) (err error) {
	c := hub.Config{
		Dir: g.cfg.NATS.Dir, Listen: g.cfg.NATS.Listen, TLS: g.tls, StoreKey: g.keys.Store(),
		URLs: g.cfg.NATS.URLs, Replicas: g.cfg.NATS.Replicas, Log: g.log.With("part", "hub"),
	}
	if len(c.URLs) > 0 {
		seeds, ok := g.keys.Cluster()
		if !ok {
			return fmt.Errorf("keys %s: want [cluster] with gateway, system and issuer for [nats] urls; make them with taxifleet config cluster", g.keys.File)
		}
		c.Keys = hub.Keys(seeds)
	}
	if g.hub, err = hub.Start(ctx, c); err != nil {
		return err
	}
	if err := g.compose(ctx); err != nil {
		return errors.Join(err, g.hub.Stop(context.WithoutCancel(ctx)))
	}
	return nil
}

func (g *Gateway) compose(ctx context.Context) (err error) {
	js := g.hub.JetStream()
	if g.registry, err = registry.Open(ctx, js, time.Now); err != nil {
		return err
	}
	if err := g.registerMerchants(ctx); err != nil {
		return err
	}
	claims, err := js.KeyValue(ctx, hub.Claims)
	if err != nil {
		return fmt.Errorf("claims open: %w", err)
	}
	g.carry = g.newCarrier(claims)
	hooks, err := js.KeyValue(ctx, hub.Hooks)
	if err != nil {
		return fmt.Errorf("hooks open: %w", err)
	}
	if g.vault, err = webhook.NewVault(hooks, g.derived("webhook secrets")); err != nil {
		return err
	}
	g.enrol, err = enrol.Start(ctx, enrol.Config{
		Registry: g.registry, Conn: g.hub.Conn(), System: g.hub.System(), Issuer: g.hub.Issuer(), Account: "CARS",
		Address: g.cfg.PublicURL, URLs: g.advertised(), Settings: g.settingsText, Secret: g.confirmSecret,
		From: g.from, Log: g.log.With("part", "enrol"),
	})
	if err != nil {
		return err
	}
	ours := secured(g.cfg.PublicURL) + "/"
	g.relay = relay.New(relay.Config{
		Car: g.car, Merchant: g.api, Log: g.log.With("part", "relay"), Observe: g.metrics.relayed,
		Target: func(_ relay.Car, target string) bool { return strings.HasPrefix(target, ours) },
	})
	g.journals = journal.New(journal.Config{JS: js, Bound: g.bound, Alarm: g.alarm, Log: g.log.With("part", "journal")})
	g.receiver = webhook.NewReceiver(webhook.Config{
		Registrations: g.vault.Registrations, Store: webhook.NewStream(js), Hint: g.hint,
		Observe: func(o webhook.Outcome, _ time.Duration) { g.metrics.webhook(string(o)) }, Log: g.log.With("part", "webhook"),
	})
	g.keeper = &webhook.Keeper{Secrets: g.vault, Observe: g.kept.note, Log: g.log.With("part", "webhook")}
	g.pages, err = page.New(page.Options{
		Base: g.cfg.PublicURL, Key: g.derived("passenger pages"), Fares: fares{g}, DefaultLanguage: g.cfg.Page.Language,
		Peer: g.from, Log: g.log.With("part", "page"),
	})
	return err
}

// registerMerchants lets the registry follow the configuration.
func (g *Gateway) registerMerchants(ctx context.Context) error {
	const by = "configuration"
	for _, m := range g.cfg.Merchants {
		want := registry.Merchant{Name: m.Name, MSN: m.MSN, Currency: m.Currency, Environment: registry.Environment(m.Environment), URL: m.URL, AmountLimit: m.Limit}
		have, err := g.registry.Merchant(ctx, m.Name)
		switch {
		case errors.Is(err, &registry.Refusal{Code: registry.NotFound}):
			err = g.registry.AddMerchant(ctx, by, want)
		case err == nil:
			want.Added = have.Added
			if want != have {
				err = g.registry.ChangeMerchant(ctx, by, want)
			}
		}
		if err != nil {
			return fmt.Errorf("merchant %s: %w", m.Name, err)
		}
	}
	return nil
}

// derived is a key for one purpose, made from the gateway's own.
func (g *Gateway) derived(purpose string) []byte {
	h := hmac.New(sha256.New, g.keys.Page())
	h.Write([]byte(purpose))
	return h.Sum(nil)
}

// confirmSecret is what a terminal and the gateway share, to prove payments offline.
func (g *Gateway) confirmSecret(terminal string) ([]byte, error) {
	return g.derived("confirmation codes of " + terminal), nil
}

// advertised is where cars connect, as they are told at their enrolment.
func (g *Gateway) advertised() []string {
	if len(g.cfg.NATS.Advertise) > 0 {
		return g.cfg.NATS.Advertise
	}
	if len(g.cfg.NATS.URLs) > 0 {
		return g.cfg.NATS.URLs
	}
	if g.tls == nil {
		return []string{g.hub.URL()}
	}
	u, _ := url.Parse(g.cfg.PublicURL)
	_, port, _ := net.SplitHostPort(g.cfg.NATS.Listen)
	return []string{"tls://" + net.JoinHostPort(u.Hostname(), port)}
}

func (g *Gateway) settings(ctx context.Context, vehicle string) (link.Settings, error) {
	v, err := g.registry.Vehicle(ctx, vehicle)
	if err != nil {
		return link.Settings{}, err
	}
	s := link.Settings{Vehicle: vehicle, PageURL: g.cfg.PublicURL + "/v/" + v.Code}
	if u, err := url.Parse(g.cfg.PublicURL); err == nil {
		s.ClaimHost = u.Host
	}
	if m := g.merchants[v.Merchant]; m != nil {
		s.Currency, s.Limit = m.Currency, m.Limit
	}
	return s, nil
}

func (g *Gateway) settingsText(ctx context.Context, vehicle string) (json.RawMessage, error) {
	s, err := g.settings(ctx, vehicle)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}
