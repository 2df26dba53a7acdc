package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"taxiterminal/vipps"
)

// API is what a Keeper needs of a sales unit's client; a *vipps.Client has it.
type API interface {
	RegisterWebhook(ctx context.Context, address string, events []string) (vipps.Webhook, vipps.Secret, vipps.Result)
	Webhooks(ctx context.Context) ([]vipps.Webhook, vipps.Result)
	DeleteWebhook(ctx context.Context, id string) vipps.Result
}

// Secrets keeps registrations with their secrets; a *Vault does.
type Secrets interface {
	Registrations(ctx context.Context, msn string) ([]Registration, error)
	Keep(ctx context.Context, r Registration) error
	Forget(ctx context.Context, msn, id string) error
}

// Merchant is a sales unit whose registrations are kept.
type Merchant struct {
	MSN     string
	API     API
	URL     string // where its events are to be posted, see Address
	CheckIn bool   // that it has callback codes
}

// Keeper keeps the registrations of sales units as they should be.
type Keeper struct {
	Secrets Secrets
	Log     *slog.Logger // nil for none
	// Observe is told how each check ended; nil for none.
	Observe func(msn string, s State)
}

// State is how the registrations of a sales unit are after a check.
type State string

const (
	Standing   State = "standing"   // all are there, at the right address, with a known secret
	Registered State = "registered" // something was missing and is made; the next check looks for it
	Blocked    State = "blocked"    // the API does not take one; a person must look
	Failed     State = "failed"     // the API or the store could not be asked
)

const (
	checkEvery = 10 * time.Minute
	checkSoon  = time.Minute // after anything but Standing
)

// Run checks all sales units at once and then regularly, until ctx ends.
func (k *Keeper) Run(ctx context.Context, merchants func() []Merchant) {
	for {
		wait := checkEvery
		for _, m := range merchants() {
			if s, _ := k.Check(ctx, m); s != Standing {
				wait = checkSoon
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// Check looks at one sales unit and makes what is missing. The error says why the
// state is Blocked or Failed, with a hint.
func (k *Keeper) Check(ctx context.Context, m Merchant) (State, error) {
	s, err := k.check(ctx, m)
	if k.Observe != nil {
		k.Observe(m.MSN, s)
	}
	if k.Log != nil && ctx.Err() == nil {
		switch {
		case err != nil:
			k.Log.Warn("webhook registrations", "msn", m.MSN, "state", string(s), "cause", err.Error())
		case s != Standing:
			k.Log.Info("webhook registrations", "msn", m.MSN, "state", string(s))
		}
	}
	return s, err
}

func (k *Keeper) check(ctx context.Context, m Merchant) (State, error) {
	// The secrets are read on both sides of the list, because another gateway may be
	// registering: what is in old and not in the list is gone, what is in the list
	// and not in known has no secret.
	old, err := k.Secrets.Registrations(ctx, m.MSN)
	if err != nil {
		return Failed, err
	}
	list, res := m.API.Webhooks(ctx)
	if res.Kind != vipps.Done {
		return Failed, failed("list", res)
	}
	known, err := k.Secrets.Registrations(ctx, m.MSN)
	if err != nil {
		return Failed, err
	}
	c := &checking{keeper: k, merchant: m, list: list, old: old, known: known}
	wants := []want{{events: vipps.PaymentEvents()}}
	if m.CheckIn {
		wants = append(wants, want{events: []string{vipps.EventCheckIn}, single: true})
	}
	state, errs := Standing, []error(nil)
	for _, w := range wants {
		s, err := c.ensure(ctx, w)
		state, errs = worse(state, s), append(errs, err)
	}
	if state == Standing {
		if err := c.tidy(ctx, wants); err != nil {
			state, errs = Failed, append(errs, err)
		}
	}
	return state, errors.Join(errs...)
}

// worse is the state that needs more attention.
func worse(a, b State) State {
	order := []State{Standing, Registered, Failed, Blocked}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// want is a registration that should be there.
type want struct {
	events []string
	single bool // the API takes only one
}

func (w want) about(h vipps.Webhook) bool {
	return slices.ContainsFunc(h.Events, func(name string) bool { return slices.Contains(w.events, name) })
}

func (w want) exactly(h vipps.Webhook) bool {
	return slices.Equal(slices.Sorted(slices.Values(h.Events)), slices.Sorted(slices.Values(w.events)))
}

// checking is one look at one sales unit.
type checking struct {
	keeper   *Keeper
	merchant Merchant
	list     []vipps.Webhook
	old      []Registration
	known    []Registration
}

func (c *checking) secret(id string) bool {
	return slices.ContainsFunc(c.known, func(r Registration) bool { return r.ID == id && !r.Secret.IsZero() })
}

// ours says that no other system has made it.
func (c *checking) ours(h vipps.Webhook) bool { return h.URL == c.merchant.URL || c.secret(h.ID) }

func (c *checking) good(h vipps.Webhook, w want) bool {
	return h.URL == c.merchant.URL && w.exactly(h) && c.secret(h.ID)
}

// ensure finds the registration that is wanted or makes it.
func (c *checking) ensure(ctx context.Context, w want) (State, error) {
	if slices.ContainsFunc(c.list, func(h vipps.Webhook) bool { return c.good(h, w) }) {
		return Standing, nil
	}
	for _, h := range c.list {
		switch {
		case !w.about(h):
		case !c.ours(h) && w.single:
			return Blocked, errors.New("webhook registrations: check-ins of this sales unit go to another system; end its registration there, or use no callback codes here")
		case c.ours(h) && (w.single || !c.secret(h.ID)):
			// In the way of the new one, or of no use because its answer was lost.
			if err := c.delete(ctx, h.ID); err != nil {
				return Failed, err
			}
		}
	}
	return c.register(ctx, w)
}

func (c *checking) register(ctx context.Context, w want) (State, error) {
	h, secret, res := c.merchant.API.RegisterWebhook(ctx, c.merchant.URL, w.events)
	switch res.Kind {
	case vipps.Done:
	case vipps.Rejected:
		return Blocked, failed("register", res)
	default:
		return Failed, failed("register", res)
	}
	err := c.keeper.Secrets.Keep(ctx, Registration{MSN: c.merchant.MSN, ID: h.ID, URL: h.URL, Events: h.Events, Secret: secret})
	if err != nil {
		return Failed, errors.Join(err, c.delete(ctx, h.ID)) // nobody could verify what it sends
	}
	return Registered, nil
}

// tidy deletes what is ours and not wanted any more, when all that is wanted stands,
// and forgets the secrets of what is gone. Of several that are good, all gateways
// choose the same one.
func (c *checking) tidy(ctx context.Context, wants []want) error {
	keep := map[string]bool{}
	for _, w := range wants {
		good := slices.DeleteFunc(slices.Clone(c.list), func(h vipps.Webhook) bool { return !c.good(h, w) })
		keep[slices.MinFunc(good, func(a, b vipps.Webhook) int { return cmp.Compare(a.ID, b.ID) }).ID] = true
	}
	for _, h := range c.list {
		if c.ours(h) && !keep[h.ID] {
			if err := c.delete(ctx, h.ID); err != nil {
				return err
			}
		}
	}
	for _, r := range c.old {
		if !slices.ContainsFunc(c.list, func(h vipps.Webhook) bool { return h.ID == r.ID }) {
			if err := c.keeper.Secrets.Forget(ctx, c.merchant.MSN, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// delete ends a registration. That there is none is as good.
func (c *checking) delete(ctx context.Context, id string) error {
	res := c.merchant.API.DeleteWebhook(ctx, id)
	if res.Kind == vipps.Done || res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassNotFound {
		return nil
	}
	return failed("delete", res)
}

// failed is the error of a call, with what to do about it.
func failed(what string, res vipps.Result) error {
	if res.Err.Hint == "" {
		return fmt.Errorf("webhook registrations: %s: %w", what, res.Err)
	}
	return fmt.Errorf("webhook registrations: %s: %w; %s", what, res.Err, res.Err.Hint)
}
