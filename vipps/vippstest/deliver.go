package vippstest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// laneKey is what events are kept in order by: a registration, and a payment or a
// check-in.
type laneKey struct{ hook, about string }

// lane holds the events of a lane, oldest first. The first blocks those behind it.
type lane struct {
	queue    []*delivery
	attempts int       // at the first
	due      time.Time // of the next attempt
	busy     bool
}

type delivery struct {
	body []byte
	at   time.Time // when it happened
}

// deliveryTimeout is how long a receiver has for its answer.
const deliveryTimeout = 10 * time.Second

// deliveryPeriod is how long the API tries.
const deliveryPeriod = 7 * 24 * time.Hour

// retrySchedule is the published one: how long after an attempt the next is made.
func retrySchedule(attempt int) time.Duration {
	switch {
	case attempt < 4:
		return 2 * time.Second
	case attempt == 4:
		return time.Minute
	case attempt == 5:
		return 2 * time.Minute
	case attempt < 29:
		return time.Hour
	}
	return 24 * time.Hour
}

// retryAfter is how long to wait after so many attempts.
func (s *Sim) retryAfter(attempts int) time.Duration {
	if plan := s.opt.WebhookRetry; len(plan) > 0 {
		return plan[min(attempts, len(plan))-1]
	}
	return retrySchedule(attempts)
}

// emit puts an event on its way to everybody who has registered for it.
func (s *Sim) emit(event, about string, at time.Time, body func() []byte) {
	for _, h := range s.hooks.list {
		if !slices.Contains(h.events, event) {
			continue
		}
		key := laneKey{h.id, about}
		l := s.hooks.lanes[key]
		if l == nil {
			l = &lane{due: s.now()}
			s.hooks.lanes[key] = l
		}
		l.queue = append(l.queue, &delivery{body: body(), at: at})
		h.counts.Events++
	}
	s.poke()
}

// poke lets the deliverer look again.
func (s *Sim) poke() {
	select {
	case s.hooks.poke <- struct{}{}:
	default:
	}
}

// startDeliverer begins to deliver. It ends with Close, which waits for it.
func (s *Sim) startDeliverer() {
	select {
	case <-s.done:
		return
	default:
	}
	if s.hooks.running {
		return
	}
	s.hooks.running = true
	s.given.Go(s.deliver)
}

// deliver lets time pass for the payments, so that events happen when they are due
// and not when somebody looks, and posts them.
func (s *Sim) deliver() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	for {
		wait, some := s.startDue(ctx)
		if !some {
			wait = time.Hour // somebody will poke
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.done:
		case <-s.hooks.poke:
		case <-timer.C:
		}
		timer.Stop()
		select {
		case <-s.done:
			return
		default:
		}
	}
}

// startDue starts all deliveries that are due and says how long until the next thing
// happens, if any will.
func (s *Sim) startDue(ctx context.Context) (wait time.Duration, some bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	now := s.now()
	next := s.nextChange()
	for key, l := range s.hooks.lanes {
		if l.busy {
			continue
		}
		if l.due.After(now) {
			next = earlier(next, l.due)
			continue
		}
		l.busy = true
		h := s.hooks.list[slices.IndexFunc(s.hooks.list, func(h *webhook) bool { return h.id == key.hook })]
		h.counts.Attempts++
		to, body := *h, l.queue[0].body
		s.given.Go(func() { s.attempt(ctx, key, l, to, body) })
	}
	return max(0, next.Sub(now)), !next.IsZero()
}

// nextChange is when the next payment changes by itself; zero for never.
func (s *Sim) nextChange() (next time.Time) {
	for _, p := range s.open {
		next = earlier(next, p.expires.Add(s.opt.ExpiryLag))
		if p.intent != nil {
			next = earlier(next, p.intent.at)
		}
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// attempt posts the first event of a lane and notes what came of it.
func (s *Sim) attempt(ctx context.Context, key laneKey, l *lane, h webhook, body []byte) {
	delivered := s.post(ctx, h, key.about, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	l.busy = false
	l.attempts++
	l.due = s.now().Add(s.retryAfter(l.attempts))
	i := slices.IndexFunc(s.hooks.list, func(k *webhook) bool { return k.id == key.hook })
	if i < 0 || s.hooks.lanes[key] != l {
		return // the registration is gone
	}
	counts := &s.hooks.list[i].counts
	givenUp := !delivered && s.now().Sub(l.queue[0].at) > deliveryPeriod
	switch {
	case delivered:
		counts.Delivered++
	case givenUp:
		counts.GivenUp++
	}
	if delivered || givenUp {
		l.queue, l.attempts, l.due = l.queue[1:], 0, s.now()
	}
	if len(l.queue) == 0 {
		delete(s.hooks.lanes, key)
	}
	s.poke()
}

// post makes the requests of one attempt, as the plan of faults has them, and says
// whether the last one was answered with 2xx.
func (s *Sim) post(ctx context.Context, h webhook, about string, body []byte) bool {
	c := call{op: OpWebhookPost, reference: about}
	f, state := s.strike(c)
	if state != Up || f.Kind == LostRequest {
		return false
	}
	s.wait(f.Before.Std())
	switch f.Kind {
	case Forge:
		forged := h
		forged.secret = "somebody-elses-secret"
		s.postOnce(ctx, forged, body)
	case Duplicate:
		s.postOnce(ctx, h, body)
	}
	s.tap(c, Arrived)
	ok := s.postOnce(ctx, h, body)
	if ok {
		s.tap(c, Answered)
	}
	s.wait(f.After.Std())
	return ok && f.Kind != LostResponse
}

// postOnce signs and posts. Redirects are not followed.
func (s *Sim) postOnce(ctx context.Context, h webhook, body []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", h.id)
	sign(req.Header, req.URL, h.secret, s.Now(), body)
	resp, err := s.opt.WebhookTransport.RoundTrip(req)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	_ = resp.Body.Close()
	return resp.StatusCode >= 200 && resp.StatusCode <= 299
}

// sign sets the headers of the published scheme. The key is the secret as it is
// written, and not what it may be the base64 of.
func sign(header http.Header, u *url.URL, secret string, now time.Time, body []byte) {
	sum := sha256.Sum256(body)
	content, date := base64.StdEncoding.EncodeToString(sum[:]), now.UTC().Format(http.TimeFormat)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(mac, "POST\n"+u.RequestURI()+"\n"+date+";"+u.Host+";"+content)
	header.Set("X-Ms-Date", date)
	header.Set("X-Ms-Content-Sha256", content)
	header.Set("Authorization", "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="+
		base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}
