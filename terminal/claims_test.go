package terminal

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// gateway is what a fleet's gateway does with claims, reduced to what the car sees.
type gateway struct{}

func (gateway) URL(id trip.ID, n int, a money.Amount, _ time.Time) (string, error) {
	return "https://fleet.example/p/" + id.Reference(n) + "." + a.Value.Decimal(), nil
}

func (gateway) Confirm(_ string, _ money.Amount, code string, missed int, _ time.Time) (bool, error) {
	if missed >= 3 {
		return false, errors.New("wait")
	}
	return code == "123456", nil
}

func claiming(c *Config) { c.Claims = gateway{} }

// carry is what the gateway does with a claim: a payment of the same reference.
func (c *car) carry(reference string, amount money.Minor) {
	c.t.Helper()
	require.NoError(c.t, c.sim.Carry(reference, amount))
}

func TestAPhoneCarriesTheFareAndTheCodeProvesIt(t *testing.T) {
	driveWith(t, vippstest.Options{}, claiming, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.ride(25000)
		require.Equal(t, display.Connecting, c.screen().Screen, "the ordinary way has its chance first")
		c.pass(2 * time.Second)
		v := c.shows(display.Due)
		require.True(t, v.Claim)
		require.True(t, v.Driver.CanConfirm)
		reference := c.state().ID.Reference(1)
		require.Equal(t, "https://fleet.example/p/"+reference+".250.00", v.QR)

		c.carry(reference, 25000)
		require.ErrorContains(t, c.term.Confirm(t.Context(), "0001", "000000"), "bad_code")
		require.NoError(t, c.term.Confirm(t.Context(), "0001", "123456"))
		v = c.shows(display.Approved)
		require.Equal(t, display.ReasonByCode, v.Reason)
		require.ErrorContains(t, c.press(display.ActionCash), "already_approved")
		c.vacant()
		c.restart()
		c.pass(10 * time.Minute) // far longer than the grace
		require.Equal(t, display.ReasonByCode, c.shows(display.Approved).Reason)
		c.hired() // the next passenger
		c.network(vippstest.Up)
		c.vacant()
		c.settled()
		require.Len(t, c.sim.Payments(), 1)
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
	})
}

func TestAClaimThatNobodyPaidIsUsedUpWhenItIsNotWanted(t *testing.T) {
	driveWith(t, vippstest.Options{}, claiming, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.ride(25000)
		c.pass(2 * time.Second)
		c.shows(display.Due)
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.pass(time.Minute)
		c.network(vippstest.Up)
		c.settled()
		require.Equal(t, "TERMINATED 0/0/25000/0 captures 0", c.money(1), "no phone can pay it any more")
	})
}

func TestAClaimThatWasPaidWithoutACodeIsFound(t *testing.T) {
	driveWith(t, vippstest.Options{}, claiming, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.ride(25000)
		c.pass(2 * time.Second)
		c.shows(display.Due)
		c.carry(c.state().ID.Reference(1), 25000)
		c.network(vippstest.Up)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
	})
}

func TestCodesCannotBeGuessed(t *testing.T) {
	driveWith(t, vippstest.Options{}, claiming, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.ride(25000)
		require.ErrorContains(t, c.term.Confirm(t.Context(), "", "123456"), "not_now", "no claim was shown")
		c.pass(2 * time.Second)
		for range 3 {
			require.ErrorContains(t, c.term.Confirm(t.Context(), "", "111111"), "bad_code")
		}
		c.restart()
		require.ErrorContains(t, c.term.Confirm(t.Context(), "", "123456"), "code_wait", "a restart gives no new guesses")
		c.network(vippstest.Up)
		c.shows(display.Due)
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.settled()
	})
}

func TestAHintIsLookedIntoAtOnce(t *testing.T) {
	slow := func(c *Config) { c.Poll = 10 * time.Second }
	driveWith(t, vippstest.Options{}, slow, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.term.Hint(c.payment(1).Reference)
		c.term.Hint("T999-AAAAA-0001-1")
		require.Equal(t, display.Paid, c.screen().Screen)
		c.vacant()
		c.settled()
	})
}

func TestAPageIsPaidAsTheNextAttempt(t *testing.T) {
	driveWith(t, vippstest.Options{}, func(c *Config) { c.Terms.Share = "phoneNumber" }, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		id := c.state().ID
		url := func(n int) string { return "https://fleet.example/r/" + id.Reference(n) + "?t=x" }
		require.ErrorContains(t, c.term.AskWeb(t.Context(), "0001", trip.WebAsked{N: 1, ReturnURL: url(1)}), "not_now", "an old page")
		require.NoError(t, c.term.AskWeb(t.Context(), "0001", trip.WebAsked{N: 2, ReturnURL: url(2), Tip: 2000}))
		v := c.shows(display.Sent)
		require.Equal(t, money.Of(27000, money.NOK), v.Amount)
		p := c.payment(2)
		require.Equal(t, "WEB_REDIRECT", p.Flow)
		require.Empty(t, p.Scope, "the passenger did not agree to be asked")
		require.Equal(t, "TERMINATED 0/0/25000/0 captures 0", c.money(1))
		c.act(2, vippstest.Reject) // back in the browser
		c.scan(3)
		require.NoError(t, c.term.AskWeb(t.Context(), "0001", trip.WebAsked{N: 4, ReturnURL: url(4), Share: true}))
		c.shows(display.Sent)
		require.Equal(t, "phoneNumber", c.payment(4).Scope)
		c.act(4, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(4))
	})
}

func TestAPhoneThatCarriesIsNotAskedToShare(t *testing.T) {
	both := func(c *Config) { sharing(c); claiming(c) }
	driveWith(t, vippstest.Options{}, both, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.ride(25000)
		c.pass(2 * time.Second)
		require.True(t, c.shows(display.Due).Claim)
		c.carry(c.state().ID.Reference(1), 25000)
		c.network(vippstest.Up)
		c.pass(time.Minute)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		require.Zero(t, c.term.store.Depth().Pending, "nothing is waited for that was never asked")
	})
}

// The driver took cash, and the phone that carried the fare paid it as well: the gateway
// cannot know, so the driver is told and can give it back.
func TestCashBesideAPaymentThatAPhoneHasCarried(t *testing.T) {
	driveWith(t, vippstest.Options{}, claiming, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.ride(25000)
		c.pass(2 * time.Second)
		reference := c.state().ID.Reference(1)
		require.NoError(t, c.press(display.ActionCash))
		c.carry(reference, 25000)
		require.NoError(t, c.sim.CarryHome(reference, 25000))
		c.network(vippstest.Up)
		c.pass(time.Minute)
		s := c.state()
		require.Equal(t, trip.Notice{Kind: trip.NoticeOverpaid, Amount: 25000}, s.Notice)
		require.Equal(t, trip.Otherwise, s.Settlement)
		require.NoError(t, c.term.Refund(t.Context(), s.ID.Short(), 25000, "paid in cash"))
		c.pass(time.Minute)
		require.Equal(t, money.Minor(25000), c.state().Refunded())
	})
}
