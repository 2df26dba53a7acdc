package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"taxiterminal/display"
	"taxiterminal/money"
)

// ErrNotRunning means that no daemon listens on the socket.
var ErrNotRunning = errors.New("taxiterm is not running")

// ErrNotAllowed means that the socket belongs to another user.
var ErrNotAllowed = errors.New("the control socket belongs to another user")

// Client talks to the daemon. Its errors are *Error for everything that the daemon
// refuses.
type Client struct {
	http   *http.Client
	socket string
}

// NewClient prepares a client for a socket.
func NewClient(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	return &Client{&http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: time.Minute}, socket}
}

// Status is what the terminal does now.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	return s, c.call(ctx, http.MethodGet, "/v1/status", nil, &s)
}

// Trips are the newest n trips numbered below before (0: all), newest first.
func (c *Client) Trips(ctx context.Context, before int64, n int) (t []Trip, err error) {
	q := url.Values{"n": {strconv.Itoa(n)}, "before": {strconv.FormatInt(before, 10)}}
	return t, c.call(ctx, http.MethodGet, "/v1/trips?"+q.Encode(), nil, &t)
}

// Trip is one trip with its journal.
func (c *Client) Trip(ctx context.Context, number string) (t Trip, err error) {
	return t, c.call(ctx, http.MethodGet, tripPath(number), nil, &t)
}

// Act does what a driver's button does.
func (c *Client) Act(ctx context.Context, a display.Action, number string) error {
	return c.call(ctx, http.MethodPost, "/v1/actions", ActionRequest{a, number}, nil)
}

// Refund gives captured money of a trip back.
func (c *Client) Refund(ctx context.Context, number string, amount money.Minor, reason string) error {
	return c.call(ctx, http.MethodPost, tripPath(number)+"/refund", RefundRequest{amount, reason}, nil)
}

// RetryTrip lets a parked trip try again.
func (c *Client) RetryTrip(ctx context.Context, number string) error {
	return c.call(ctx, http.MethodPost, tripPath(number)+"/retry", nil, nil)
}

// Commands are the open commands, or the newest n of all.
func (c *Client) Commands(ctx context.Context, all bool, n int) (list []Command, err error) {
	q := url.Values{"n": {strconv.Itoa(n)}}
	if all {
		q.Set("all", "1")
	}
	return list, c.call(ctx, http.MethodGet, "/v1/outbox?"+q.Encode(), nil, &list)
}

// Command is one command with its body.
func (c *Client) Command(ctx context.Context, id string) (cmd Command, err error) {
	return cmd, c.call(ctx, http.MethodGet, "/v1/outbox/"+escape(id), nil, &cmd)
}

// Park takes a command out of delivery.
func (c *Client) Park(ctx context.Context, id, reason string) error {
	return c.call(ctx, http.MethodPost, "/v1/outbox/"+escape(id)+"/park", ReasonRequest{reason}, nil)
}

// Retry lets a parked command go, or hurries a pending one.
func (c *Client) Retry(ctx context.Context, id, reason string) error {
	return c.call(ctx, http.MethodPost, "/v1/outbox/"+escape(id)+"/retry", ReasonRequest{reason}, nil)
}

// Verify checks the whole file.
func (c *Client) Verify(ctx context.Context) (v Verified, err error) {
	return v, c.call(ctx, http.MethodPost, "/v1/outbox/verify", nil, &v)
}

// Doctor examines the running terminal.
func (c *Client) Doctor(ctx context.Context) (checks []Check, err error) {
	return checks, c.call(ctx, http.MethodGet, "/v1/doctor", nil, &checks)
}

// WatchMeter gives what the meter tells to f, first what is the case now, until ctx
// ends (with ctx.Err()), f fails, or the terminal ends (with io.EOF).
func (c *Client) WatchMeter(ctx context.Context, f func(MeterEvent) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://taxiterm/v1/meter/events", nil)
	if err != nil {
		return err
	}
	endless := *c.http
	endless.Timeout = 0
	res, err := endless.Do(req)
	if err != nil {
		return c.dialError(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return refusal(res)
	}
	for d := json.NewDecoder(res.Body); ; {
		var e MeterEvent
		if err := d.Decode(&e); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		if err := f(e); err != nil {
			return err
		}
	}
}

func refusal(res *http.Response) error {
	e := &Error{Status: res.StatusCode, Message: res.Status}
	_ = json.NewDecoder(res.Body).Decode(e)
	return e
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://taxiterm"+path, body)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.dialError(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return refusal(res)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("control answer: %w", err)
	}
	return nil
}

func tripPath(number string) string { return "/v1/trips/" + escape(number) }
func escape(s string) string        { return url.PathEscape(s) }
func itoa(n int) string             { return strconv.Itoa(n) }

func (c *Client) dialError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: nobody answers at %s", ErrNotRunning, c.socket)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %s", ErrNotAllowed, c.socket)
	}
	return fmt.Errorf("control request: %w", err)
}
