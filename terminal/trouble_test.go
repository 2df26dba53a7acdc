package terminal

import (
	"database/sql"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// tamper changes the file behind the terminal's back.
func (c *car) tamper(statement string) {
	c.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+c.path+"?_busy_timeout=5000")
	require.NoError(c.t, err)
	_, err = db.Exec(statement)
	require.NoError(c.t, err)
	require.NoError(c.t, db.Close())
}

func TestWhatCannotBeRecordedIsNeitherShownNorSentNorLost(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.tamper("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk trouble'); END")
		c.hired()
		c.stopped(25000)
		c.hired()
		c.stopped(31000)
		v := c.screen()
		require.Equal(t, display.OutOfOrder, v.Screen)
		require.Contains(t, v.Faults, display.FaultDisk)
		require.Empty(t, v.Trip, "it has no number before it is on file")
		require.Empty(t, v.Driver.Trips)
		require.Empty(t, c.sim.Payments())
		require.Error(t, c.term.Healthy(t.Context()))
		require.NoError(t, c.term.Alive(t.Context()), "a restart would lose what waits in memory")
		require.ErrorContains(t, c.press(display.ActionCash), "refused")

		c.tamper("DROP TRIGGER full")
		c.scan(1)
		require.Equal(t, money.Of(31000, money.NOK), c.screen().Amount, "only the newest amount went out")
		require.NoError(t, c.term.Healthy(t.Context()))
		require.EqualValues(t, 1, c.state().ID.Number)
	})
}

func TestAnOutcomeThatCannotBeRecordedIsFoundOutAgain(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.fault(vippstest.Fault{Op: vippstest.OpCapture, Kind: vippstest.Delay, After: vippstest.Duration(2 * time.Second)})
		c.act(1, vippstest.Approve)
		c.shows(display.Approved)
		c.tamper("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk trouble'); END")
		c.pass(time.Minute)
		require.Equal(t, display.OutOfOrder, c.screen().Screen)
		c.tamper("DROP TRIGGER full")
		c.shows(display.Paid)
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
	})
}

func TestACreateThatNobodyNeedsIsVoidedWithoutANetwork(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.network(vippstest.Refused) // connections are refused: nothing can have arrived
		c.stopped(25000)
		c.pass(time.Minute)
		require.NoError(t, c.press(display.ActionCash))
		c.pass(time.Second)
		require.Zero(t, c.store.Depth().Pending)
		items, err := c.store.List(t.Context(), outbox.Filter{})
		require.NoError(t, err)
		require.Equal(t, outbox.Void, items[0].State)
		c.vacant()
		c.settled()
		require.Empty(t, c.sim.Payments())
	})
}

// TestACreateThatMayHaveArrivedIsUsedUpAndWithdrawn: also one that the API takes long after
// it has said that there is none.
func TestACreateThatMayHaveArrivedIsUsedUpAndWithdrawn(t *testing.T) {
	for name, f := range map[string]vippstest.Fault{
		"arrived":       {Kind: vippstest.LostResponse},
		"never arrived": {Kind: vippstest.LostRequest},
		"arrives late":  {Kind: vippstest.Delay, Before: vippstest.Duration(5 * time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
				c.hired()
				f.Op = vippstest.OpCreate
				c.fault(f)
				c.stopped(25000)
				c.network(vippstest.Refused)
				require.NoError(t, c.press(display.ActionCash))
				c.vacant()
				c.pass(time.Minute) // longer than anybody waits for an answer
				require.Equal(t, 1, c.store.Depth().Pending, "nobody knows yet")
				c.network(vippstest.Up)
				c.settled()
				c.pass(10 * time.Minute)
				require.Len(t, c.sim.Payments(), 1)
				require.Equal(t, "TERMINATED 0/0/25000/0 captures 0", c.money(1))
			})
		})
	}
}

func TestAReplayThatTheAPIAnswersWithAConflictIsAdopted(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.fault(vippstest.Fault{Op: vippstest.OpCreate, Kind: vippstest.Status, Status: 409, Code: "4020", Executed: true})
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		require.Len(t, c.sim.Payments(), 1)
	})
}

func TestAnUnreadableCommandIsParked(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.hired()
		c.stopped(25000)
		c.stop()
		c.tamper("DROP TRIGGER command_is_written_once; UPDATE command SET body = x'7b22'")
		c.start()
		c.network(vippstest.Up)
		c.pass(time.Minute)
		require.Equal(t, 1, c.store.Depth().Parked)
		require.Contains(t, c.screen().Faults, display.FaultParked)
		require.Empty(t, c.sim.Payments())
	})
}

func TestAnUnreadableTripIsSetAsideAndTheOthersGoOn(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.hired()
		c.stopped(25000)
		c.stop()
		c.tamper("INSERT INTO journal SELECT seq + 1, stream, at, 'from_the_future', body, hash FROM journal ORDER BY seq DESC LIMIT 1")
		c.start()
		c.network(vippstest.Up)
		require.Contains(t, c.screen().Faults, display.FaultParked)
		c.hired()
		c.stopped(9900)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		require.EqualValues(t, 9900, c.payment(1).Amount)
		require.Equal(t, 1, c.store.Depth().Pending, "its command waits")
		c.tamper("DROP TRIGGER journal_is_kept; DELETE FROM journal WHERE kind = 'from_the_future'; DELETE FROM journal WHERE seq > 2") // for the check at the end
	})
}

func TestTheAmountMustBeWithinTheAPIsLimits(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(50)
		require.Equal(t, display.ReasonTooSmall, c.shows(display.Failed).Reason)
		c.hired()
		c.stopped(65_000_001)
		require.Equal(t, display.ReasonTooLarge, c.shows(display.Failed).Reason)
		require.Empty(t, c.sim.Payments())
		require.NoError(t, c.press(display.ActionInvoice))
	})
}

func TestARequestThatBreaksTheAPIsRulesIsRefusedAtOnce(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.term.do(func() { c.term.cfg.Describe = func(string) string { return "x" } })
		c.hired()
		c.stopped(25000)
		require.Equal(t, display.ReasonRefused, c.shows(display.Failed).Reason)
		require.Empty(t, c.sim.Payments())
	})
}

func TestAPersonCanHurryAPendingCommand(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.fault(vippstest.Fault{Op: vippstest.OpCreate, Kind: vippstest.Status, Status: 429,
			RetryAfter: vippstest.Duration(time.Hour)})
		c.hired()
		c.stopped(25000)
		c.pass(time.Minute)
		require.Equal(t, display.Connecting, c.screen().Screen)
		require.NoError(t, c.term.RetryCommand(t.Context(), 1, ""))
		c.scan(1)
	})
}

func TestEveryDoubtOfTheMeterIsOneOfTheTrips(t *testing.T) {
	for _, d := range []meter.Doubt{meter.DoubtSum, meter.DoubtGap, meter.DoubtStale} {
		require.NotEmpty(t, fareOf(meter.Record{Doubts: []meter.Doubt{d}}).Doubt, d)
	}
	distance := int64(6200)
	require.EqualValues(t, 6200, fareOf(meter.Record{Distance: &distance}).Distance)
}

func TestTheRestOfACodesLifeIsKeptWithinWhatIsPossible(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	require.Equal(t, now.Add(6*time.Minute), remaining(now.Add(-4*time.Minute), now))
	require.Equal(t, now.Add(10*time.Minute), remaining(now, now))
	for _, created := range []time.Time{now.Add(-time.Hour), now.AddDate(-56, 0, 0), now.AddDate(3, 0, 0)} {
		require.Zero(t, remaining(created, now), "%s: the clock may have jumped", created)
	}
}

func TestTheEndOfAPaymentMayBeHeardBeforeThatItWasMade(t *testing.T) {
	driveWith(t, vippstest.Options{}, inFleet, func(t *testing.T, c *car) {
		c.fault(vippstest.Fault{Op: vippstest.OpCreate, Kind: vippstest.LostResponse, Hang: true})
		c.hired()
		c.stopped(25000)
		c.act(1, vippstest.Reject)
		c.term.Hint(c.payment(1).Reference)
		c.shows(display.Failed)
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		require.True(t, c.state().Closed())
		require.Equal(t, 1, c.store.Depth().Pending, "the create still waits for its answer")
		c.restart()
		c.settled()
		require.Equal(t, "ABORTED 0/0/0/0 captures 0", c.money(1))
	})
}

// TestARequestToAPhoneThatMayStillArriveIsNotGivenUp: it would stand in the passenger's
// app, to be approved, when the car asks for the same money again.
func TestARequestToAPhoneThatMayStillArriveIsNotGivenUp(t *testing.T) {
	driveWith(t, vippstest.Options{}, pushing, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.fault(vippstest.Fault{Op: vippstest.OpCreate, Kind: vippstest.LostResponse, Hang: true, Before: vippstest.Duration(45 * time.Second)})
		require.NoError(t, c.term.Send(t.Context(), "", display.Recipient{Number: vippstest.DefaultPassenger.Phone}))
		c.pass(time.Second)
		require.NoError(t, c.press(display.ActionNew)) // while the request is on its way
		for range 120 {
			c.pass(time.Second)
			open := 0
			for _, p := range c.sim.Payments() {
				if p.State == "CREATED" {
					open++
				}
			}
			require.LessOrEqual(t, open, 1, "two requests for the same fare can be approved")
		}
		c.scan(3)
		require.Equal(t, "TERMINATED", c.payment(2).State)
		c.act(3, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
	})
}

// What stands between the car and the API has the name that tells a person what to do.
func TestWhatIsInTheWayIsNamed(t *testing.T) {
	for class, want := range map[vipps.Class]display.Fault{
		vipps.ClassNetwork: display.FaultNetwork, vipps.ClassPortal: display.FaultPortal,
		vipps.ClassCertificate: display.FaultCertificate, vipps.ClassClock: display.FaultClock,
	} {
		drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
			c.term.heard(vipps.OpGet, vipps.Result{Kind: vipps.Retry, Err: &vipps.Error{Class: class}})
			v := c.screen()
			require.Equal(t, []display.Fault{want}, v.Faults)
			require.Equal(t, display.NetworkDown, v.Driver.Network)
			c.pass(time.Minute)
			require.Empty(t, c.screen().Faults, "the next answer ends it")
		})
	}
}

// What waits for days is given up by the API's word on the time, or after days of this
// process, and never because the car's clock was set.
func TestAClockThatIsSetEndsNoWindow(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		noon := time.Date(2027, 5, 1, 12, 0, 0, 0, time.UTC)
		over := func(asked, since time.Time) bool {
			return (&delivery{t: c.term, Delivery: outbox.Delivery{Since: since}, order: order{Asked: asked}}).windowOver()
		}
		now := time.Now()
		require.False(t, over(noon.AddDate(0, 0, -9), now), "nobody has said the time")
		require.True(t, over(time.Time{}, now.AddDate(0, 0, -9)))
		c.term.do(func() { c.term.clock.Heard(noon, time.Now()) })
		require.True(t, over(noon.AddDate(0, 0, -9), now))
		require.False(t, over(noon.AddDate(0, 0, -7), now.AddDate(-56, 0, 0)))
		require.False(t, over(time.Time{}, now), "nobody had said the time when it was asked for")
	})
}

// TestAMeterThatIsNotFullyUnderstoodHasACode, and the trip goes its way.
func TestAMeterThatIsNotFullyUnderstoodHasACode(t *testing.T) {
	driveWith(t, vippstest.Options{}, byHand, func(t *testing.T, c *car) {
		c.term.Meter(meter.Health{State: meter.HealthDegraded, Detail: "no answer to request 49"})
		v := c.screen()
		require.Equal(t, display.HealthDegraded, v.Driver.Meter)
		require.Equal(t, []display.Fault{display.FaultMeterDegraded}, v.Faults)
		require.Equal(t, display.Idle, v.Screen)
		require.False(t, v.Driver.CanType, "it may tell the fare yet")
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.shows(display.Due)
		c.term.Meter(meter.Health{State: meter.HealthOK})
		require.Empty(t, c.screen().Faults)
	})
}
