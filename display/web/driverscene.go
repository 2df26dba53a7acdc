package web

import (
	"cmp"
	"strconv"

	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/money"
)

// maxRows bounds the trip list; those that the screen has no room for come when the list is moved.
const maxRows = 12

// Button is one thing that the driver may press. Confirm is the question to ask
// first, empty if a touch is enough.
type Button struct {
	Action       display.Action
	Label        string
	Confirm, Yes string
}

// Buttons are the actions of the View. While a request is live, whatever ends it
// is asked about first, so that an accidental touch does no harm.
func (s scene) Buttons() []Button {
	var list []Button
	for _, a := range s.Driver.Actions {
		key := "action." + string(a)
		b := Button{Action: a, Label: s.T(key)}
		if s.live() {
			b.Confirm, b.Yes = s.T(key+".confirm"), s.T(key+".yes")
		}
		list = append(list, b)
	}
	return list
}

// live says that a request may be approved at any moment.
func (s scene) live() bool {
	switch s.Screen {
	case display.Connecting, display.Due, display.Sent, display.Releasing, display.Approved:
		return true
	}
	return false
}

// StateText is the big word.
func (s scene) StateText() string { return s.T("state." + s.Kind()) }

// StateDetail is the reason in the driver's words, empty without a reason.
func (s scene) StateDetail() string {
	switch {
	case s.Claim:
		return s.T("driver.claim")
	case s.ByCode():
		return s.T("driver.by_code")
	case s.Reason == display.ReasonNone:
		return ""
	}
	return s.T("outcome." + string(s.Reason))
}

// HasAmount says whether the state comes with an amount.
func (s scene) HasAmount() bool {
	switch s.Screen {
	case display.Idle, display.Reading, display.OutOfOrder, "":
		return false
	}
	return s.Amount.Value != 0
}

// NoticeText is the one thing to read now, empty for none.
func (s scene) NoticeText() string {
	n := s.Driver.Notice
	if n.Key == "" {
		return ""
	}
	return s.text("notice."+n.Key, locale.Args{"trip": n.Trip, "amount": s.Money(n.Amount)})
}

// Chip is a small sign with a colour: "good", "wait" or "bad".
type Chip struct{ Mood, Text string }

// Chips are the network, the meter and the queue, as far as they are known.
func (s scene) Chips() []Chip {
	if s.Driver.Unread {
		return nil
	}
	return []Chip{s.networkChip(), s.meterChip(), s.queueChip()}
}

func (s scene) networkChip() Chip {
	mood := map[display.Network]string{display.NetworkUp: "good", display.NetworkDown: "bad"}[s.Driver.Network]
	return Chip{cmp.Or(mood, "wait"), s.T("network." + cmp.Or(string(s.Driver.Network), string(display.NetworkUnknown)))}
}

func (s scene) meterChip() Chip {
	mood := "bad"
	switch s.Driver.Meter {
	case display.HealthOK:
		mood = "good"
	case display.HealthStarting, display.HealthNoisy, display.HealthDegraded, "":
		mood = "wait"
	}
	return Chip{mood, s.T("meter." + cmp.Or(string(s.Driver.Meter), string(display.HealthStarting)))}
}

// queueChip puts what needs a person before what goes by itself.
func (s scene) queueChip() Chip {
	q := s.Driver.Queue
	switch {
	case q.Parked > 0:
		return Chip{"bad", s.text("queue.parked", locale.Args{"count": strconv.Itoa(q.Parked)})}
	case q.Pending > 0:
		return Chip{"wait", s.text("queue.pending", locale.Args{"count": strconv.Itoa(q.Pending)})}
	}
	return Chip{"good", s.T("queue.empty")}
}

// NoTrips says why the list of trips is empty.
func (s scene) NoTrips() string {
	if s.Driver.Unread {
		return s.T("driver.unread")
	}
	return s.T("driver.no_trips")
}

// FaultText is what is wrong, the worst fault first.
func (s scene) FaultText() string { return s.T("fault." + string(s.Faults[0])) }

// FaultDo is what to do about the worst fault.
func (s scene) FaultDo() string { return s.T("fault." + string(s.Faults[0]) + ".do") }

// MoreFaults names the others, empty if there is only one.
func (s scene) MoreFaults() string {
	if len(s.Faults) < 2 {
		return ""
	}
	return s.text("driver.more_faults", locale.Args{"code": codes(s.Faults[1:])})
}

// CanType says whether the driver may type a fare: somebody has to answer for it.
func (s scene) CanType() bool { return s.Driver.CanType && s.PIN }

// FarePattern is how an amount is written, with the slot for its figures.
func (s scene) FarePattern() string {
	if s.Amount.Currency != "" || len(s.Driver.Trips) == 0 {
		return s.pattern(s.Amount.Currency)
	}
	return s.pattern(s.Driver.Trips[0].Total.Currency)
}

// pattern is an amount of a currency with the slot in place of its figures.
func (s scene) pattern(c money.Currency) string {
	before, _, after := s.catalogue.MoneyParts(money.Of(0, c))
	return before + amountSlot + after
}

// Row is one line of the trip list.
type Row struct {
	Trip, Time, Outcome, Amount, Refunded, Screen string
	Typed                                         bool
}

// Rows are the last trips, newest first.
func (s scene) Rows() []Row {
	lines := s.Driver.Trips
	var rows []Row
	for _, line := range lines[:min(len(lines), maxRows)] {
		rows = append(rows, s.row(line))
	}
	return rows
}

func (s scene) row(line display.TripLine) Row {
	row := Row{Trip: line.Trip, Screen: string(line.Screen), Typed: line.Typed, Amount: s.Money(line.Total)}
	if !line.Finished.IsZero() {
		row.Time = line.Finished.In(s.location).Format("15:04")
	}
	row.Outcome = s.T("state." + string(line.Screen))
	if line.Reason != display.ReasonNone {
		row.Outcome = s.T("outcome." + string(line.Reason))
	}
	if line.Screen == display.Paid {
		row.Amount = s.Money(line.Captured)
	}
	if line.Refunded.Value != 0 {
		row.Refunded = s.text("driver.refunded", locale.Args{"amount": s.Money(line.Refunded)})
	}
	return row
}
