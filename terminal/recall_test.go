package terminal

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/vipps/vippstest"
)

// record ends the trip with a record of that key.
func (c *car) record(key string, total money.Minor) {
	c.term.Meter(meter.TripRecord{Record: meter.Record{Total: total, Fare: total, Key: key}, Final: true})
	c.vacant()
}

// A driver that starts anew is told which records the journal has, also of trips whose
// fare the driver had typed before the meter told it. What it tells again ends no trip.
func TestTheJournalKnowsWhichRecordsItHas(t *testing.T) {
	driveWith(t, vippstest.Options{}, byHand, func(t *testing.T, c *car) {
		require.Empty(t, c.term.Closed())
		c.hired()
		c.record("one", 10000)
		c.hired()
		c.term.Meter(meter.PositionChanged{Position: meter.ForHire, Resync: true}) // without a record
		for key, total := range map[string]money.Minor{"the same": 30000, "another": 31000} {
			c.hired()
			c.term.Line(display.HealthMissing)
			synctest.Wait()
			number := c.state().ID.Short()
			require.NoError(t, c.term.TypeFare(t.Context(), number, 30000))
			if total != 30000 {
				require.NoError(t, c.press(display.ActionCash))
			}
			c.term.Line(display.HealthOK)
			c.pass(time.Second)
			c.record(key, total)
		}
		c.hired()
		check := func() {
			var keys []string
			for _, r := range c.term.Closed() {
				keys = append(keys, r.Key)
			}
			require.Len(t, keys, 4)
			require.ElementsMatch(t, []string{"the same", "another"}, keys[:2])
			require.Equal(t, []string{"", "one"}, keys[2:])
		}
		check()
		c.restart()
		check()
		require.EqualValues(t, 10000, c.term.Closed()[3].Total)
		c.term.Meter(meter.PositionChanged{Position: meter.Hired, Resync: true})
		c.record("another", 31000)
		require.Len(t, c.term.Closed(), 5)
		require.Zero(t, c.term.Closed()[0].Total, "the repeated record is not that of the trip")
	})
}
