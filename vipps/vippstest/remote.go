package vippstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Remote is a simulator in another process, reached through its Admin handler.
type Remote struct {
	URL string // of the admin port, e.g. "http://127.0.0.1:4001"
}

// Payments lists all payments as they were created.
func (r Remote) Payments(ctx context.Context) (list []Payment, err error) {
	return list, r.do(ctx, http.MethodGet, "payments", nil, &list)
}

// Payment looks up one payment.
func (r Remote) Payment(ctx context.Context, reference string) (p Payment, err error) {
	return p, r.do(ctx, http.MethodGet, "payments/"+url.PathEscape(reference), nil, &p)
}

// Act lets the passenger of a payment do something, now or later.
func (r Remote) Act(ctx context.Context, reference string, a Action, after time.Duration) error {
	return r.do(ctx, http.MethodPost, "payments/"+url.PathEscape(reference)+"/act", Habit{a, Duration(after)}, nil)
}

// Calls counts one operation's requests for a reference.
func (r Remote) Calls(ctx context.Context, op Op, reference string) (n Calls, err error) {
	return n, r.do(ctx, http.MethodGet, "calls/"+string(op)+"?reference="+url.QueryEscape(reference), nil, &n)
}

// Ledger adds everything up and checks it.
func (r Remote) Ledger(ctx context.Context) (l Ledger, err error) {
	return l, r.do(ctx, http.MethodGet, "ledger", nil, &l)
}

// Scan looks for the open payment with this code.
func (r Remote) Scan(ctx context.Context, code string) (b Bill, err error) {
	return b, r.do(ctx, http.MethodPost, "scan", scanRequest{code}, &b)
}

// Pushed are the open requests in the app of a phone number.
func (r Remote) Pushed(ctx context.Context, phone string) (list []Bill, err error) {
	return list, r.do(ctx, http.MethodGet, "pushed/"+url.PathEscape(phone), nil, &list)
}

// SetHabit is for the payments created from now on.
func (r Remote) SetHabit(ctx context.Context, h Habit) error {
	return r.do(ctx, http.MethodPut, "habit", h, nil)
}

// Stranger makes a phone number one that cannot be asked.
func (r Remote) Stranger(ctx context.Context, phone string) error {
	return r.do(ctx, http.MethodPut, "strangers/"+url.PathEscape(phone), nil, nil)
}

// AddPerson is somebody with the app.
func (r Remote) AddPerson(ctx context.Context, p Person) error {
	return r.do(ctx, http.MethodPut, "people", p, nil)
}

// SetPassenger is who scans the codes from now on.
func (r Remote) SetPassenger(ctx context.Context, p Person) error {
	return r.do(ctx, http.MethodPut, "passenger", p, nil)
}

// WithdrawConsent ends what a person shares with the sales unit.
func (r Remote) WithdrawConsent(ctx context.Context, phone string) error {
	return r.do(ctx, http.MethodDelete, "people/"+url.PathEscape(phone)+"/consent", nil, nil)
}

// Codes lists all codes that were ever made.
func (r Remote) Codes(ctx context.Context) (list []Code, err error) {
	return list, r.do(ctx, http.MethodGet, "codes", nil, &list)
}

// Follow is where a phone gets to that scans a printed code.
func (r Remote) Follow(ctx context.Context, text string) (target string, err error) {
	var f followed
	err = r.do(ctx, http.MethodPost, "follow", scanRequest{text}, &f)
	return f.Target, err
}

// Callbacks lists the callback codes that live.
func (r Remote) Callbacks(ctx context.Context) (list []Callback, err error) {
	return list, r.do(ctx, http.MethodGet, "callbacks", nil, &list)
}

// CheckIn is a phone that scans a callback code.
func (r Remote) CheckIn(ctx context.Context, text, phone string) error {
	return r.do(ctx, http.MethodPost, "checkin", checkInRequest{text, phone}, nil)
}

// Webhooks lists the registrations.
func (r Remote) Webhooks(ctx context.Context) (list []Webhook, err error) {
	return list, r.do(ctx, http.MethodGet, "webhooks", nil, &list)
}

// DropWebhooks ends all registrations without being asked.
func (r Remote) DropWebhooks(ctx context.Context) error {
	return r.do(ctx, http.MethodDelete, "webhooks", nil, nil)
}

// AddFault adds a fault to the plan.
func (r Remote) AddFault(ctx context.Context, f Fault) (id int, err error) {
	var added addedFault
	err = r.do(ctx, http.MethodPost, "faults", f, &added)
	return added.ID, err
}

// Faults is the plan, with what has struck so far.
func (r Remote) Faults(ctx context.Context) (list []Fault, err error) {
	return list, r.do(ctx, http.MethodGet, "faults", nil, &list)
}

// RemoveFault takes one fault out of the plan, or all for id 0.
func (r Remote) RemoveFault(ctx context.Context, id int) error {
	path := "faults"
	if id != 0 {
		path += "/" + strconv.Itoa(id)
	}
	return r.do(ctx, http.MethodDelete, path, nil, nil)
}

// SetNetwork changes the line, for a time or until further notice.
func (r Remote) SetNetwork(ctx context.Context, state Network, d time.Duration) error {
	return r.do(ctx, http.MethodPut, "network", Line{state, Duration(d)}, nil)
}

// Network is the present state of the line.
func (r Remote) Network(ctx context.Context) (Network, error) {
	var l Line
	err := r.do(ctx, http.MethodGet, "network", nil, &l)
	return l.State, err
}

// Advance moves the simulator's clock forward.
func (r Remote) Advance(ctx context.Context, d time.Duration) error {
	return r.do(ctx, http.MethodPost, "clock", advanceRequest{Duration(d)}, nil)
}

// RevokeTokens makes every access token invalid at once.
func (r Remote) RevokeTokens(ctx context.Context) error {
	return r.do(ctx, http.MethodPost, "tokens/revoke", nil, nil)
}

// do calls one endpoint; in and out may be nil.
func (r Remote) do(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("simulator %s: %w", path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(r.URL, "/")+"/_sim/"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("simulator %s: %w", path, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("simulator %s: %w", path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("simulator %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("simulator %s: %s: %s", path, resp.Status, bytes.TrimSpace(answer))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("simulator %s: %w", path, err)
	}
	return nil
}
