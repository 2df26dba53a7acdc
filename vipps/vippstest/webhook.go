package vippstest

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"
)

// webhooks are the registrations of the sales unit and what is on its way to them.
type webhooks struct {
	list    []*webhook
	lanes   map[laneKey]*lane
	poke    chan struct{} // wakes the deliverer
	running bool
}

// webhook is a registration.
type webhook struct {
	id, url, secret string
	events          []string
	at              time.Time
	counts          Deliveries
}

// The limits of registrations with the same event. How a registration too many is
// refused is not documented; here it is 409.
const (
	hooksPerEvent = 25
	eventCheckIn  = "user.checked-in.v1"
)

// knownEvents are those that can be registered.
var knownEvents = func() []string {
	list := []string{eventCheckIn}
	for _, name := range []string{"created", "authorized", "aborted", "expired", "terminated", "cancelled", "captured", "refunded"} {
		list = append(list, "epayments.payment."+name+".v1")
	}
	return list
}()

// operateWebhook is the Webhooks API.
func (s *Sim) operateWebhook(c call) reply {
	switch c.op {
	case OpWebhookRegister:
		return s.registerWebhook(c)
	case OpWebhookDelete:
		i := slices.IndexFunc(s.hooks.list, func(h *webhook) bool { return h.id == c.reference })
		if i < 0 {
			return s.problemIn(c.op, http.StatusNotFound, "Webhook not found")
		}
		s.forgetWebhook(i)
		return reply{status: http.StatusNoContent}
	}
	list := []map[string]any{}
	for _, h := range s.hooks.list {
		list = append(list, map[string]any{"id": h.id, "url": h.url, "events": h.events})
	}
	return jsonReply(http.StatusOK, map[string]any{"webhooks": list})
}

type webhookRequest struct {
	URL    *string  `json:"url"`
	Events []string `json:"events"`
}

func (s *Sim) registerWebhook(c call) reply {
	var req webhookRequest
	if refused := s.decodeStrict(c.body, &req); refused != nil {
		return s.problemIn(c.op, http.StatusBadRequest, "Invalid request", detail{"body", "malformed, or with unknown members"})
	}
	switch {
	case req.URL == nil || !reachable(*req.URL):
		return s.invalidIn(c.op, "Url", "https, which the world can reach")
	case len(req.Events) == 0:
		return s.invalidIn(c.op, "Events", "at least one")
	}
	for _, name := range req.Events {
		if !slices.Contains(knownEvents, name) {
			return s.invalidIn(c.op, "Events", "unknown event")
		}
		if s.registered(name) >= hooksOf(name) {
			return s.problemIn(c.op, http.StatusConflict, "Too many webhooks", detail{"Events", name})
		}
	}
	h := &webhook{id: s.uuid(), url: *req.URL, secret: s.word(86) + "==", events: req.Events, at: s.now()}
	s.hooks.list = append(s.hooks.list, h)
	s.startDeliverer()
	return jsonReply(http.StatusCreated, map[string]any{"id": h.id, "secret": h.secret})
}

// reachable takes https, and http on a loopback address, which the real API does not.
func reachable(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback.MatchString(u.Hostname()))
}

var loopback = regexp.MustCompile(`^(127\.[0-9.]+|localhost|::1)$`)

func hooksOf(event string) int {
	if event == eventCheckIn {
		return 1
	}
	return hooksPerEvent
}

func (s *Sim) registered(event string) (n int) {
	for _, h := range s.hooks.list {
		if slices.Contains(h.events, event) {
			n++
		}
	}
	return n
}

// forgetWebhook ends a registration and what is on its way to it.
func (s *Sim) forgetWebhook(i int) {
	gone := s.hooks.list[i]
	s.hooks.list = slices.Delete(s.hooks.list, i, i+1)
	maps.DeleteFunc(s.hooks.lanes, func(k laneKey, _ *lane) bool { return k.hook == gone.id })
}

// Webhook is what the ledger says about a registration.
type Webhook struct {
	ID         string     `json:"id"`
	URL        string     `json:"url"`
	Events     []string   `json:"events"`
	Registered time.Time  `json:"registered"`
	Deliveries Deliveries `json:"deliveries"`
}

// Deliveries counts what was posted to a registration.
type Deliveries struct {
	Events    int `json:"events"`    // that happened
	Attempts  int `json:"attempts"`  // requests made
	Delivered int `json:"delivered"` // events answered with 2xx
	Pending   int `json:"pending"`   // events that are still to be delivered
	GivenUp   int `json:"given_up"`  // events that nobody answered for a week
}

// Webhooks lists the registrations, oldest first.
func (s *Sim) Webhooks() []Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	list := make([]Webhook, 0, len(s.hooks.list))
	for _, h := range s.hooks.list {
		counts := h.counts
		for key, l := range s.hooks.lanes {
			if key.hook == h.id {
				counts.Pending += len(l.queue)
			}
		}
		list = append(list, Webhook{ID: h.id, URL: h.url, Events: slices.Clone(h.events), Registered: h.at.UTC(), Deliveries: counts})
	}
	return list
}

// DropWebhooks ends all registrations without being asked, as the API does with
// those that nobody answered for two weeks.
func (s *Sim) DropWebhooks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.hooks.list) > 0 {
		s.forgetWebhook(0)
	}
}
