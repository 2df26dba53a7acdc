package terminal

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

func inFleet(c *Config) { c.Fleet, c.Claims = true, gateway{} }

func TestATerminalThatIsNotLetInSaysSo(t *testing.T) {
	driveWith(t, vippstest.Options{}, inFleet, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.term.Linked(false, true)
		v := c.shows(display.OutOfOrder)
		require.Equal(t, []display.Fault{display.FaultNotEnrolled}, v.Faults)
		c.ride(25000)
		c.pass(5 * time.Second)
		v = c.shows(display.Connecting)
		require.Equal(t, display.ReasonCredentials, v.Reason)
		require.False(t, v.Claim, "nobody would take a claim of it")
		require.Equal(t, []display.Fault{display.FaultNotEnrolled}, v.Faults)

		c.network(vippstest.Up)
		c.term.Linked(true, false)
		c.scan(1)
		require.Empty(t, c.screen().Faults)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
	})
}

func TestWhatWaitsGoesOnWhenTheGatewayIsThere(t *testing.T) {
	driveWith(t, vippstest.Options{}, inFleet, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.ride(25000)
		c.pass(5 * time.Minute) // pauses are at their longest
		c.network(vippstest.Up)
		c.term.Linked(true, false)
		synctest.Wait()
		require.Len(t, c.sim.Payments(), 1, "without any time going by")
		c.scan(1)
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.settled()
	})
}

// mute is a gateway that has not said yet where claims go.
type mute struct{ gateway }

func (mute) URL(trip.ID, int, money.Amount, time.Time) (string, error) {
	return "", errors.New("no host")
}

func TestAClaimThatCannotBeMadeIsNotPutOnTheRecord(t *testing.T) {
	driveWith(t, vippstest.Options{}, func(c *Config) { c.Claims = mute{} }, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.ride(25000)
		c.pass(10 * time.Second)
		c.shows(display.Connecting)
		require.False(t, c.state().Attempts[0].Claimed)
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.network(vippstest.Up)
		c.settled()
		require.Empty(t, c.sim.Payments(), "so a create that nobody wants is void")
	})
}

func TestACheckInIsTakenOnceAndOnlyForWhatIsDue(t *testing.T) {
	driveWith(t, vippstest.Options{}, func(*Config) {}, func(t *testing.T, c *car) {
		passenger := vippstest.DefaultPassenger.Phone
		token := c.sim.CustomerToken(passenger)
		require.ErrorContains(t, c.term.CheckIn(token), "not_now", "nobody rides")
		c.hired()
		require.ErrorContains(t, c.term.CheckIn(token), "not_now", "the fare runs")
		c.stopped(25000)
		c.scan(1)
		require.ErrorContains(t, c.term.CheckIn(""), "not_now")
		require.NoError(t, c.term.CheckIn(token))
		c.shows(display.Sent)
		require.Len(t, c.sim.Pushed(passenger), 1)
		require.ErrorContains(t, c.term.CheckIn(token), "not_now", "once")
		require.NoError(t, c.press(display.ActionNew))
		c.shows(display.Due)
		require.ErrorContains(t, c.term.CheckIn(token), "not_now", "whoever scans a picture of the code must not take the screen away again")
		c.act(3, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		require.NotContains(t, c.logs.String(), token)
	})
}

func TestACheckInNeedsAPlaceToBeKept(t *testing.T) {
	driveWith(t, vippstest.Options{}, func(*Config) {}, func(t *testing.T, c *car) {
		c.stop()
		c.key = nil
		c.start()
		c.ride(25000)
		c.scan(1)
		require.ErrorContains(t, c.term.CheckIn(c.sim.CustomerToken(vippstest.DefaultPassenger.Phone)), "no_push")
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
	})
}
