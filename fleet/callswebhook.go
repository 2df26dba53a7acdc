package fleet

import (
	"context"
	"net/http"
	"slices"

	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
	"taxiterminal/fleet/webhook"
	"taxiterminal/vipps"
)

// chosen are the merchants that a call is about: the one that it names, or all that
// have keys.
func (g *Gateway) chosen(r request) ([]*merchant, error) {
	if name := r.FormValue("merchant"); name != "" {
		m, err := g.merchant(name)
		return []*merchant{m}, err
	}
	return slices.DeleteFunc(g.sortedMerchants(), func(m *merchant) bool { return m.client == nil }), nil
}

func (g *Gateway) listWebhooks(ctx context.Context, r request) (any, error) {
	chosen, err := g.chosen(r)
	list := make([]office.Webhooks, 0, len(chosen))
	for _, m := range chosen {
		if err != nil {
			break
		}
		list = append(list, g.webhooksOf(ctx, m))
	}
	return list, err
}

func (g *Gateway) webhooksOf(ctx context.Context, m *merchant) office.Webhooks {
	w := office.Webhooks{Merchant: m.Name, MSN: m.MSN, State: string(g.kept.of(m.MSN)), Registrations: []office.Registration{}}
	if !m.Webhooks {
		w.State = "off"
	}
	known, err := g.vault.Registrations(ctx, m.MSN)
	if err != nil {
		w.Problem = err.Error()
		return w
	}
	list, res := m.client.Webhooks(ctx)
	if res.Kind != vipps.Done {
		w.Problem = said(res)
		return w
	}
	for _, h := range list {
		mine := h.URL == webhook.Address(g.cfg.PublicURL, m.MSN) && slices.ContainsFunc(known, func(k webhook.Registration) bool { return k.ID == h.ID })
		w.Registrations = append(w.Registrations, office.Registration{ID: h.ID, URL: h.URL, Events: h.Events, Ours: mine})
	}
	return w
}

// said is why the payment API did not do something, and what to do about it.
func said(res vipps.Result) string {
	if res.Err == nil {
		return ""
	}
	if res.Err.Hint == "" {
		return res.Err.Error()
	}
	return res.Err.Error() + "; " + res.Err.Hint
}

// checkWebhooks registers what is missing, also for merchants whose registrations the
// gateway does not keep by itself.
func (g *Gateway) checkWebhooks(ctx context.Context, r request) (any, error) {
	chosen, err := g.chosen(r)
	list := make([]office.Webhooks, 0, len(chosen))
	for _, m := range chosen {
		if err != nil {
			return nil, err
		}
		if err := g.registry.Note(ctx, r.by, registry.WebhookChecked, m.Name, ""); err != nil {
			return nil, err
		}
		state, err := g.keeper.Check(ctx, g.hooked(m))
		w := g.webhooksOf(ctx, m)
		w.State = string(state)
		if err != nil {
			w.Problem = err.Error()
		}
		list = append(list, w)
	}
	return list, err
}

func (g *Gateway) deleteWebhook(ctx context.Context, r request) (any, error) {
	m, err := g.merchant(r.PathValue("merchant"))
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	if err := g.registry.Note(ctx, r.by, registry.WebhookDeleted, m.Name, id); err != nil {
		return nil, err
	}
	res := m.client.DeleteWebhook(ctx, id)
	switch {
	case res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassNotFound:
		return nil, &office.Error{Status: http.StatusNotFound, Message: "merchant " + m.Name + " has no webhook " + quoted(id), Code: string(registry.NotFound), Hint: "taxifleet webhook list shows them"}
	case res.Kind != vipps.Done:
		return nil, apiError(res)
	}
	return done, g.vault.Forget(ctx, m.MSN, id)
}

func apiError(res vipps.Result) *office.Error {
	return &office.Error{Status: http.StatusBadGateway, Message: res.Err.Error(), Code: office.API, Hint: res.Err.Hint}
}
