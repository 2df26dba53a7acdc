package terminal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/vipps/vippstest"
)

// Another ride may have been driven on the meter while it was not heard. That it can be
// heard again is often the first that is known, and says nothing of what it did.
func TestAnotherAmountAfterAGapNeedsTheDriversWord(t *testing.T) {
	for name, away := range map[string]func(*car){
		"the computer was off": func(c *car) { c.restart() },
		"the meter was silent": func(c *car) {
			c.term.Meter(meter.Health{State: meter.HealthSilent})
			c.pass(longGap + time.Second)
		},
		"the cable was out": func(c *car) {
			c.term.Line(display.HealthMissing)
			c.pass(longGap + time.Second)
			c.term.Line(display.HealthOK)
		},
	} {
		t.Run(name, func(t *testing.T) {
			drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
				c.hired()
				c.stopped(25000)
				c.scan(1)
				c.act(1, vippstest.Approve)
				c.shows(display.Paid)
				away(c)
				c.term.Meter(meter.Health{State: meter.HealthOK})
				c.term.Meter(meter.PositionChanged{Position: meter.Stopped, Resync: true})
				c.term.Meter(meter.TripRecord{Record: meter.Record{Total: 31000, Fare: 31000}})
				v := c.shows(display.Failed)
				require.Equal(t, display.NoticeDoubtfulGap, v.Driver.Notice.Key)
				require.Len(t, c.sim.Payments(), 1, "nothing more is asked for")
			})
		})
	}
}
