package terminal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/device/vehicle"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
	"taxiterminal/trip/shift"
	"taxiterminal/vipps/vippstest"
)

// phones reads numbers as a driver types them, without the rules of any country.
var phones = &Phones{
	Parse: func(text string) (string, error) {
		number := strings.TrimPrefix(strings.ReplaceAll(text, " ", ""), "+")
		if len(number) == 8 {
			number = "47" + number
		}
		if len(number) != 10 {
			return "", errors.New("no number")
		}
		return number, nil
	},
	Mask: func(n string) string { return "…" + n[len(n)-3:] },
}

func sharing(c *Config) {
	c.Terms.Share = "phoneNumber name"
	c.Phones = phones
}

func pushing(c *Config) { c.Phones = phones }

// onDisk is everything that the file, its log and its index hold.
func (c *car) onDisk() string {
	c.t.Helper()
	files, err := filepath.Glob(c.path + "*")
	require.NoError(c.t, err)
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(c.t, err)
		all.Write(b)
	}
	return all.String()
}

// identifies are the texts that no file or log may hold in the clear.
func (c *car) identifies() []string {
	p := vippstest.DefaultPassenger
	return []string{p.Phone, p.Phone[2:], p.FirstName, p.LastName}
}

func (c *car) nothingIdentifies() {
	c.t.Helper()
	disk, logs := c.onDisk(), c.logs.String()
	for _, text := range c.identifies() {
		require.NotContains(c.t, disk, text)
		require.NotContains(c.t, logs, text)
	}
}

// ride takes a trip to the amount on the screen.
func (c *car) ride(total money.Minor) {
	c.hired()
	c.stopped(total)
}

func TestANumberIsSharedKeptAndForgotten(t *testing.T) {
	for _, older := range []bool{false, true} {
		driveWith(t, vippstest.Options{HideUserDetails: older}, sharing, func(t *testing.T, c *car) {
			c.ride(25000)
			v := c.shows(display.Due)
			require.Equal(t, []display.Share{display.SharePhone, display.ShareName}, v.Shares)
			c.act(1, vippstest.Approve)
			c.shows(display.Paid)
			c.vacant()
			c.settled()

			all, err := c.term.Passengers()
			require.NoError(t, err)
			require.Len(t, all, 1)
			require.Equal(t, "4790000001", all[0].Number)
			require.Equal(t, "Kari Nordmann", all[0].Name)
			require.Equal(t, c.state().ID.String(), all[0].Consents[0].Trip)
			require.Equal(t, all[0].ID, c.state().Attempts[0].Contact)
			c.nothingIdentifies()

			c.restart()
			found, err := c.term.Contacts(t.Context(), "001")
			require.NoError(t, err)
			require.Equal(t, []display.Contact{{ID: all[0].ID, Masked: "…001", Name: "Kari Nordmann"}}, found)
			none, err := c.term.Contacts(t.Context(), "01")
			require.NoError(t, err)
			require.Empty(t, none, "two digits would read through everybody")

			require.NoError(t, c.term.Forget(t.Context(), all[0].ID, "asked"))
			require.ErrorIs(t, c.term.Forget(t.Context(), all[0].ID, "asked"), ErrNoContact)
			c.restart()
			all, err = c.term.Passengers()
			require.NoError(t, err)
			require.Empty(t, all)
			c.nothingIdentifies()
		})
	}
}

func TestAPassengerWhoWillNotShareGetsAnotherCode(t *testing.T) {
	driveWith(t, vippstest.Options{}, sharing, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		c.act(1, vippstest.RefuseSharing)
		c.pass(3 * time.Second)
		c.scan(2)
		v := c.screen()
		require.Empty(t, v.Shares)
		require.Equal(t, display.NoticeUnshared, v.Driver.Notice.Key)
		require.Empty(t, c.payment(2).Scope)
		c.act(2, vippstest.Reject) // now it is the payment that is declined
		require.Equal(t, display.ReasonDeclined, c.shows(display.Failed).Reason)
		require.NoError(t, c.press(display.ActionNew))
		c.scan(3)
		require.Empty(t, c.payment(3).Scope)
		c.act(3, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		all, err := c.term.Passengers()
		require.NoError(t, err)
		require.Empty(t, all)
	})
}

func TestWhatIsSharedMayComeLateAndHoldsUpNothing(t *testing.T) {
	late := vippstest.Options{HideUserDetails: true, ProfileLag: time.Hour, UserinfoLag: 30 * time.Hour}
	driveWith(t, late, sharing, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		require.NoError(t, c.term.Refund(t.Context(), "1", 5000, "late"))
		c.pass(time.Minute)
		require.Equal(t, "AUTHORIZED 25000/25000/0/5000 captures 1", c.money(1), "a refund does not wait for a name")
		c.pass(2 * time.Hour)
		c.restart()
		require.Zero(t, c.screen().Driver.Queue.Pending, "nobody waits for it")
		c.pass(40 * time.Hour)
		all, err := c.term.Passengers()
		require.NoError(t, err)
		require.Len(t, all, 1)
		c.settled()
	})
}

func TestWhatTheAPINeverTellsIsGivenUpAfterItsWindow(t *testing.T) {
	driveWith(t, vippstest.Options{HideUserDetails: true, UserinfoLag: 1000 * time.Hour}, sharing, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.pass(10 * 24 * time.Hour)
		c.settled()
		require.True(t, c.state().Closed())
		require.Zero(t, c.state().Attempts[0].Contact)
	})
}

func TestConsentThatIsWithdrawnIsFollowed(t *testing.T) {
	driveWith(t, vippstest.Options{HideUserDetails: true}, sharing, func(t *testing.T, c *car) {
		pay := func(n int) {
			c.ride(25000)
			c.scan(n)
			c.act(n, vippstest.Approve)
			c.shows(display.Paid)
			c.vacant()
			c.settled()
		}
		pay(1)
		all, _ := c.term.Passengers()
		require.Len(t, all, 1)
		pay(2)
		all, _ = c.term.Passengers()
		require.Len(t, all, 1, "the same passenger")
		require.Len(t, all[0].Consents, 2)

		c.fault(vippstest.Fault{Op: vippstest.OpUserinfo, Kind: vippstest.Status, Status: 403, Times: 1})
		pay(3)
		all, _ = c.term.Passengers()
		require.Empty(t, all)
		c.nothingIdentifies()
	})
}

func TestContactsAreForgottenByAClockThatIsRight(t *testing.T) {
	driveWith(t, vippstest.Options{}, sharing, func(t *testing.T, c *car) {
		c.sim.Advance(27 * 365 * 24 * time.Hour) // the car's clock says 2000
		c.pass(time.Minute)
		c.ride(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		c.network(vippstest.Refused)
		c.restart()
		c.sim.Advance(400 * 24 * time.Hour)
		c.pass(2 * time.Hour)
		all, _ := c.term.Passengers()
		require.Len(t, all, 1, "without the API nobody knows what time it is")
		c.network(vippstest.Up)
		c.pass(2 * time.Hour)
		all, _ = c.term.Passengers()
		require.Empty(t, all)
		c.nothingIdentifies()
	})
}

func TestWithoutAKeyNobodyIsAsked(t *testing.T) {
	driveWith(t, vippstest.Options{}, sharing, func(t *testing.T, c *car) {
		c.key = nil
		c.restart()
		c.ride(25000)
		v := c.shows(display.Due)
		require.Empty(t, v.Shares)
		require.Empty(t, c.payment(1).Scope)
		require.False(t, v.Driver.CanSend)
		require.Contains(t, v.Faults, display.FaultNoDataKey)
		require.ErrorContains(t, c.term.Send(t.Context(), "", display.Recipient{Number: "90000001"}), "no_push")
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
	})
}

func TestARequestGoesToAPhone(t *testing.T) {
	personal := func(c *car) display.Recipient {
		return display.Recipient{PersonalQR: c.sim.PersonalQR(vippstest.DefaultPassenger.Phone)}
	}
	typed := func(*car) display.Recipient { return display.Recipient{Number: "900 00 001"} }
	for name, to := range map[string]func(*car) display.Recipient{"typed": typed, "scanned": personal} {
		t.Run(name, func(t *testing.T) {
			driveWith(t, vippstest.Options{}, pushing, func(t *testing.T, c *car) {
				c.ride(25000)
				c.scan(1)
				require.True(t, c.screen().Driver.CanSend)
				require.NoError(t, c.term.Send(t.Context(), "0001", to(c)))
				v := c.shows(display.Sent)
				if name == "typed" {
					require.Equal(t, "…001", v.Recipient)
				}
				require.Empty(t, v.QR)
				require.Equal(t, "TERMINATED 0/0/25000/0 captures 0", c.money(1), "one live request")
				require.Len(t, c.sim.Pushed(vippstest.DefaultPassenger.Phone), 1)
				c.nothingIdentifies()
				c.restart()
				v = c.shows(display.Sent)
				c.act(2, vippstest.Approve)
				c.shows(display.Paid)
				c.vacant()
				c.settled()
				left, err := c.store.Privates(t.Context(), privateRecipient)
				require.NoError(t, err)
				require.Empty(t, left, "the number is forgotten with the request")
			})
		})
	}
}

func TestARequestToAPhoneWaitsForCoverageAndIsVoidedWithTheTrip(t *testing.T) {
	driveWith(t, vippstest.Options{}, pushing, func(t *testing.T, c *car) {
		c.hired()
		c.network(vippstest.Refused)
		c.stopped(25000)
		c.shows(display.Connecting)
		require.NoError(t, c.term.Send(t.Context(), "", display.Recipient{Number: "90000001"}))
		c.restart()
		c.pass(3 * time.Minute)
		require.Equal(t, display.ReasonOffline, c.shows(display.Connecting).Reason)
		c.network(vippstest.Up)
		c.shows(display.Sent)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		require.Len(t, c.sim.Payments(), 1, "the code that was never made is voided")

		c.network(vippstest.Refused)
		c.ride(26000)
		require.NoError(t, c.term.Send(t.Context(), "", display.Recipient{Number: "90000001"}))
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.network(vippstest.Up)
		c.settled()
		require.Len(t, c.sim.Payments(), 1)
		require.Empty(t, c.sim.Pushed(vippstest.DefaultPassenger.Phone))
		left, err := c.store.Privates(t.Context(), privateRecipient)
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

func TestASalesUnitWithoutPushGoesBackToTheCodeForGood(t *testing.T) {
	driveWith(t, vippstest.Options{NoPush: true}, pushing, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		require.NoError(t, c.term.Send(t.Context(), "", display.Recipient{Number: "90000001"}))
		c.pass(5 * time.Second)
		v := c.shows(display.Due)
		require.Equal(t, display.NoticePushNotEnabled, v.Driver.Notice.Key)
		require.False(t, v.Driver.CanSend)
		require.NotContains(t, v.Faults, display.FaultSalesUnit, "the code works")
		c.act(2, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		c.restart()
		c.ride(25000)
		v = c.shows(display.Due)
		require.False(t, v.Driver.CanSend)
		require.Empty(t, v.Driver.Notice.Key, "the driver is told once")
		require.ErrorContains(t, c.term.Send(t.Context(), "", display.Recipient{Number: "90000001"}), "no_push")
		require.NoError(t, c.term.AllowPush())
		require.True(t, c.screen().Driver.CanSend)
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.settled()
	})
}

func TestAPhoneThatTakesNoRequests(t *testing.T) {
	driveWith(t, vippstest.Options{}, pushing, func(t *testing.T, c *car) {
		c.sim.Stranger("4790000009")
		c.ride(25000)
		c.scan(1)
		require.ErrorContains(t, c.term.Send(t.Context(), "", display.Recipient{Number: "123"}), "bad_number")
		require.ErrorContains(t, c.term.Send(t.Context(), "", display.Recipient{Contact: 77}), "no_contact")
		require.ErrorContains(t, c.term.Send(t.Context(), "", display.Recipient{}), "bad_number")
		require.NoError(t, c.term.Send(t.Context(), "", display.Recipient{Number: "90000009"}))
		c.pass(5 * time.Second)
		v := c.shows(display.Due)
		require.Equal(t, display.NoticeNotReachable, v.Driver.Notice.Key)
		require.True(t, v.Driver.CanSend)
		c.act(len(c.sim.Payments()), vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		require.NotContains(t, c.logs.String(), "90000009")
		require.NotContains(t, c.onDisk(), "90000009")
	})
}

func TestARequestGoesToAContact(t *testing.T) {
	driveWith(t, vippstest.Options{}, sharing, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		before, _ := c.term.Passengers()
		c.pass(time.Hour)

		c.ride(26000)
		c.scan(2)
		require.NoError(t, c.term.Send(t.Context(), "", display.Recipient{Contact: before[0].ID}))
		require.Equal(t, "…001", c.shows(display.Sent).Recipient)
		require.Empty(t, c.payment(3).Scope, "who is known is not asked")
		c.act(3, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		after, _ := c.term.Passengers()
		require.Greater(t, after[0].LastRide, before[0].LastRide)
	})
}

func tipping(c *Config) {
	c.Terms.Tip, c.Tips = true, []int{5, 10}
	c.Terms.Receipt = trip.ReceiptAtCreate
}

func TestATipIsChosenBeforeTheCodeAndHasALineOfItsOwn(t *testing.T) {
	driveWith(t, vippstest.Options{}, tipping, func(t *testing.T, c *car) {
		c.ride(25050)
		v := c.shows(display.Tipping)
		require.Equal(t, []display.TipChoice{
			{Percent: 0, Tip: money.Of(0, money.NOK), Total: money.Of(25050, money.NOK)},
			{Percent: 5, Tip: money.Of(1300, money.NOK), Total: money.Of(26350, money.NOK)},
			{Percent: 10, Tip: money.Of(2500, money.NOK), Total: money.Of(27550, money.NOK)},
		}, v.Tips)
		require.Empty(t, c.sim.Payments(), "nothing is asked before")
		require.NoError(t, c.term.Tip(t.Context(), "0001", 2500))
		c.scan(1)
		require.Equal(t, money.Of(27550, money.NOK), c.screen().Amount)
		require.NoError(t, c.term.Tip(t.Context(), "0001", 1300)) // changed
		c.scan(2)
		require.Equal(t, "TERMINATED 0/0/27550/0 captures 0", c.money(1))
		p := c.payment(2)
		require.True(t, p.ReceiptShown)
		require.Equal(t, "tip", p.Receipt.Lines[len(p.Receipt.Lines)-1].ID)
		c.act(2, vippstest.Approve)
		v = c.shows(display.Paid)
		require.Equal(t, money.Minor(26350), v.Receipt.Total)
		require.ErrorContains(t, c.term.Tip(t.Context(), "0001", 0), "refused")
		c.vacant()
		c.settled()
		require.Equal(t, "AUTHORIZED 26350/26350/0/0 captures 1", c.money(2))
	})
}

func TestATipThatNobodyChoosesIsNone(t *testing.T) {
	driveWith(t, vippstest.Options{}, tipping, func(t *testing.T, c *car) {
		c.ride(25000)
		c.shows(display.Tipping)
		c.pass(21 * time.Second)
		c.scan(1)
		require.Equal(t, money.Of(25000, money.NOK), c.screen().Amount)
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.settled()

		c.ride(26000)
		c.shows(display.Tipping)
		require.NoError(t, c.press(display.ActionNew)) // the driver goes on
		c.scan(2)
		c.act(2, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
	})
}

func TestTheReceiptsLinesAddUpOnEveryPayment(t *testing.T) {
	tune := func(c *Config) { c.Terms.Receipt = trip.ReceiptAtCreate }
	driveWith(t, vippstest.Options{}, tune, func(t *testing.T, c *car) {
		distance := int64(12400)
		record := func(total, fare, extras money.Minor) {
			c.term.Meter(meter.PositionChanged{Position: meter.Stopped})
			c.term.Meter(meter.TripRecord{Record: meter.Record{Total: total, Fare: fare, Supplements: extras, Distance: &distance}})
		}
		c.hired()
		record(28650, 25000, 3650)
		c.scan(1)
		p := c.payment(1)
		require.True(t, p.ReceiptShown)
		require.Equal(t, "0001", p.Receipt.Number)
		require.Equal(t, "T122", p.Receipt.PosID)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.term.Meter(meter.PositionChanged{Position: meter.Hired})
		c.shows(display.Hired)
		record(33650, 30000, 3650)
		c.scan(2)
		p = c.payment(2)
		require.True(t, p.ReceiptShown)
		require.Len(t, p.Receipt.Lines, 1)
		require.Equal(t, money.Minor(5000), p.Receipt.Sum)
		c.act(2, vippstest.Approve)
		v := c.shows(display.Paid)
		require.Len(t, v.Receipt.Payments, 2)
		c.vacant()
		c.settled()
	})
}

func TestAReceiptIsPostedOnceAfterTheCapture(t *testing.T) {
	tune := func(c *Config) { c.Terms.Receipt = trip.ReceiptAtEnd }
	for name, fault := range map[string]vippstest.FaultKind{"": "", "answer lost": vippstest.LostResponse, "request lost": vippstest.LostRequest} {
		t.Run(name, func(t *testing.T) {
			driveWith(t, vippstest.Options{}, tune, func(t *testing.T, c *car) {
				if fault != "" {
					c.fault(vippstest.Fault{Op: vippstest.OpReceipt, Kind: fault})
				}
				c.ride(28650)
				c.scan(1)
				require.Nil(t, c.payment(1).Receipt)
				c.act(1, vippstest.Approve)
				c.shows(display.Paid)
				c.vacant()
				c.settled()
				require.Equal(t, money.Minor(28650), c.payment(1).Receipt.Sum)
				require.Equal(t, 1, c.sim.Calls(vippstest.OpReceipt, c.payment(1).Reference).Executed)
			})
		})
	}
	driveWith(t, vippstest.Options{NoOrderManagement: true}, tune, func(t *testing.T, c *car) {
		c.ride(28650)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled() // refused, and that is the end of it
		require.NotContains(t, c.screen().Faults, display.FaultParked)
	})
}

func TestPaidIsShownHoweverLateItComes(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		c.vacant()
		c.pass(time.Minute) // longer than a trip lingers
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.pass(5 * time.Second)
		c.shows(display.Paid)
		c.pass(6 * time.Second)
		c.shows(display.Idle)
		c.settled()
	})
}

func byHand(c *Config) { c.FareByHand = true }

func TestAFareIsTypedWhenTheMeterIsLost(t *testing.T) {
	driveWith(t, vippstest.Options{}, byHand, func(t *testing.T, c *car) {
		c.hired()
		require.False(t, c.screen().Driver.CanType)
		require.ErrorContains(t, c.term.TypeFare(t.Context(), "0001", 25000), "not_allowed")
		c.term.Line(display.HealthMissing)
		require.True(t, c.screen().Driver.CanType)
		require.ErrorContains(t, c.term.TypeFare(t.Context(), "0001", 0), "bad_amount")
		require.ErrorContains(t, c.term.TypeFare(t.Context(), "0007", 25000), "other_trip")
		require.NoError(t, c.term.TypeFare(t.Context(), "0001", 25000))
		c.scan(1)
		c.act(1, vippstest.Approve)
		v := c.shows(display.Paid)
		require.True(t, v.Receipt.Typed)
		require.True(t, v.Driver.Trips[0].Typed)

		// The meter comes back with the same trip and another amount: it stays paid.
		c.pass(time.Minute)
		c.term.Line(display.HealthOK)
		c.term.Meter(meter.PositionChanged{Position: meter.Stopped, Resync: true})
		c.term.Meter(meter.TripRecord{Record: meter.Record{Total: 25500, Fare: 25500}})
		v = c.shows(display.Paid)
		require.Equal(t, display.NoticeDoubtfulGap, v.Driver.Notice.Key)
		require.Equal(t, money.Of(25500, money.NOK), v.Driver.Notice.Amount)
		require.Len(t, c.sim.Payments(), 1)
		c.vacant()
		c.pass(5 * time.Minute)
		require.Len(t, c.sim.Payments(), 1)
		c.settled()
	})
}

func TestAFareIsTypedForATripThatTheMeterKnowsNothingOf(t *testing.T) {
	driveWith(t, vippstest.Options{}, byHand, func(t *testing.T, c *car) {
		c.term.Line(display.HealthMissing)
		c.shows(display.OutOfOrder)
		require.True(t, c.screen().Driver.CanType)
		require.NoError(t, c.term.TypeFare(t.Context(), "", 18000))
		c.scan(1)
		c.pass(5 * time.Minute)
		c.scan(1) // no grace runs where no meter left
		c.restart()
		c.term.Line(display.HealthMissing)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		require.NoError(t, c.term.TypeFare(t.Context(), "", 19000), "the next one")
		c.scan(2)
		require.EqualValues(t, 2, c.state().ID.Number)

		// The meter was on that trip all the time.
		c.term.Line(display.HealthOK)
		c.term.Meter(meter.PositionChanged{Position: meter.Stopped, Resync: true})
		c.term.Meter(meter.TripRecord{Record: meter.Record{Total: 19000, Fare: 19000}})
		c.pass(time.Minute)
		require.Equal(t, display.ReasonDoubtful, c.screen().Reason, "the driver's word is needed")
		require.Len(t, c.sim.Payments(), 2)
		c.vacant()
		c.settled()
	})
}

// The terminal was restarted between the two halves of what a receipt says, and the fare
// was typed: the next receipt is the next passenger's.
func TestATypedTripOfAMeterThatOnlyPrintsEnds(t *testing.T) {
	driveWith(t, vippstest.Options{}, byHand, func(t *testing.T, c *car) {
		c.term.Meter(meter.PositionChanged{Position: meter.Stopped, Resync: true})
		c.restart()
		c.term.do(func() { c.term.Expect(meter.Capabilities{}) })
		require.False(t, c.screen().Driver.CanType)
		c.term.Meter(meter.Health{State: meter.HealthDegraded, Detail: "total missing"})
		require.True(t, c.screen().Driver.CanType, "a receipt that cannot be read")
		require.NoError(t, c.term.TypeFare(t.Context(), "0001", 25000))
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.term.Meter(meter.Health{State: meter.HealthOK})
		c.shows(display.Idle)
		c.settled()

		c.term.Meter(meter.PositionChanged{Position: meter.Stopped, Resync: true})
		c.term.Meter(meter.TripRecord{Record: meter.Record{Total: 19000, Fare: 19000}, Final: true})
		c.term.Meter(meter.PositionChanged{Position: meter.ForHire})
		v := c.screen()
		require.Equal(t, "0002", v.Trip)
		require.Equal(t, display.ReasonDoubtful, v.Reason, "it may be of the trip that was typed")
		require.NoError(t, c.term.Act(t.Context(), display.ActionNew, "0002"))
		c.scan(2)
		c.act(2, vippstest.Approve)
		c.shows(display.Paid)
		c.settled()
	})
}

// The car has no clock yet, or the printer's is wrong: every receipt seems to be late.
func TestALateReceiptNeedsTheDriversWord(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.term.do(func() { c.term.Expect(meter.Capabilities{}) })
		c.term.Meter(meter.PositionChanged{Position: meter.Stopped, Resync: true})
		c.term.Meter(meter.TripRecord{Record: meter.Record{Total: 19000, Fare: 19000, Doubts: []meter.Doubt{meter.DoubtStale}}, Final: true})
		c.term.Meter(meter.PositionChanged{Position: meter.ForHire})
		c.pass(5 * time.Second)
		v := c.screen()
		require.Equal(t, display.ReasonDoubtful, v.Reason)
		require.Equal(t, display.NoticeDoubtfulStale, v.Driver.Notice.Key)
		require.Equal(t, money.Of(19000, money.NOK), v.Amount)
		require.Empty(t, c.sim.Payments())
		require.NoError(t, c.term.Act(t.Context(), display.ActionNew, "0001"))
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.settled()
	})
}

func TestATripThatTheMeterLostCanBeTyped(t *testing.T) {
	driveWith(t, vippstest.Options{}, byHand, func(t *testing.T, c *car) {
		c.hired()
		c.pass(time.Minute)
		c.term.Line(display.HealthMissing)
		c.pass(time.Minute)
		c.term.Line(display.HealthOK)
		c.term.Meter(meter.PositionChanged{Position: meter.ForHire, Resync: true})
		require.Equal(t, display.ReasonMeterLost, c.screen().Reason)
		c.term.Line(display.HealthMissing)
		require.True(t, c.screen().Driver.CanType)
		require.NoError(t, c.term.TypeFare(t.Context(), "0001", 21000))
		c.scan(1)
		require.EqualValues(t, 1, c.state().ID.Number)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.settled()
	})
}

func TestTheCarsCodeIsMadeKeptAndRetargeted(t *testing.T) {
	for name, fault := range map[string]vippstest.FaultKind{"": "", "answers lost": vippstest.LostResponse, "requests lost": vippstest.LostRequest} {
		t.Run(name, func(t *testing.T) {
			drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
				if fault != "" {
					for _, op := range []vippstest.Op{vippstest.OpCodeCreate, vippstest.OpCodeRetarget, vippstest.OpCodeDownload} {
						c.fault(vippstest.Fault{Op: op, Kind: fault})
					}
				}
				ask := vehicle.CodeAsked{ID: "taxi-T122-7GK2QX", Target: "https://taxi.example/v/9Qm2Xk7LpW"}
				require.NoError(t, c.term.AskCode(ask))
				c.pass(time.Minute)
				code := c.term.CarCode()
				require.Equal(t, vehicle.Live, code.Phase, "%+v\n%s", code, c.logs.String())
				require.NotEmpty(t, code.Version())
				v := c.shows(display.Idle)
				require.Equal(t, code.Version(), v.VehicleCode)
				require.Equal(t, code.SVG, string(c.term.VehicleCode(v.VehicleCode)))
				require.Nil(t, c.term.VehicleCode("other"))

				c.restart()
				require.NoError(t, c.term.AskCode(vehicle.TargetAsked{Target: "https://taxi.example/v/other1Xk7LpW"}))
				c.pass(time.Minute)
				require.Equal(t, code.Text, c.term.CarCode().Text, "no new print")
				all := c.sim.Codes()
				require.Len(t, all, 1)
				require.Equal(t, "https://taxi.example/v/other1Xk7LpW", all[0].Target)
				require.ErrorContains(t, c.term.AskCode(vehicle.DestroyAsked{ID: "another"}), "wrong_id")
				require.True(t, all[0].Alive)
			})
		})
	}
}

func TestAShiftAgreesWithTheJournal(t *testing.T) {
	driveWith(t, vippstest.Options{}, tipping, func(t *testing.T, c *car) {
		pay := func(n int, total, tip money.Minor) {
			c.ride(total)
			require.NoError(t, c.term.Tip(t.Context(), "", tip))
			c.scan(n)
			c.act(n, vippstest.Approve)
			c.shows(display.Paid)
			c.vacant()
		}
		pay(1, 20000, 1000)
		c.ride(10000)
		require.NoError(t, c.press(display.ActionCash))
		c.vacant()
		c.settled()
		s, err := c.term.EndShift(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, s.Trips)
		require.Equal(t, money.Minor(31000), s.Total)
		require.Equal(t, money.Minor(1000), s.Tips)
		require.Equal(t, []shift.Taking{{Means: receipt.Vipps, Trips: 1, Amount: 21000}, {Means: receipt.Cash, Trips: 1, Amount: 10000}}, s.Takings)

		c.restart()
		pay(2, 30000, 0)
		c.ride(5000)
		require.NoError(t, c.term.Tip(t.Context(), "", 0))
		c.scan(3)
		s, err = c.term.Shift(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, s.Trips)
		require.EqualValues(t, 3, s.First)
		require.Equal(t, shift.Unanswered, s.Open[0].Kind)
		s, err = c.term.EndShift(t.Context())
		require.NoError(t, err)
		require.Len(t, s.Open, 1)
		next, err := c.term.Shift(t.Context())
		require.NoError(t, err)
		require.Zero(t, next.Trips)
		require.Len(t, next.Open, 1, "what is open of an older shift is not forgotten")
		c.act(3, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		s, err = c.term.PastShift(t.Context(), 1)
		require.NoError(t, err)
		require.Empty(t, s.Open)
		require.Equal(t, money.Minor(35000), s.Total)
		s, err = c.term.PastShift(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, money.Minor(31000), s.Total)
	})
}

func TestARefundAfterAYearIsRefusedByAClockThatIsRight(t *testing.T) {
	settled := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	started := time.Now()
	for name, c := range map[string]struct {
		api, settled time.Time
		old          bool
	}{
		"in time":                  {settled.AddDate(0, 11, 0), settled, false},
		"too late":                 {settled.AddDate(1, 0, 1), settled, true},
		"the clock is not trusted": {time.Time{}, settled, false},
		"settled by a wrong clock": {settled.AddDate(5, 0, 0), time.Unix(0, 0), false},
	} {
		var term Terminal
		term.clock.Heard(c.api, started)
		require.Equal(t, c.old, term.tooOld(trip.State{SettledAt: c.settled}), name)
	}
}

func TestAReceiptIsPrintedAndReprinted(t *testing.T) {
	var again []bool
	tune := func(c *Config) {
		c.Print = func(_ context.Context, r receipt.Receipt, copy bool) error {
			again = append(again, copy)
			return nil
		}
	}
	driveWith(t, vippstest.Options{}, tune, func(t *testing.T, c *car) {
		c.ride(25000)
		require.NoError(t, c.press(display.ActionCash))
		require.NoError(t, c.term.Print(t.Context(), "0001"))
		require.NoError(t, c.term.Print(t.Context(), "1"))
		require.Equal(t, []bool{false, true}, again)
		c.vacant()
		c.settled()
	})
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		require.ErrorContains(t, c.term.Print(t.Context(), "1"), "no_printer")
	})
}

func TestADateThatOnlyTheCarsClockGaveCountsAgainstNobody(t *testing.T) {
	driveWith(t, vippstest.Options{}, sharing, func(t *testing.T, c *car) {
		c.sim.Advance(27 * 365 * 24 * time.Hour) // the car's clock says 2000
		c.ride(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Paid)
		c.vacant()
		c.settled()
		c.term.do(func() {
			for _, known := range c.term.book.contacts {
				require.False(t, known.Unsure, "the API had said the time")
				known.LastRide, known.Unsure = clockEra.AddDate(0, 1, 0), true // a board that starts at the day it was built
			}
		})
		c.term.do(func() {
			for range 2 { // one word that contradicts the others is not believed
				c.term.clock.Heard(clockEra.AddDate(2, 0, 0), time.Now())
			}
			c.term.sweepOnce()
		})
		all, _ := c.term.Passengers()
		require.Len(t, all, 1)
		require.Greater(t, all[0].LastRide, clockEra.AddDate(1, 0, 0), "it is dated anew")
		require.False(t, all[0].Unsure)
	})
}

// A typed fare stands for what is on the meter, also when the power goes before the meter
// has told its amount again.
func TestTheAmountOfAMeterThatComesBackAfterATypedFareStaysInDoubtOverARestart(t *testing.T) {
	driveWith(t, vippstest.Options{}, byHand, func(t *testing.T, c *car) {
		c.ride(25000)
		c.scan(1)
		require.NoError(t, c.press(display.ActionCash))
		c.term.Line(display.HealthMissing)
		require.NoError(t, c.term.TypeFare(t.Context(), "", 18000))
		c.scan(2)
		c.term.Line(display.HealthOK)
		c.term.Meter(meter.PositionChanged{Position: meter.Stopped, Resync: true})
		c.restart()
		c.term.Meter(meter.PositionChanged{Position: meter.Stopped, Resync: true})
		c.term.Meter(meter.TripRecord{Record: meter.Record{Total: 25000, Fare: 25000}})
		require.Equal(t, display.ReasonDoubtful, c.shows(display.Failed).Reason)
		c.pass(time.Minute)
		require.Len(t, c.sim.Payments(), 2, "nobody is asked for the same amount again")
		c.vacant()
		c.settled()
	})
}
