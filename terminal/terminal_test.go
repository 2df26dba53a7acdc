package terminal

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

func TestPaid(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.shows(display.Idle)
		c.hired()
		c.term.Meter(meter.RunningFare{Fare: 5000, Supplements: 250})
		v := c.shows(display.Hired)
		require.Equal(t, money.Of(5250, money.NOK), v.Amount)
		require.Empty(t, c.sim.Payments(), "rule 1: a running fare is never asked for")

		c.stopped(25000)
		v = c.shows(display.Due)
		require.Equal(t, money.Of(25000, money.NOK), v.Amount)
		require.NotEmpty(t, v.QR)
		require.Equal(t, "0001", v.Trip)
		require.WithinDuration(t, time.Now().Add(10*time.Minute), v.Expires, time.Second)
		c.scan(1)
		require.Equal(t, "Taxi T122, tur 0001", c.payment(1).Description)

		c.act(1, vippstest.Approve)
		v = c.shows(display.Paid)
		require.Equal(t, money.Of(25000, money.NOK), v.Amount)
		require.Empty(t, v.QR)
		c.vacant()
		require.Equal(t, display.Paid, c.screen().Screen, "PAID stays for a moment")
		c.pass(11 * time.Second)
		require.Equal(t, display.Idle, c.screen().Screen)
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
		require.Equal(t, []display.Screen{display.Idle, display.Hired, display.Reading, display.Connecting, display.Due,
			display.Approved, display.Paid, display.Idle}, c.all)
	})
}

func TestOfflineWhenTheMeterStops(t *testing.T) {
	for _, down := range []vippstest.Network{vippstest.Refused, vippstest.Blackhole} {
		t.Run(string(down), func(t *testing.T) {
			drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
				c.hired()
				c.network(down)
				c.stopped(25000)
				c.pass(time.Minute)
				v := c.shows(display.Connecting)
				require.Equal(t, display.ReasonOffline, v.Reason)
				require.Equal(t, money.Of(25000, money.NOK), v.Amount, "the amount stands on the screen")
				require.Contains(t, v.Faults, display.FaultNetwork)
				require.Equal(t, 1, v.Driver.Queue.Pending)
				c.network(vippstest.Up)
				back := time.Now()
				c.scan(1)
				require.Less(t, time.Since(back), 35*time.Second)
				c.act(1, vippstest.Approve)
				c.shows(display.Paid)
				c.vacant()
				c.settled()
				require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
			})
		})
	}
}

func TestOfflineAtEachMoment(t *testing.T) {
	for _, f := range []vippstest.Fault{
		{Op: vippstest.OpCreate, Kind: vippstest.LostRequest},
		{Op: vippstest.OpCreate, Kind: vippstest.LostResponse},
		{Op: vippstest.OpCreate, Kind: vippstest.LostResponse, Hang: true},
		{Op: vippstest.OpCreate, Kind: vippstest.Garbage},
		{Op: vippstest.OpCreate, Kind: vippstest.Garbage, Executed: true},
		{Op: vippstest.OpCreate, Kind: vippstest.Portal},
		{Op: vippstest.OpCreate, Kind: vippstest.Status, Status: 500},
		{Op: vippstest.OpCreate, Kind: vippstest.Status, Status: 500, Executed: true},
		{Op: vippstest.OpCreate, Kind: vippstest.Status, Status: 503, Times: 3},
		{Op: vippstest.OpCreate, Kind: vippstest.Status, Status: 429},
		{Op: vippstest.OpCreate, Kind: vippstest.RevokeToken},
		{Op: vippstest.OpCreate, Kind: vippstest.WrongReference},
		{Op: vippstest.OpGet, Kind: vippstest.LostResponse, Times: 3},
		{Op: vippstest.OpGet, Kind: vippstest.Portal, Times: 2},
		{Op: vippstest.OpCapture, Kind: vippstest.LostRequest, Times: 3},
		{Op: vippstest.OpCapture, Kind: vippstest.LostResponse},
		{Op: vippstest.OpCapture, Kind: vippstest.LostResponse, Hang: true},
		{Op: vippstest.OpCapture, Kind: vippstest.Garbage, Executed: true},
		{Op: vippstest.OpCapture, Kind: vippstest.Status, Status: 423, Times: 2},
		{Op: vippstest.OpCapture, Kind: vippstest.Status, Status: 400, Code: "6280", Times: 2},
		{Op: vippstest.OpCapture, Kind: vippstest.Status, Status: 500, Executed: true},
		{Op: vippstest.OpCapture, Kind: vippstest.Status, Status: 409, Executed: true},
		{Op: vippstest.OpToken, Kind: vippstest.Status, Status: 500, Times: 2},
	} {
		t.Run(string(f.Op)+" "+string(f.Kind), func(t *testing.T) {
			drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
				c.fault(f)
				c.hired()
				c.stopped(25000)
				c.scan(1)
				c.act(1, vippstest.Approve)
				c.shows(display.Paid)
				c.vacant()
				c.settled()
				require.Len(t, c.sim.Payments(), 1)
				require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
				require.Equal(t, 1, c.payment(1).Calls[vippstest.OpCreate].Executed)
			})
		})
	}
}

func TestRestartedAtEachMoment(t *testing.T) {
	drive(t, vippstest.Options{HideRedirectURL: true}, func(t *testing.T, c *car) {
		c.restart()
		c.hired()
		c.restart()
		require.Equal(t, display.Hired, c.screen().Screen)
		c.fault(vippstest.Fault{Op: vippstest.OpCreate, Kind: vippstest.LostResponse, Hang: true})
		c.stopped(25000)
		c.restart() // the outcome of the create is not known
		c.scan(1)
		c.restart()
		c.scan(1)
		c.fault(vippstest.Fault{Op: vippstest.OpCapture, Kind: vippstest.LostResponse, Hang: true})
		c.act(1, vippstest.Approve)
		c.shows(display.Approved)
		c.restart() // the outcome of the capture is not known
		c.shows(display.Paid)
		c.restart()
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		c.restart()
		c.shows(display.Idle)
		require.Len(t, c.sim.Payments(), 1)
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
	})
}

func TestRejectedThenPaidWithANewCode(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Reject)
		v := c.shows(display.Failed)
		require.Equal(t, display.ReasonDeclined, v.Reason)
		require.Contains(t, v.Driver.Actions, display.ActionNew)
		c.pass(time.Minute)
		require.Len(t, c.sim.Payments(), 1, "nobody who said no is asked again by itself")
		require.NoError(t, c.press(display.ActionNew))
		c.scan(2)
		c.act(2, vippstest.Approve)
		c.shows(display.Paid)
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(2))
		require.NotEqual(t, c.payment(1).Reference, c.payment(2).Reference)
	})
}

func TestExpiredThenPaidWithANewCodeMadeByItself(t *testing.T) {
	drive(t, vippstest.Options{ExpiryLag: 20 * time.Second}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.pass(11 * time.Minute)
		c.scan(2)
		require.Equal(t, "EXPIRED", c.payment(1).State)
		c.act(2, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(2))
	})
}

func TestCash(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		require.Error(t, c.press(display.ActionCash), "not before there is an amount")
		c.stopped(25000)
		c.scan(1)
		require.NoError(t, c.press(display.ActionCash))
		v := c.shows(display.Settled)
		require.Equal(t, display.ReasonCash, v.Reason)
		c.pass(5 * time.Second)
		require.Equal(t, "TERMINATED 0/0/25000/0 captures 0", c.money(1))
		c.vacant()
		c.settled()
	})
}

func TestCashAfterAnApprovalThatTheCarHasNotSeen(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.network(vippstest.Refused)
		c.pass(5 * time.Second)
		c.act(1, vippstest.Approve) // the phone has coverage, the car has none
		c.pass(5 * time.Second)
		require.NoError(t, c.press(display.ActionCash))
		v := c.shows(display.Settled)
		require.Equal(t, display.NoticeReleasedOffline, v.Driver.Notice.Key)
		c.vacant()
		c.pass(time.Hour)
		c.network(vippstest.Up)
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/0/25000/0 captures 0", c.money(1))
		require.Equal(t, trip.Cash, c.state().Means)
	})
}

func TestCashIsRefusedOnceTheApprovalIsBeingCaptured(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.fault(vippstest.Fault{Op: vippstest.OpCapture, Kind: vippstest.Delay, Before: vippstest.Duration(20 * time.Second)})
		c.act(1, vippstest.Approve)
		c.shows(display.Approved)
		require.ErrorContains(t, c.press(display.ActionCash), "already_approved")
		c.shows(display.Paid)
		require.ErrorContains(t, c.press(display.ActionCash), "already_paid")
	})
}

func TestResumedAsksOnlyTheDifference(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.hired()
		c.shows(display.Hired)
		c.stopped(31000)
		v := c.shows(display.Due)
		require.Equal(t, money.Of(6000, money.NOK), v.Amount)
		require.Equal(t, display.NoticeDifference, v.Driver.Notice.Key)
		c.scan(2)
		c.act(2, vippstest.Approve)
		v = c.shows(display.Paid)
		require.Equal(t, money.Of(31000, money.NOK), v.Amount)
		c.vacant()
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
		require.Equal(t, "AUTHORIZED 6000/6000/0/0 captures 1", c.money(2))
	})
}

func TestResumedWhileTheCodeStandsWithdrawsIt(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.hired()
		c.pass(3 * time.Second)
		require.Equal(t, "TERMINATED", c.payment(1).State)
		c.stopped(31000)
		c.scan(2)
		require.EqualValues(t, 31000, c.payment(2).Amount)
	})
}

func TestCorrectedDownCapturesThePartAndGivesBackTheRest(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.network(vippstest.Refused)
		c.act(1, vippstest.Approve)
		c.hired()
		c.stopped(23000) // the driver corrects; the withdrawal cannot be sent
		v := c.shows(display.Connecting)
		require.Equal(t, display.ReasonOffline, v.Reason)
		c.network(vippstest.Up)
		v = c.shows(display.Paid)
		require.Equal(t, money.Of(23000, money.NOK), v.Amount)
		c.vacant()
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/23000/2000/0 captures 1", c.money(1))
		require.Len(t, c.sim.Payments(), 1)
	})
}

func TestTheDriversCancelLosesAgainstAnApproval(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Approve) // not yet seen
		require.NoError(t, c.press(display.ActionCancel))
		v := c.shows(display.Paid)
		require.Equal(t, display.NoticePassengerWasFaster, v.Driver.Notice.Key)
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
	})
}

func TestTheDriversCancelThenANewCode(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		require.NoError(t, c.press(display.ActionCancel))
		v := c.shows(display.Failed)
		require.Equal(t, display.ReasonCancelled, v.Reason)
		require.ErrorContains(t, c.press(display.ActionCancel), "not_now")
		require.NoError(t, c.press(display.ActionNew))
		c.scan(2)
	})
}

func TestACancelDuringTheApprovalIsTriedAgain(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Begin)
		require.NoError(t, c.press(display.ActionCancel))
		v := c.shows(display.Releasing)
		require.Equal(t, display.NoticeReleasedWait, v.Driver.Notice.Key)
		c.pass(20 * time.Second)
		c.act(1, vippstest.Reject)
		c.shows(display.Failed)
	})
}

func TestVacantWithoutAPaymentIsReleasedAfterTheGrace(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.vacant()
		c.pass(time.Minute)
		c.scan(1) // still time
		c.pass(2 * time.Minute)
		require.Equal(t, "TERMINATED 0/0/25000/0 captures 0", c.money(1))
		c.settled()
		require.Equal(t, trip.Unpaid, c.state().Means)
		require.Equal(t, display.Idle, c.screen().Screen)
	})
}

func TestAnApprovalWithinTheGraceIsTaken(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.vacant()
		c.network(vippstest.Refused) // an underground garage
		c.act(1, vippstest.Approve)
		c.pass(10 * time.Minute)
		c.network(vippstest.Up)
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1), "no fare lost: the passenger approved in time")
	})
}

func TestTheNextPassengerEndsTheGrace(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.vacant()
		c.hired()
		v := c.shows(display.Hired)
		require.Equal(t, display.NoticeEndedByHire, v.Driver.Notice.Key)
		require.Equal(t, "0001", v.Driver.Notice.Trip)
		c.pass(5 * time.Second)
		require.Equal(t, "TERMINATED", c.payment(1).State)
		c.stopped(9900)
		c.scan(2)
		c.act(2, vippstest.Approve)
		c.shows(display.Paid)
	})
}

func TestACaptureThatWaitsHoldsUpNoOtherTrip(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.fault(vippstest.Fault{Op: vippstest.OpCapture, Kind: vippstest.Status, Status: 503, Times: 40})
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Approved)
		c.vacant()
		c.hired()
		c.stopped(9900)
		c.scan(2)
		first := c.payment(1).Reference
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.settled()
		p, _ := c.sim.Payment(first)
		require.EqualValues(t, 25000, p.Captured)
	})
}

func TestFareOnlyAtVacant(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.term.Meter(meter.PositionChanged{Position: meter.Stopped})
		require.Equal(t, display.Reading, c.screen().Screen)
		c.term.Meter(meter.TripRecord{Record: meter.Record{Total: 25000}, Final: true})
		c.vacant()
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.settled()
	})
}

func TestTheFinalRecordCounts(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.term.Meter(meter.TripRecord{Record: meter.Record{Total: 25500}, Final: true})
		c.vacant()
		c.scan(2)
		require.Equal(t, "TERMINATED", c.payment(1).State)
		require.EqualValues(t, 25500, c.payment(2).Amount)
	})
}

func TestAMeterThatLosesTheTripChargesNobody(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.term.Meter(meter.RunningFare{Fare: 5000})
		c.vacant()
		v := c.screen()
		require.Equal(t, display.Settled, v.Screen)
		require.Equal(t, display.ReasonVoid, v.Reason)
		require.Equal(t, display.NoticeNoAmount, v.Driver.Notice.Key)
		c.settled()
		require.Empty(t, c.sim.Payments())
	})
}

func TestAMeterThatComesBackEmptyHasLostTheTrip(t *testing.T) {
	for name, record := range map[string]*meter.Record{"no record": nil, "an empty one": {Doubts: []meter.Doubt{meter.DoubtGap}}} {
		t.Run(name, func(t *testing.T) {
			drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
				c.hired()
				c.term.Line(display.HealthMissing)
				c.pass(time.Minute)
				c.term.Line(display.HealthOK)
				if record != nil {
					c.term.Meter(meter.TripRecord{Record: *record, Final: true})
				}
				c.term.Meter(meter.PositionChanged{Position: meter.ForHire, Resync: true})
				v := c.screen()
				require.Equal(t, display.ReasonMeterLost, v.Reason)
				require.Equal(t, display.NoticeMeterLost, v.Driver.Notice.Key)
				c.settled()
				require.Empty(t, c.sim.Payments())
			})
		})
	}
}

func TestADoubtfulAmountIsAskedForOnTheDriversWordOnly(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000, meter.DoubtSum)
		c.pass(time.Minute)
		v := c.shows(display.Failed)
		require.Equal(t, display.ReasonDoubtful, v.Reason)
		require.Equal(t, display.NoticeDoubtfulSum, v.Driver.Notice.Key)
		require.Empty(t, c.sim.Payments())
		require.NoError(t, c.press(display.ActionNew))
		c.scan(1)
	})
}

func TestALateRecordChargesNobody(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.term.Meter(meter.TripRecord{Record: meter.Record{Total: 25000, Doubts: []meter.Doubt{meter.DoubtStale}}, Final: true})
		v := c.screen()
		require.Equal(t, display.Idle, v.Screen)
		require.Equal(t, display.Notice{Key: display.NoticeDoubtfulStale, Amount: money.Of(25000, money.NOK)}, v.Driver.Notice)
		require.Empty(t, c.sim.Payments())
		c.vacant()
		require.Empty(t, c.screen().Driver.Trips)
	})
}

func TestTheCableOutForAMomentChangesNothing(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.term.Line(display.HealthMissing)
		c.pass(5 * time.Second)
		v := c.screen()
		require.Equal(t, display.Due, v.Screen, "the code stays")
		require.Contains(t, v.Faults, display.FaultMeterMissing)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.term.Line(display.HealthOK)
		c.term.Meter(meter.PositionChanged{Position: meter.Hired, Resync: true})
		c.stopped(26000)
		v = c.shows(display.Due)
		require.Equal(t, money.Of(1000, money.NOK), v.Amount)
	})
}

func TestWithoutKeysTheScreenSaysSo(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.stop()
		c.keys = false
		c.start()
		v := c.screen()
		require.Equal(t, display.OutOfOrder, v.Screen)
		require.Contains(t, v.Faults, display.FaultNoCredentials)
		c.hired()
		c.stopped(25000)
		v = c.shows(display.Connecting)
		require.Equal(t, display.ReasonCredentials, v.Reason)
		c.stop()
		c.keys = true
		c.start()
		c.scan(1)
	})
}

func TestWrongKeysShowBeforeTheFirstPassenger(t *testing.T) {
	drive(t, vippstest.Options{ClientSecret: "another"}, func(t *testing.T, c *car) {
		c.pass(time.Second)
		v := c.screen()
		require.Equal(t, display.OutOfOrder, v.Screen)
		require.Contains(t, v.Faults, display.FaultCredentials)
	})
}

func TestWithoutAMeterTheScreenSaysSo(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		for h, f := range meterFaults {
			c.term.Line(h)
			v := c.screen()
			require.Contains(t, v.Faults, f)
			require.Equal(t, h, v.Driver.Meter)
			require.Equal(t, f.Blocking(), v.Screen == display.OutOfOrder, f)
		}
		c.term.Line(display.HealthOK)
		c.term.Meter(meter.Health{State: meter.HealthSilent})
		require.Equal(t, display.OutOfOrder, c.screen().Screen)
		c.term.Meter(meter.Health{State: meter.HealthOK})
		require.Equal(t, display.Idle, c.screen().Screen)
	})
}

func TestARefusedRequestSaysWhatNext(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.fault(vippstest.Fault{Op: vippstest.OpCreate, Kind: vippstest.Status, Status: 403, Code: "5070"})
		c.hired()
		c.stopped(25000)
		v := c.shows(display.Failed)
		require.Equal(t, display.ReasonRefused, v.Reason)
		require.Contains(t, v.Faults, display.FaultSalesUnit)
		require.NoError(t, c.press(display.ActionCard))
		c.vacant()
		c.settled()
	})
}

func TestACaptureThatIsRefusedParksTheTripLoudly(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.fault(vippstest.Fault{Op: vippstest.OpCapture, Kind: vippstest.Status, Status: 400, Code: "6260"})
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		v := c.shows(display.Failed)
		require.Equal(t, display.ReasonParked, v.Reason)
		require.Contains(t, v.Faults, display.FaultParked)
		c.vacant()
		c.pass(time.Hour)
		require.Contains(t, c.screen().Faults, display.FaultParked, "it stays loud")
		c.restart()
		require.Contains(t, c.screen().Faults, display.FaultParked)
		require.NoError(t, c.term.Retry(t.Context(), "1"))
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
	})
}

func TestRefund(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		require.ErrorContains(t, c.term.Refund(t.Context(), "1", 25001, ""), "too_much")
		require.ErrorContains(t, c.term.Refund(t.Context(), "77", 100, ""), "unknown_trip")
		c.fault(vippstest.Fault{Op: vippstest.OpRefund, Kind: vippstest.LostResponse})
		require.NoError(t, c.term.Refund(t.Context(), "0001", 5000, "wrong route"))
		require.ErrorContains(t, c.term.Refund(t.Context(), "1", 5000, ""), "not_now", "one at a time")
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/5000 captures 1", c.money(1))
		c.restart()
		require.NoError(t, c.term.Refund(t.Context(), "1", 20000, ""))
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/25000 captures 1", c.money(1))
		require.Equal(t, money.Minor(25000), c.state().Refunded())
	})
}

// An order from the office may come twice, or after a refund in the car.
func TestARefundThatIsOrderedTwiceIsDoneOnce(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		id := c.state().ID.String()
		order := func(id string, already money.Minor) error {
			return c.term.RefundOrdered(t.Context(), id, already, 5000, "detour")
		}
		require.ErrorContains(t, order("T122-OTHER-0001", 0), "unknown_trip", "another journal's trip")
		require.ErrorContains(t, order("", 0), "unknown_trip")
		require.NoError(t, order(id, 0))
		require.ErrorContains(t, order(id, 0), "not_now", "under way")
		c.settled()
		require.ErrorContains(t, order(id, 0), "not_now", "done already")
		require.Equal(t, "AUTHORIZED 25000/25000/0/5000 captures 1", c.money(1))
		require.NoError(t, order(id, 5000))
		c.settled()
		require.Equal(t, "AUTHORIZED 25000/25000/0/10000 captures 1", c.money(1))
	})
}

func TestAReferenceThatBelongsToSomebodyElseIsNotTakenOver(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		// A backup from before the first trip is restored, and its numbers come again.
		c.stop()
		backup, err := os.ReadFile(c.path)
		require.NoError(t, err)
		c.start()
		c.hired()
		c.stopped(9900)
		c.scan(1)
		c.stop()
		require.NoError(t, os.WriteFile(c.path, backup, 0o600))
		c.start()
		c.hired()
		c.stopped(25000)
		v := c.shows(display.Failed)
		require.Equal(t, display.ReasonParked, v.Reason)
		require.Len(t, c.sim.Payments(), 1)
		require.NoError(t, c.term.Retry(t.Context(), ""))
		c.shows(display.Due)
		require.EqualValues(t, 25000, c.payment(2).Amount)
	})
}

func TestParkedCommandsWaitForAPerson(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.network(vippstest.Refused)
		c.hired()
		c.stopped(25000)
		c.pass(time.Second)
		require.NoError(t, c.term.ParkCommand(1, "office looks into it"))
		require.ErrorIs(t, c.term.ParkCommand(1, ""), ErrNotQueued)
		require.ErrorIs(t, c.term.ParkCommand(99, ""), ErrNotQueued)
		c.network(vippstest.Up)
		c.pass(10 * time.Minute)
		require.Empty(t, c.sim.Payments())
		require.Contains(t, c.screen().Faults, display.FaultParked)
		c.restart()
		require.NoError(t, c.term.RetryCommand(t.Context(), 1, "go on"))
		c.scan(1)
		_, entries, err := c.term.Journal(t.Context(), 1)
		require.NoError(t, err)
		var kinds []string
		for _, e := range entries {
			kinds = append(kinds, e.Kind)
		}
		require.Contains(t, kinds, "outbox.parked")
		require.Contains(t, kinds, "outbox.retried")
	})
}

func TestNothingThatNamesAPaymentReachesTheLog(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.fault(vippstest.Fault{Op: vippstest.OpCreate, Kind: vippstest.Status, Status: 500})
		c.hired()
		c.stopped(25000)
		qr := c.shows(display.Due).QR
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		synctest.Wait()
		logs := c.logs.String()
		require.NotContains(t, logs, qr)
		require.NotContains(t, logs, vippstest.DefaultClientSecret)
		require.NotContains(t, logs, vippstest.DefaultSubscriptionKey)
		require.False(t, strings.Contains(logs, "Bearer"))
	})
}

func TestAlive(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		require.NoError(t, c.term.Alive(t.Context()))
	})
}

func TestAMeterIsToldWhenItsRecordIsOnTheDisk(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		var kept []string
		final := func(key string, doubts ...meter.Doubt) meter.TripRecord {
			return meter.TripRecord{Record: meter.Record{Total: 25000, Fare: 25000, Key: key, Doubts: doubts}, Final: true,
				Committed: func() { kept = append(kept, key) }}
		}
		c.hired()
		c.term.Meter(final("a"))
		synctest.Wait()
		require.Empty(t, kept, "it comes with the For Hire")
		c.vacant()
		require.Equal(t, []string{"a"}, kept)
		c.scan(1)

		c.hired() // the next trip, and the meter has missed the acknowledgement
		c.term.Meter(final("a"))
		c.term.Meter(final("old", meter.DoubtStale))
		synctest.Wait()
		require.Equal(t, []string{"a", "a", "old"}, kept)
		c.tamper("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'full'); END")
		c.term.Meter(final("b"))
		c.vacant()
		require.Equal(t, []string{"a", "a", "old"}, kept, "not while the disk is full")
		c.tamper("DROP TRIGGER full")
		c.pass(2 * time.Second)
		require.Equal(t, []string{"a", "a", "old", "b"}, kept)
		require.Len(t, c.sim.Payments(), 2, "one a trip")
		c.pass(5 * time.Minute)
		c.settled()
	})
}
