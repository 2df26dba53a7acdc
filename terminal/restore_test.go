package terminal

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// backup copies the file as it is now and gives a function that loses the disk and puts
// the copy back.
func (c *car) backup() (lose func()) {
	c.t.Helper()
	to := filepath.Join(c.t.TempDir(), "backup")
	_, err := outbox.Backup(c.t.Context(), c.path, to, false)
	require.NoError(c.t, err)
	return func() {
		c.stop()
		_, err := outbox.Restore(c.t.Context(), to, c.path)
		require.NoError(c.t, err)
		c.start()
	}
}

// The lost computer has made a second payment of a trip that the backup knows with one.
// The restored one makes its own second payment under the same reference: it must find
// the first one's, and never charge again.
func TestWhatTheLostComputerDidIsFoundAndNotDoneAgain(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		lose := c.backup()
		c.act(1, vippstest.Reject)
		c.shows(display.Failed)
		require.NoError(t, c.press(display.ActionNew))
		c.scan(2)
		c.act(2, vippstest.Approve)
		c.shows(display.Paid)

		lose()
		c.shows(display.Failed) // the first was rejected, that is found out
		require.NoError(t, c.press(display.ActionNew))
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		require.Len(t, c.sim.Payments(), 2)
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(2))
		require.Equal(t, 1, c.payment(2).Calls[vippstest.OpCreate].Executed)
		require.EqualValues(t, 25000, c.state().Captured())
	})
}

// The same with another amount: then it is somebody else's payment, and a person must
// look.
func TestAPaymentOfTheLostComputerIsNotTakenForAnother(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		lose := c.backup()
		c.act(1, vippstest.Reject)
		c.shows(display.Failed)
		require.NoError(t, c.press(display.ActionNew))
		c.scan(2)
		c.act(2, vippstest.Approve)
		c.shows(display.Paid)

		lose()
		c.shows(display.Failed)
		c.stopped(26000) // is asked for at once
		c.pass(5 * time.Second)
		s := c.state()
		require.Equal(t, trip.ProblemConflict, s.Problem.Kind, "%+v", s)
		require.Len(t, c.sim.Payments(), 2)
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(2))
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.settled()
	})
}

// A refund that the lost computer has made is found, not made again.
func TestARefundOfTheLostComputerIsFound(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		lose := c.backup()
		require.NoError(t, c.term.Refund(t.Context(), "1", 5000, "detour"))
		c.settled()
		lose()
		require.NoError(t, c.term.Refund(t.Context(), "1", 5000, "detour"))
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/5000 captures 1", c.money(1))
		require.Equal(t, money.Minor(5000), c.state().Refunded())
		require.NoError(t, c.term.Refund(t.Context(), "1", 1000, "more"))
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/6000 captures 1", c.money(1))
	})
}
