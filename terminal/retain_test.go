package terminal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

const day = 24 * time.Hour

func keeping(c *Config) { c.History = 400 * day }

// today lets the API live in 2027. The car's own clock says 2000, so that all its times
// are wrong.
func (c *car) today() { c.sim.Advance(27 * 365 * day); c.restart() }

// cash is a trip from beginning to end.
func (c *car) cash() {
	c.t.Helper()
	c.ride(25000)
	require.NoError(c.t, c.press(display.ActionCash))
	c.vacant()
	c.settled()
}

// days lets so many days go by, with a little driving on each. The API's clock goes on
// by itself, the car stands still in the bubble in between.
func (c *car) days(n int) {
	for range n {
		c.sim.Advance(day)
		c.restart()
		c.pass(2*time.Hour + time.Minute)
	}
}

func (c *car) onFile() []int64 {
	c.t.Helper()
	list, err := c.store.RecentStreams(c.t.Context(), 0, 1000)
	require.NoError(c.t, err)
	return list
}

func TestOldTripsLeaveTheCar(t *testing.T) {
	driveWith(t, vippstest.Options{}, keeping, func(t *testing.T, c *car) {
		c.today()
		c.ride(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		c.cash()
		_, err := c.term.EndShift(t.Context())
		require.NoError(t, err)
		c.pass(2 * time.Hour) // the first mark
		c.cash()
		c.sim.Advance(390 * day)
		c.days(2)
		require.NoError(t, c.term.Refund(t.Context(), "1", 100, "late")) // the API decides; it is a new event
		c.settled()
		c.hired()
		c.sim.Advance(8 * day)
		c.days(2)
		require.Equal(t, []int64{4, 3, 2, 1}, c.onFile(), "never while there is a passenger")
		c.vacant()
		c.settled()
		c.days(1)
		require.Equal(t, []int64{4, 3, 1}, c.onFile(), "3 came after the mark, something happened to 1 lately")

		_, err = c.term.Trip(t.Context(), "2")
		require.ErrorContains(t, err, "gone")
		require.ErrorContains(t, c.term.Refund(t.Context(), "0002", 100, ""), "gone")
		require.ErrorContains(t, c.term.Refund(t.Context(), "99", 100, ""), "unknown_trip")
		list, err := c.term.Trips(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Len(t, list, 3)
		s, err := c.term.PastShift(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, []int{1, 1}, []int{s.Trips, s.Gone}, "the sum says what it lacks")
		now, err := c.term.Shift(t.Context())
		require.NoError(t, err)
		require.Zero(t, now.Gone)
		p, err := c.store.Pruned(t.Context())
		require.NoError(t, err)
		require.Positive(t, p.Entries)
	})
}

// However wrong the clocks are, nothing goes that is not old.
func TestAClockThatIsWrongPrunesNothing(t *testing.T) {
	const years = 365 * day
	for name, goes := range map[string]func(*car){
		"the car lives in 2000": func(c *car) {},
		"nobody says what time it is": func(c *car) {
			c.sim.Advance(2 * years)
			c.network(vippstest.Refused)
			c.restart()
			c.pass(5 * time.Hour)
		},
		"the car is years ahead, nobody says": func(c *car) {
			c.network(vippstest.Refused)
			c.stop()
			c.pass(60 * years)
			c.start()
			c.pass(26 * time.Hour)
			_, err := c.term.EndShift(c.t.Context()) // the journal grows
			require.NoError(c.t, err)
			c.pass(26 * time.Hour)
		},
		"the API is years ahead for an hour": func(c *car) { c.sim.Advance(20 * years); c.restart(); c.pass(2 * time.Hour) },
		"the API is years ahead for a day":   func(c *car) { c.sim.Advance(20 * years); c.restart(); c.pass(day) },
	} {
		t.Run(name, func(t *testing.T) {
			driveWith(t, vippstest.Options{}, keeping, func(t *testing.T, car *car) {
				car.today()
				car.cash()
				car.days(3)
				car.cash()
				car.days(3)
				goes(car)
				require.Equal(t, []int64{2, 1}, car.onFile())
				marks, err := car.store.LastMarks(t.Context(), 10)
				require.NoError(t, err)
				require.NotEmpty(t, marks)
			})
		})
	}
}

func TestInAFleetOnlyWhatTheGatewayHasGoes(t *testing.T) {
	copied := int64(0)
	tune := func(c *Config) { keeping(c); c.Copied = func() int64 { return copied } }
	driveWith(t, vippstest.Options{}, tune, func(t *testing.T, c *car) {
		c.today()
		c.cash()
		second := c.store.End().Seq + 1
		c.cash()
		c.days(1)
		c.cash()
		c.sim.Advance(410 * day)
		for range 3 {
			c.days(1)
			c.cash()
		}
		require.Equal(t, []int64{6, 5, 4, 3, 2, 1}, c.onFile())
		copied = second + 1
		c.days(1)
		require.Equal(t, []int64{6, 5, 4, 3, 2}, c.onFile())
		copied = c.store.End().Seq
		c.days(1)
		require.Equal(t, []int64{6, 5, 4, 3}, c.onFile(), "the third came after the last mark of then")
	})
}

// A trip that is in memory as one of the last is not brought back by what is pressed.
func TestAPrunedTripIsNotInMemoryEither(t *testing.T) {
	driveWith(t, vippstest.Options{}, keeping, func(t *testing.T, c *car) {
		c.cash()
		c.pass(2 * time.Hour)
		c.cash()
		require.Len(t, c.term.View().Driver.Trips, 2)
		var gone []int64
		c.term.do(func() { require.Equal(t, 1, c.term.pruneSome(c.store.End().Seq)) })
		gone = c.onFile()
		require.Equal(t, []int64{2}, gone)
		require.Len(t, c.term.View().Driver.Trips, 1)
		var refused *Refused
		require.ErrorAs(t, c.term.Refund(t.Context(), "1", 100, ""), &refused)
		require.Equal(t, display.RefusedGone, refused.Refusal)
		require.ErrorIs(t, c.store.Commit(t.Context(), func(tx *outbox.Tx) error {
			return appendEvent(tx, 1, string(trip.Vacated{}.Kind()), trip.Vacated{})
		}), outbox.ErrNoStream)
	})
}
