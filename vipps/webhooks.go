package vipps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

const webhooksPath = "/webhooks/v1/webhooks"

// Webhook is a registration: the API posts every event of these names to URL.
type Webhook struct {
	ID     string // a UUID, given by the API
	URL    string
	Events []string
}

// Names of events that can be registered. There are more; the API takes whatever it
// knows.
const (
	EventCreated    = "epayments.payment.created.v1"
	EventAuthorized = "epayments.payment.authorized.v1"
	EventAborted    = "epayments.payment.aborted.v1"
	EventExpired    = "epayments.payment.expired.v1"
	EventTerminated = "epayments.payment.terminated.v1"
	EventCancelled  = "epayments.payment.cancelled.v1"
	EventCaptured   = "epayments.payment.captured.v1"
	EventRefunded   = "epayments.payment.refunded.v1"
	// EventCheckIn is a scan of a merchant callback code. A sales unit can have one
	// registration of it.
	EventCheckIn = "user.checked-in.v1"
)

// PaymentEvents are all events of a payment.
func PaymentEvents() []string {
	return []string{EventCreated, EventAuthorized, EventAborted, EventExpired, EventTerminated, EventCancelled, EventCaptured, EventRefunded}
}

// RegisterWebhook asks for events to be posted to an https address that the whole
// world can reach. The secret signs what is posted there and is never shown again.
//
// There is no Idempotency-Key: after an Unknown there may be a registration whose
// secret nobody has. Webhooks shows it, by its URL; delete it and register again.
// A registration cannot be changed: make a new one, then delete the old.
func (c *Client) RegisterWebhook(ctx context.Context, address string, events []string) (Webhook, Secret, Result) {
	r := request{op: OpWebhookRegister, method: http.MethodPost, path: webhooksPath, private: []string{address}}
	if e := notSent(r.op, checkWebhook(address, events)); e != nil {
		return Webhook{}, Secret{}, Result{Kind: Rejected, Err: e}
	}
	r.body, _ = json.Marshal(map[string]any{"url": address, "events": events}) // texts always can
	hook, secret := Webhook{URL: address, Events: slices.Clone(events)}, Secret{}
	res := c.call(ctx, r, func(body []byte) (p Payment, err error) {
		hook.ID, secret, err = decodeRegistered(body)
		return Payment{}, err
	})
	if res.Kind != Done {
		return Webhook{}, Secret{}, res
	}
	return hook, secret, res
}

// Webhooks lists the registrations of the sales unit, those of other systems
// included. One that nobody answered for two weeks is gone.
func (c *Client) Webhooks(ctx context.Context) ([]Webhook, Result) {
	var list []Webhook
	res := c.call(ctx, request{op: OpWebhookList, method: http.MethodGet, path: webhooksPath}, func(body []byte) (p Payment, err error) {
		list, err = decodeWebhooks(body)
		return Payment{}, err
	})
	return list, res
}

// DeleteWebhook ends a registration, and with it the events that wait for its
// receiver. Rejected with ClassNotFound says that there is none of that id, which is
// also how a repetition is answered.
func (c *Client) DeleteWebhook(ctx context.Context, id string) Result {
	var bad problems
	bad.check(webhookID.MatchString(id), "id", "want an id from the list of registrations, got %q", cut(id, 64))
	r := request{op: OpWebhookDelete, method: http.MethodDelete, path: webhooksPath + "/" + id, reference: id}
	if e := notSent(r.op, bad.err(string(r.op))); e != nil {
		return Result{Kind: Rejected, Err: e}
	}
	return c.call(ctx, r, func(body []byte) (Payment, error) { return Payment{}, acceptAnyJSON(body) })
}

var (
	webhookID    = shaped(1, 64, `^[0-9A-Za-z-]+$`)
	webhookEvent = shaped(2, 100, `^[a-z][a-z0-9.-]*[a-z0-9]$`)
)

// webhookURLMax is ours; the API publishes none.
const webhookURLMax = 1024

func checkWebhook(address string, events []string) error {
	var bad problems
	u, err := url.Parse(address)
	good := err == nil && u.Host != "" && u.User == nil && u.Fragment == "" && len(address) <= webhookURLMax &&
		(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
	bad.check(good, "url", "want an https address of at most %d characters, without user and fragment; http is only for a simulator on a loopback host", webhookURLMax)
	bad.check(len(events) > 0, "events", "want at least one")
	for i, name := range events {
		bad.check(webhookEvent.MatchString(name), fmt.Sprintf("events[%d]", i), "want a name such as %s, got %q", EventAuthorized, cut(name, 100))
		bad.check(!slices.Contains(events[:i], name), fmt.Sprintf("events[%d]", i), "there twice: %q", cut(name, 100))
	}
	return bad.err(string(OpWebhookRegister))
}

func decodeRegistered(body []byte) (id string, secret Secret, err error) {
	var w struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return "", Secret{}, fmt.Errorf("read registration: %w", shapeOnly(err))
	}
	switch {
	case !webhookID.MatchString(w.ID):
		return "", Secret{}, errors.New("read registration: id missing, or not one that can be deleted again")
	case w.Secret == "":
		return "", Secret{}, errors.New("read registration: secret missing")
	}
	return w.ID, NewSecret(w.Secret), nil
}

func decodeWebhooks(body []byte) ([]Webhook, error) {
	var w struct {
		Webhooks []struct {
			ID     string          `json:"id"`
			URL    looseText       `json:"url"`
			Events loose[[]string] `json:"events"`
		} `json:"webhooks"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, fmt.Errorf("read registrations: %w", shapeOnly(err))
	}
	if w.Webhooks == nil {
		return nil, errors.New("read registrations: webhooks missing")
	}
	list := make([]Webhook, 0, len(w.Webhooks))
	for i, h := range w.Webhooks {
		if h.ID == "" {
			return nil, fmt.Errorf("read registrations: registration %d: id missing", i)
		}
		list = append(list, Webhook{ID: h.ID, URL: string(h.URL), Events: h.Events.value})
	}
	return list, nil
}
