package vipps

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// Client calls the API for one sales unit. Its methods may be used from any number
// of goroutines.
type Client struct {
	base         string
	msn          string
	clientID     string
	clientSecret Secret
	subscription Secret
	system       System
	transport    http.RoundTripper
	log          *slog.Logger
	observe      func(Op, Kind, time.Duration)

	tokens tokens
	limits limiter

	userinfoBare atomic.Bool // see Client.Userinfo
}

// New checks cfg, all of it at once (the error is an *InvalidError), and returns a
// client. It does no I/O.
func New(cfg Config) (*Client, error) {
	base, err := cfg.check()
	if err != nil {
		return nil, err
	}
	c := &Client{
		base:         base,
		msn:          cfg.MSN,
		clientID:     cfg.ClientID,
		clientSecret: cfg.ClientSecret,
		subscription: cfg.SubscriptionKey,
		system:       cfg.System,
		transport:    cfg.Transport,
		log:          cfg.Log,
		observe:      cfg.Observe,
	}
	if c.transport == nil {
		c.transport = newTransport()
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.observe == nil {
		c.observe = func(Op, Kind, time.Duration) {}
	}
	c.tokens.fetch = c.fetchToken
	return c, nil
}

// CloseIdleConnections drops connections that no request uses. Call it when the
// network has changed, so that the next request does not start on a dead one, and
// when the client is not needed any more.
func (c *Client) CloseIdleConnections() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// accept reads the body of a 2xx. Its error must not quote the body.
type accept func(body []byte) (Payment, error)

// call sends r with a good token, and once more with a new one if that is refused.
func (c *Client) call(ctx context.Context, r request, read accept) Result {
	return c.withToken(ctx, r, func(tok token) Result { return c.send(ctx, r, tok, read) })
}

// withToken calls send with a good token, and once more with a new one if the answer
// is 401.
func (c *Client) withToken(ctx context.Context, r request, send func(token) Result) Result {
	tok, wait, err := c.tokens.get(ctx, 0)
	if err != nil {
		return c.unsent(r, wait, err)
	}
	res := send(tok)
	if res.Err == nil || res.Err.Status != http.StatusUnauthorized {
		return res
	}
	again, wait, err := c.tokens.get(ctx, tok.number)
	if err != nil {
		return c.unsent(r, wait, err)
	}
	res = send(again)
	if res.Err != nil && res.Err.Status == http.StatusUnauthorized {
		c.tokens.refused(again.number, res.Err)
	}
	return res
}

// unsent is the result of a call for which no token could be had. Other calls may
// share the error, so this one gets its own.
func (c *Client) unsent(r request, wait time.Duration, why *Error) Result {
	e := *why
	e.Op = r.op
	return Result{Kind: Retry, After: wait, Err: &e}
}

// send makes one HTTP request and says what came of it.
func (c *Client) send(ctx context.Context, r request, tok token, read accept) Result {
	start := time.Now()
	if wait := c.limits.take(r.op, r.reference, start); wait > 0 {
		return Result{Kind: Retry, After: wait, Err: &Error{
			Class: ClassRateLimited, Op: r.op, Hint: hintWait,
			Err: errors.New("not sent: over the limit of calls a minute for this reference"),
		}}
	}
	a, sent, err := c.exchange(ctx, r, c.headers(r, tok))
	if err != nil && !sent {
		c.limits.giveBack(r.op, r.reference, start)
	}
	res := c.result(r, tok, a, sent, err, read)
	c.report(ctx, r, res.Kind, a.status, res.Err, time.Since(start))
	return res
}

// result is the one place where an outcome gets its kind.
func (c *Client) result(r request, tok token, a answer, sent bool, err error, read accept) Result {
	res := Result{Kind: Done}
	switch {
	case err != nil && !sent:
		res.Kind, res.Err = Retry, Wire(err, c.peer(r))
	case err != nil:
		res.Kind, res.Err = Unknown, Wire(err, c.peer(r))
	case a.status >= 200 && a.status <= 299:
		if res.Payment, err = read(a.body); err != nil {
			res = Result{Kind: Unknown, Err: misread(a, err)}
		}
	default:
		res.Kind, res.Err = judge(a, append(c.private(r.private), tok.value.Reveal()))
		res.After = retryAfter(a.header)
	}
	if res.Err != nil {
		res.Err.Op = r.op
		res.Err.explain()
	}
	if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
		res.Date = date
	}
	if res.Kind == Unknown && r.op.read() {
		res.Kind = Retry
	}
	return res
}

func (c *Client) headers(r request, tok token) http.Header {
	h := http.Header{}
	if r.url == "" {
		h.Set("Authorization", "Bearer "+tok.value.Reveal())
		c.setCommon(h)
	}
	if r.bare {
		h.Del("Ocp-Apim-Subscription-Key")
	}
	if r.accept != "" {
		h.Set("Accept", r.accept)
	}
	if r.key != "" {
		h.Set("Idempotency-Key", r.key)
	}
	if r.body != nil {
		h.Set("Content-Type", "application/json")
	}
	return h
}

// setCommon sets what every API of the platform wants.
func (c *Client) setCommon(h http.Header) {
	h.Set("Accept", "application/json")
	h.Set("Ocp-Apim-Subscription-Key", c.subscription.Reveal())
	h.Set("Merchant-Serial-Number", c.msn)
	c.system.set(h)
	h.Set("User-Agent", fmt.Sprintf("%s/%s", systemText(c.system.Name), systemText(c.system.Version)))
}

// private are the texts that no error may contain.
func (c *Client) private(more []string) []string {
	return append([]string{c.clientID, c.clientSecret.Reveal(), c.subscription.Reveal()}, more...)
}

// report logs and counts one HTTP request. Reads are many and dull, and without a
// network they fail once a second: what they say is for the caller to sum up.
func (c *Client) report(ctx context.Context, r request, kind Kind, status int, e *Error, took time.Duration) {
	c.observe(r.op, kind, took)
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("op", string(r.op)), slog.String("method", r.method),
		slog.String("reference", r.reference), slog.String("key", r.key),
		slog.Int("status", status), slog.String("kind", string(kind)), slog.Duration("took", took),
	}
	switch {
	case r.op.read():
	case e != nil:
		level = slog.LevelWarn
	default:
		level = slog.LevelInfo
	}
	if e != nil {
		attrs = append(attrs, slog.String("class", string(e.Class)), slog.String("code", e.Code), slog.String("trace_id", e.TraceID))
		if e.Err != nil {
			attrs = append(attrs, slog.String("cause", scrubText(e.Err.Error(), c.private(r.private))))
		}
	}
	c.log.LogAttrs(ctx, level, "vipps request", attrs...)
}
