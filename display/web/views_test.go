package web

import (
	"time"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

// scenery is a View with a name, for goldens, layouts and screenshots.
type scenery struct {
	name string
	view display.View
}

// vippsText has the shape of what the payment API gives with TEXT/TARGETURL.
const vippsText = "https://qr.vipps.no/p/9f1f0d6e-3a4e-4c0e-8a5e-1a2b3c4d5e6f"

// claimText has the length of a claim to an ordinary fare.
const claimText = "https://fleet.example/p/" +
	"AVDxQEmOwQtHBFQxMjIFSzdRMlgqAerfAQGsAtmFrA3lEx5h6yAXKzKY5UxGCu6Ut-zF733a53c-W2ulLsgV73LYn1gK18Zh_-DULhoal3PgUrSObbI40u67RW_Ii_sC"

func nok(v money.Minor) money.Amount { return money.Of(v, money.NOK) }

// view is a car in the middle of a trip, with a healthy driver's side.
func view(s display.Screen, r display.Reason, change ...func(*display.View)) display.View {
	v := display.View{
		Screen: s, Reason: r, Vehicle: "T122", Brand: "Vipps", Trip: "0042", Amount: nok(28650),
		Driver: display.Driver{Network: display.NetworkUp, Meter: display.HealthOK, Trips: trips()},
	}
	for _, c := range change {
		c(&v)
	}
	return v
}

func trips() []display.TripLine {
	return []display.TripLine{
		{Trip: "0042", Screen: display.Due, Total: nok(28650)},
		{Trip: "0041", Screen: display.Paid, Total: nok(18900), Captured: nok(18900), Finished: day},
		{Trip: "0040", Screen: display.Settled, Reason: display.ReasonCash, Total: nok(9500), Finished: day.Add(-25 * time.Minute), Typed: true},
		{Trip: "0039", Screen: display.Paid, Total: nok(124000), Captured: nok(124000), Refunded: nok(12000), Finished: day.Add(-70 * time.Minute)},
		{Trip: "0038", Screen: display.Failed, Reason: display.ReasonParked, Total: nok(45200), Finished: day.Add(-140 * time.Minute)},
		{Trip: "0037", Screen: display.Settled, Reason: display.ReasonVacant, Total: nok(8700), Finished: day.Add(-3 * time.Hour)},
	}
}

func amount(v money.Minor) func(*display.View) {
	return func(view *display.View) { view.Amount = nok(v) }
}

func parts(v *display.View) {
	v.Parts = []display.Part{
		{Label: display.LabelFare, Amount: nok(24650)},
		{Label: display.LabelSupplements, Amount: nok(4000)},
	}
}

func manyParts(v *display.View) {
	v.Amount = nok(1128650)
	v.Parts = []display.Part{
		{Label: display.LabelFare, Amount: nok(1124650)},
		{Label: display.LabelSupplements, Amount: nok(4000)},
		{Label: display.LabelTax, Amount: nok(12000)},
		{Label: display.LabelTip, Amount: nok(5000)},
		{Label: display.LabelPaid, Amount: nok(-17000)},
	}
}

func code(v *display.View) { v.QR = vippsText }

func claim(v *display.View) { v.QR, v.Claim = claimText, true }

// tips are what a passenger can choose from; the choice has been made when there is
// a code.
func tips(v *display.View) {
	for _, percent := range []int{0, 5, 10, 15} {
		tip := money.Minor(28650 * percent / 100 / 10 * 10)
		v.Tips = append(v.Tips, display.TipChoice{Percent: percent, Tip: nok(tip), Total: nok(28650 + tip)})
	}
}

func sharing(v *display.View) { v.Shares = display.Shares() }

func sentTo(v *display.View) { v.Recipient = "+47 ••• •• 678" }

func receipted(r receipt.Receipt) func(*display.View) {
	return func(v *display.View) { v.Receipt, v.Amount = &r, nok(r.Total) }
}

func ownCode(v *display.View) { v.VehicleCode = codeVersion }

func canSend(v *display.View) { v.Driver.CanSend = true }

func canConfirm(v *display.View) { v.Driver.CanConfirm = true }

func canType(v *display.View) { v.Driver.CanType = true }

func expires(left time.Duration) func(*display.View) {
	return func(v *display.View) { v.Expires = time.Now().Add(left) }
}

func faults(list ...display.Fault) func(*display.View) {
	return func(v *display.View) {
		v.Faults = list
		for _, f := range list {
			switch f {
			case display.FaultNetwork:
				v.Driver.Network = display.NetworkDown
			case display.FaultMeterMissing:
				v.Driver.Meter = display.HealthMissing
			}
		}
	}
}

func actions(list ...display.Action) func(*display.View) {
	return func(v *display.View) { v.Driver.Actions = list }
}

func notice(key string) func(*display.View) {
	return func(v *display.View) {
		v.Driver.Notice = display.Notice{Key: key, Trip: "0041", Amount: nok(28650)}
	}
}

func queue(pending, parked int) func(*display.View) {
	return func(v *display.View) { v.Driver.Queue = display.Queue{Pending: pending, Parked: parked} }
}

func vacant(v *display.View) {
	v.Trip, v.Amount = "", money.Amount{}
	v.Driver.Trips = v.Driver.Trips[1:]
}

// passengerScenes are all kinds of picture that a passenger can see.
func passengerScenes() []scenery {
	list := []scenery{
		{"starting", display.View{}},
		{"idle", view(display.Idle, "", vacant)},
		{"idle-with-code", view(display.Idle, "", vacant, ownCode)},
		{"hired", view(display.Hired, "", amount(14250))},
		{"hired-with-parts", view(display.Hired, "", parts)},
		{"hired-largest", view(display.Hired, "", amount(65_000_000))},
		{"reading", view(display.Reading, "")},
		{"tipping", view(display.Tipping, "", parts, tips)},
		{"due", view(display.Due, "", parts, code, expires(8*time.Minute+42*time.Second))},
		{"due-sharing", view(display.Due, "", parts, code, sharing, expires(8*time.Minute+42*time.Second))},
		{"due-tipped", view(display.Due, "", parts, code, tips, expires(8*time.Minute+42*time.Second))},
		{"due-tipped-sharing", view(display.Due, "", manyParts, code, tips, sharing, expires(9*time.Minute))},
		{"sent", view(display.Sent, "", parts, sentTo, expires(8*time.Minute+42*time.Second))},
		{"sent-sharing", view(display.Sent, "", manyParts, sentTo, sharing, expires(9*time.Minute))},
		{"due-plain", view(display.Due, "", amount(8700), code, expires(42*time.Second))},
		{"due-many-parts", view(display.Due, "", manyParts, code, expires(9*time.Minute))},
		{"due-largest", view(display.Due, "", amount(65_000_000), code, expires(9*time.Minute))},
		{"due-claim", view(display.Due, "", parts, claim)},
		{"due-claim-many-parts", view(display.Due, "", manyParts, claim)},
		{"due-without-code", view(display.Due, "", parts)},
		{"approved", view(display.Approved, "")},
		{"approved-by-code", view(display.Approved, display.ReasonByCode)},
		{"releasing", view(display.Releasing, "")},
		{"releasing-offline", view(display.Releasing, display.ReasonOffline)},
		{"paid", view(display.Paid, "")},
		{"paid-receipt", view(display.Paid, "", receipted(paidReceipt("0042")))},
		{"paid-long-receipt", view(display.Paid, "", receipted(longReceipt("0042")))},
		{"cash-receipt", view(display.Settled, display.ReasonCash, receipted(cashReceipt()))},
		{"paid-largest", view(display.Paid, "", amount(65_000_000))},
		{"outoforder", view(display.OutOfOrder, "", vacant, faults(display.FaultMeterMissing, display.FaultNetwork))},
	}
	byScreen := map[display.Screen][]display.Reason{
		display.Connecting: {"creating", "offline", "credentials", "unavailable", "replacing", "unshared", "sending"},
		display.Settled:    {"cash", "card", "invoice", "vacant", "void", "meter_lost"},
		display.Failed:     {"declined", "expired", "refused", "too_small", "too_large", "cancelled", "doubtful", "parked"},
	}
	for _, s := range []display.Screen{display.Connecting, display.Settled, display.Failed} {
		for _, r := range byScreen[s] {
			list = append(list, scenery{string(s) + "-" + string(r), view(s, r, parts)})
		}
	}
	return list
}

// driverScenes are typical moments at the driver's screen, and the fullest.
func driverScenes() []scenery {
	request := actions(display.ActionNew, display.ActionCancel, display.ActionCash, display.ActionCard)
	every := actions(display.Actions()...)
	return []scenery{
		{"starting", display.View{}},
		{"idle", view(display.Idle, "", vacant)},
		{"first-trip", view(display.Idle, "", vacant, func(v *display.View) { v.Driver.Trips = nil })},
		{"hired", view(display.Hired, "", amount(14250))},
		{"due", view(display.Due, "", code, request, queue(1, 0), expires(8*time.Minute+42*time.Second))},
		{"can-send", view(display.Due, "", code, request, canSend, expires(8*time.Minute+42*time.Second))},
		{"claim", view(display.Due, "", claim, request, canConfirm, canSend, faults(display.FaultNetwork), queue(1, 0))},
		{"sent", view(display.Sent, "", request, canSend, sentTo, expires(8*time.Minute+42*time.Second))},
		{"tipping", view(display.Tipping, "", tips, canSend, actions(display.ActionCash, display.ActionCard))},
		{"unread", display.View{Screen: display.OutOfOrder, Vehicle: "T122", Brand: "Vipps", Faults: []display.Fault{display.FaultDiskGone}, Driver: display.Driver{Unread: true}}},
		{"can-type", view(display.OutOfOrder, "", vacant, canType, faults(display.FaultMeterMissing))},
		{"offline", view(display.Connecting, display.ReasonOffline, faults(display.FaultNetwork), queue(2, 0),
			actions(display.ActionCash, display.ActionCard))},
		{"releasing", view(display.Releasing, "", notice(display.NoticeReleasedWait))},
		{"releasing-offline", view(display.Releasing, display.ReasonOffline, faults(display.FaultNetwork), notice(display.NoticeReleasedOffline))},
		{"approved", view(display.Approved, "", notice(display.NoticePassengerWasFaster))},
		{"approved-by-code", view(display.Approved, display.ReasonByCode, faults(display.FaultNetwork), queue(1, 0))},
		{"paid", view(display.Paid, "")},
		{"failed", view(display.Failed, display.ReasonDeclined, notice(display.NoticeDeclined),
			actions(display.ActionNew, display.ActionCash, display.ActionCard))},
		{"doubtful", view(display.Failed, display.ReasonDoubtful, notice(display.NoticeDoubtfulSum),
			actions(display.ActionNew, display.ActionCash, display.ActionCard))},
		{"settled", view(display.Settled, display.ReasonCash)},
		{"outoforder", view(display.OutOfOrder, "", vacant, queue(0, 1),
			faults(display.FaultMeterMissing, display.FaultNetwork, display.FaultParked))},
		{"fullest", view(display.Due, display.ReasonReplacing, code, every, canSend, canConfirm, queue(12, 3), amount(65_000_000),
			faults(display.FaultMeterNoisy, display.FaultNetwork, display.FaultParked, display.FaultUnavailable),
			notice(display.NoticeReleasedOffline), expires(9*time.Minute),
			func(v *display.View) { v.Driver.Meter = display.HealthDenied })},
	}
}

func cashReceipt() receipt.Receipt {
	r := paidReceipt("0042")
	r.Payments = []receipt.Payment{{Means: receipt.Cash, Amount: r.Total}}
	return r
}
