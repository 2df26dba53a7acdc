package kill

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/sim/fleet"
	"taxiterminal/vipps/vippstest"
)

// states are what a page of the gateway says about the trip that is on, in the words of
// the car's screen.
var states = map[string]display.Screen{
	"due": display.Due, "open": display.Sent, "approved": display.Approved, "paid": display.Paid, "settled": display.Settled,
}

// lookEvery is how often a passenger looks at a page again; the gateway has a limit.
const lookEvery = 100 * time.Millisecond

// open opens a page on the passenger's phone. It is false while the gateway is away.
func (t *taxi) open(ctx context.Context, address string) (fleet.Page, bool) {
	rest(ctx, lookEvery)
	page, err := t.desk.Phone.Open(ctx, address)
	if err != nil || page.State == "" {
		return page, false
	}
	t.strike(Page, page.State, "shown")
	return page, true
}

// button presses the button of a page, and is false if that does not lead into the app.
func (t *taxi) button(ctx context.Context, page fleet.Page) (app string, ok bool) {
	if p, ok := t.traps.sprung(Page, "button", "sent"); ok {
		time.AfterFunc(p.After, func() { t.kill(p) })
	}
	app, err := t.desk.Phone.Press(ctx, page)
	if err != nil || !strings.HasPrefix(app, "https://") {
		return "", false
	}
	t.strike(Page, "button", "answered")
	return app, true
}

// sumOf is the large amount of a page; -1 for none.
func sumOf(page fleet.Page) money.Minor {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, page.Amount)
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return money.Minor(n)
}

// hasPaid: the car's screen says so.
func (t *taxi) hasPaid(sum money.Minor) bool {
	html, _, _ := t.Passenger.HTML()
	p := pictureOf(html)
	return p.trip == t.number && p.screen == display.Paid && p.sum == sum
}

// payOnPage scans the car's sticker, presses the button there and says yes in the app,
// again if that leads nowhere, until the car's screen says PAID.
func (t *taxi) payOnPage(ctx context.Context, fare money.Minor) error {
	said := false
	return until(ctx, fmt.Sprintf("trip %04d paid on the page with %d", t.number, fare), func() (bool, error) {
		if t.hasPaid(fare) {
			return true, nil
		}
		page, ok := t.open(ctx, t.sticker)
		if !ok || sumOf(page) != fare {
			return false, nil // what the page of the trip before says, too
		}
		if screen, ok := states[page.State]; ok {
			t.seen.saw(picture{screen: screen, trip: t.number, sum: fare})
		}
		if said || !page.Payable() {
			return false, nil
		}
		if app, ok := t.button(ctx, page); ok {
			_, err := t.desk.Phone.App(app, vippstest.Approve)
			said = err == nil // it may be withdrawn already
		}
		return false, nil
	})
}

// onPage: the passenger pays on the page of the car's sticker.
func onPage(ctx context.Context, t *taxi, p plan) (expected, error) {
	return expected{ways: []way{paidWay}, captured: p.fare}, steps(
		func() error { return t.ride(ctx, p) },
		func() error {
			if p.more%2 == 0 {
				return nil // before the car has a code
			}
			_, err := t.shows(ctx, display.Due)
			return err
		},
		func() error { return t.payOnPage(ctx, p.fare) },
		func() error { return t.leave(ctx) },
	)
}
