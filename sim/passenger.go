package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"taxiterminal/money"
	"taxiterminal/vipps/vippstest"
)

// share is a taxi that asks passengers to share their number and may send requests.
func share(more func(*Options)) func(*Options) {
	return send(func(o *Options) {
		o.More += "[sharing]\nscope = \"phoneNumber name\"\n"
		if more != nil {
			more(o)
		}
	})
}

// send is a taxi whose driver may send requests to phones.
func send(more func(*Options)) func(*Options) {
	return func(o *Options) {
		o.More += "[send]\nenabled = true\n"
		if more != nil {
			more(o)
		}
	}
}

// contact is what taxiterm contacts list prints, as far as it is needed here.
type contact struct {
	ID     int64  `json:"id"`
	Number string `json:"number"`
}

// Known waits until the terminal knows so many passengers.
func (t *Trip) Known(ctx context.Context, many int) (list []contact, err error) {
	err = Poll(ctx, Patience, fmt.Sprintf("%d passengers known", many), func() (bool, error) {
		err := t.Daemon.Command(ctx, &list, "contacts", "list", "--reveal")
		return len(list) == many, err
	})
	return list, err
}

// sharedNumber is two rides of one passenger: on the first the number is shared, on
// the second the request goes to it.
func sharedNumber(ctx context.Context, t *Trip) error {
	var known []contact
	return play(
		func() error { return paid(ctx, t) },
		func() (err error) { known, err = t.Known(ctx, 1); return err },
		func() error {
			if want := "+" + vippstest.DefaultPassenger.Phone; known[0].Number != want {
				return fmt.Errorf("passenger's number is not the one that was shared")
			}
			return nil
		},
		func() error { return t.Ride(ctx, fare) },
		func() error { _, err := t.Scan(ctx); return err },
		func() error {
			return t.Daemon.Command(ctx, nil, "pay", "send", "2", "--contact", fmt.Sprint(known[0].ID))
		},
		func() error { return t.ApprovePush(ctx) },
		func() error { return finish(ctx, t) },
	)
}

// ApprovePush approves on the passenger's phone what came to it.
func (t *Trip) ApprovePush(ctx context.Context) error {
	if err := t.Shows(ctx, "sent"); err != nil {
		return err
	}
	bills := t.API.Pushed(vippstest.DefaultPassenger.Phone)
	if len(bills) == 0 {
		return fmt.Errorf("no request on the phone")
	}
	return t.API.Act(bills[len(bills)-1].Reference, vippstest.Approve, 0)
}

func refusedSharing(ctx context.Context, t *Trip) error {
	var first string
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() (err error) { first, err = t.Scan(ctx); return err },
		func() error { return t.API.Act(first, vippstest.RefuseSharing, 0) },
		func() error { return t.ScanOther(ctx, first) },
		func() error { return t.Approve(ctx) },
		func() error { return finish(ctx, t) },
		func() error { _, err := t.Known(ctx, 0); return err },
	)
}

// ScanOther waits until the code on the screen is that of another payment.
func (t *Trip) ScanOther(ctx context.Context, than string) error {
	return Poll(ctx, Patience, "another code", func() (bool, error) {
		all := t.API.Payments()
		return len(all) > 0 && all[len(all)-1].Reference != than && all[len(all)-1].State == "CREATED", nil
	})
}

func userinfoLate(ctx context.Context, t *Trip) error {
	return play(
		func() error { return paid(ctx, t) },
		func() error { _, err := t.Known(ctx, 0); return err },
		func() error { return t.Restart(ctx) },
		func() error { t.API.Advance(time.Hour); return nil },
		func() error { _, err := t.Known(ctx, 1); return err },
	)
}

func push(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() error { _, err := t.Scan(ctx); return err },
		func() error { return t.Daemon.Type(ctx, "900 00 001\n", "pay", "send", "1") },
		func() error { return t.ApprovePush(ctx) },
		func() error { return finish(ctx, t) },
	)
}

func pushNotEnabled(ctx context.Context, t *Trip) error {
	var first string
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() (err error) { first, err = t.Scan(ctx); return err },
		func() error { return t.Daemon.Type(ctx, "900 00 001\n", "pay", "send", "1") },
		func() error { return t.ScanOther(ctx, first) },
		func() error { return t.Approve(ctx) },
		func() error { return finish(ctx, t) },
	)
}

// tip touches the buttons on the passenger's screen: ten per cent, then five.
func tip(ctx context.Context, t *Trip) error {
	var first string
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() error { return t.Shows(ctx, "tipping") },
		func() error { return t.AddTip(ctx, "0001", 2900) },
		func() (err error) { first, err = t.Scan(ctx); return err },
		func() error { return t.AddTip(ctx, "0001", 1400) },
		func() error { return t.ScanOther(ctx, first) },
		func() error { return t.Approve(ctx) },
		func() error { return finish(ctx, t) },
	)
}

// AddTip presses a button of the passenger's page.
func (t *Trip) AddTip(ctx context.Context, number string, tip money.Minor) error {
	form := url.Values{"trip": {number}, "tip": {tip.Decimal()}}
	return t.post(ctx, "/tip", "application/x-www-form-urlencoded", form.Encode())
}

func refund(amount money.Minor) func(context.Context, *Trip) error {
	return func(ctx context.Context, t *Trip) error {
		_, err := t.API.AddFault(vippstest.Fault{Op: vippstest.OpRefund, Kind: vippstest.LostResponse})
		return play(
			func() error { return err },
			func() error { return paid(ctx, t) },
			func() error {
				return t.Daemon.Command(ctx, nil, "refund", "1", amount.Decimal(), "--reason", "wrong way")
			},
			func() error { return t.Seen(ctx, vippstest.OpRefund, 1) },
		)
	}
}

func typedFare(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Board(ctx) },
		t.Pull,
		func() error { return t.Typed(ctx, fare) },
		func() error { return t.Approve(ctx) },
		func() error { return t.Shows(ctx, "paid") },
		t.Plug,
		t.Leave,
	)
}

// Typed types the fare as soon as the terminal has seen that the meter is gone.
func (t *Trip) Typed(ctx context.Context, total money.Minor) error {
	return Poll(ctx, Patience, "fare taken", func() (bool, error) {
		return t.Daemon.Command(ctx, nil, "pay", "fare", total.Decimal(), "--trip", "0001") == nil, nil
	})
}

// Confirm types on the driver's page the code that the passenger's phone shows.
func (t *Trip) Confirm(ctx context.Context, number, code string) error {
	body, err := json.Marshal(map[string]string{"trip": number, "code": code, "lang": "en"})
	if err != nil {
		return err
	}
	return t.post(ctx, "/driver/confirm", "application/json", string(body))
}

func (t *Trip) post(ctx context.Context, path, kind, body string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.Daemon.URL()+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", t.Daemon.URL())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		var answer bytes.Buffer
		_, _ = answer.ReadFrom(res.Body)
		return &PageRefused{Path: path, Status: res.StatusCode, Text: answer.String()}
	}
	return nil
}

// PageRefused is what one of the terminal's pages answers that will not do something.
type PageRefused struct {
	Path   string
	Status int // of HTTP
	Text   string
}

func (r *PageRefused) Error() string { return fmt.Sprintf("%s: %d: %s", r.Path, r.Status, r.Text) }
