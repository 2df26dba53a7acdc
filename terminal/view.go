package terminal

import (
	"strings"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

// makeView is everything that the screens show now.
func (t *Terminal) makeView(now time.Time) display.View {
	depth := t.store.Depth()
	v := display.View{
		Vehicle: t.cfg.Vehicle,
		Brand:   t.cfg.Brand,
		Faults:  t.faults(depth),
		Driver: display.Driver{
			Network: t.network.state,
			Meter:   t.meterHealth(),
			Queue:   queueOf(depth, now),
			Notice:  t.notice,
			Trips:   t.tripLines(),
		},
	}
	r := t.onScreen()
	if r != nil {
		t.showRide(&v, r)
		if r.state.Phase == trip.Settled {
			bill := t.Receipt(r.state)
			v.Receipt = &bill
		}
		v.Driver.CanSend = t.canPush() && trip.Check(r.state, trip.SendAsked{To: trip.Recipient{Kind: trip.ToTyped, ID: -1}}) == trip.Allowed
	} else {
		v.Screen, v.VehicleCode = display.Idle, t.own.code.Version()
	}
	v.Driver.CanType = t.canType(r)
	v.Driver.CanConfirm = t.cfg.Claims != nil && r != nil && canConfirm(r.state)
	if t.outOfOrder(r, v.Faults) {
		v.Screen, v.QR, v.Reason = display.OutOfOrder, "", display.ReasonNone
	}
	return v
}

// onScreen is the trip that people look at: the one that the meter is on, or the
// last one while it is still due or its end is worth a look.
func (t *Terminal) onScreen() *ride {
	if t.current != nil {
		return t.current
	}
	if r := t.shown; r != nil && (r.linger != nil || r.state.Phase == trip.Due) {
		return r
	}
	return nil
}

// outOfOrder: a fault that blocks is shown to passengers when there is no trip that
// still goes its way, and always when nothing can be recorded.
func (t *Terminal) outOfOrder(r *ride, faults []display.Fault) bool {
	if t.disk != nil {
		return true
	}
	if r != nil {
		return false
	}
	for _, f := range faults {
		if f.Blocking() {
			return true
		}
	}
	return false
}

func (t *Terminal) showRide(v *display.View, r *ride) {
	s := r.state
	v.Trip = s.ID.Short()
	v.Driver.Actions = actionsOf(s)
	if s.Notice.Kind != trip.NoticeNone {
		v.Driver.Notice = display.Notice{Key: string(s.Notice.Kind), Trip: v.Trip, Amount: money.Of(s.Notice.Amount, t.cfg.Currency)}
	}
	switch s.Phase {
	case trip.Due:
		t.showDue(v, r)
	case trip.Settled:
		t.showSettled(v, s)
	case trip.Parked:
		v.Screen, v.Reason = display.Failed, display.ReasonParked
		v.Amount = t.amount(s.Outstanding() + s.Held() - s.Captured())
	default:
		t.showHired(v, s)
	}
}

func (t *Terminal) showHired(v *display.View, s trip.State) {
	v.Screen = display.Hired
	if t.meter.reading {
		v.Screen = display.Reading
	}
	f := t.meter.running
	v.Amount = t.amount(f.Fare + f.Supplements)
	if f.Supplements != 0 {
		v.Parts = t.parts(part{display.LabelFare, f.Fare}, part{display.LabelSupplements, f.Supplements})
	}
	if held := s.Held(); held > 0 {
		v.Parts = append(v.Parts, t.parts(part{display.LabelPaid, -held})...)
	}
}

func (t *Terminal) showDue(v *display.View, r *ride) {
	s := r.state
	v.Amount = t.amount(s.Outstanding())
	v.Parts = t.partsOf(s)
	if s.Tip > 0 {
		v.Tip = t.amount(s.Tip)
	}
	live, asking := s.Live()
	switch {
	case s.TipOffered():
		v.Screen, v.Tips = display.Tipping, t.tipsOf(s)
	case s.Held() > s.Captured() && s.Outstanding() == 0:
		v.Screen, v.Amount, v.Parts = display.Approved, t.amount(s.Held()-s.Captured()), nil
	case asking && live.State == trip.AttemptCreated && live.ReturnURL != "":
		v.Screen, v.Expires = display.Sent, r.scanUntil[live.N]
	case asking && live.State == trip.AttemptCreated && live.RedirectURL != "":
		v.Screen, v.QR, v.Expires = display.Due, live.RedirectURL, r.scanUntil[live.N]
		v.Tips, v.Shares = t.tipsOf(s), sharesOf(live.Share)
	case asking && live.ByCode:
		v.Screen, v.Reason, v.Amount, v.Parts = display.Approved, display.ReasonByCode, t.amount(live.Asked), nil
	case asking && live.State == trip.AttemptRequested && t.claimOf(s, live) != "":
		v.Screen, v.QR, v.Claim = display.Due, t.claimOf(s, live), true
	case asking && live.State == trip.AttemptCreated && !live.To.Nobody():
		v.Screen, v.Recipient, v.Expires = display.Sent, t.recipientShown(live.To), r.scanUntil[live.N]
	case asking && live.State == trip.AttemptReleasing && s.Ask:
		v.Screen, v.Reason = display.Connecting, t.waitingFor(display.ReasonReplacing)
	case asking && live.State == trip.AttemptReleasing:
		v.Screen, v.Reason = display.Releasing, t.waitingFor(display.ReasonNone)
		v.Driver.Notice.Key = t.releaseNotice()
	case asking:
		v.Screen, v.Reason = display.Connecting, t.waitingFor(creating(s, live))
	default:
		v.Screen, v.Reason = display.Failed, reasons[s.Problem.Kind]
	}
}

// creating says which request is under way.
func creating(s trip.State, live trip.Attempt) display.Reason {
	switch {
	case !live.To.Nobody() || live.ReturnURL != "":
		return display.ReasonSending
	case s.Notice.Kind == trip.NoticeUnshared:
		return display.ReasonUnshared
	}
	return display.ReasonCreating
}

// canType: the meter is lost, and the amount of what is on the screen is open.
func (t *Terminal) canType(r *ride) bool {
	if !t.cfg.FareByHand || !t.meterGone() || t.disk != nil {
		return false
	}
	return r == nil || over(r.state) || trip.Check(r.state, trip.FareTyped{Total: 1}) == trip.Allowed
}

// tipsOf are what the passenger can choose from, as long as there is a choice.
func (t *Terminal) tipsOf(s trip.State) []display.TipChoice {
	if !s.Terms.Tip || s.Held() > 0 {
		return nil
	}
	choices := []display.TipChoice{{Tip: t.amount(0), Total: t.amount(s.Fare.Total)}}
	for _, percent := range t.cfg.Tips {
		tip := tipOf(s.Fare.Total, percent)
		choices = append(choices, display.TipChoice{Percent: percent, Tip: t.amount(tip), Total: t.amount(s.Fare.Total + tip)})
	}
	return choices
}

// tipOf rounds to whole kroner or euros, half up: nobody tips øre.
func tipOf(total money.Minor, percent int) money.Minor {
	const whole = 100
	return (total*money.Minor(percent) + 100*whole/2) / (100 * whole) * whole
}

var shareNames = map[string]display.Share{
	string(vipps.ScopePhoneNumber): display.SharePhone,
	string(vipps.ScopeName):        display.ShareName,
}

func sharesOf(scope string) []display.Share {
	var out []display.Share
	for _, word := range strings.Fields(scope) {
		out = append(out, shareNames[word])
	}
	return out
}

// waitingFor says what a passenger waits for, which is the network if there is none.
func (t *Terminal) waitingFor(otherwise display.Reason) display.Reason {
	switch {
	case t.cfg.Payments == nil || t.network.refused || t.network.fault == vipps.ClassCredentials:
		return display.ReasonCredentials
	case t.network.state == display.NetworkDown:
		return display.ReasonOffline
	case t.network.fault != "":
		return display.ReasonUnavailable
	}
	return otherwise
}

func (t *Terminal) releaseNotice() string {
	if t.network.state == display.NetworkDown {
		return display.NoticeReleasedOffline
	}
	return display.NoticeReleasedWait
}

func (t *Terminal) showSettled(v *display.View, s trip.State) {
	switch s.Settlement {
	case trip.Paid:
		v.Screen, v.Amount = display.Paid, t.amount(s.Captured())
	case trip.Void:
		v.Screen, v.Reason = display.Settled, display.ReasonVoid
		if s.Notice.Kind == trip.NoticeMeterLost {
			v.Reason = display.ReasonMeterLost
		}
	default:
		v.Screen, v.Reason, v.Amount = display.Settled, means[s.Means], t.amount(s.Owed())
		if _, open := s.Live(); open || s.Held() > s.Captured() {
			v.Driver.Notice = display.Notice{Key: t.releaseNotice(), Trip: v.Trip, Amount: v.Amount}
		}
	}
}

var means = map[trip.Means]display.Reason{
	trip.Cash:    display.ReasonCash,
	trip.Card:    display.ReasonCard,
	trip.Invoice: display.ReasonInvoice,
	trip.Unpaid:  display.ReasonVacant,
}

var reasons = map[trip.ProblemKind]display.Reason{
	trip.ProblemNone:      display.ReasonDoubtful, // the meter gave no last amount
	trip.ProblemDeclined:  display.ReasonDeclined,
	trip.ProblemExpired:   display.ReasonExpired,
	trip.ProblemRefused:   display.ReasonRefused,
	trip.ProblemConflict:  display.ReasonParked,
	trip.ProblemTooSmall:  display.ReasonTooSmall,
	trip.ProblemTooLarge:  display.ReasonTooLarge,
	trip.ProblemCancelled: display.ReasonCancelled,
	trip.ProblemDoubtful:  display.ReasonDoubtful,
	trip.ProblemCapture:   display.ReasonParked,
	trip.ProblemCancel:    display.ReasonParked,
}

func (t *Terminal) amount(m money.Minor) money.Amount { return money.Of(m, t.cfg.Currency) }

type part struct {
	label display.Label
	value money.Minor
}

func (t *Terminal) parts(parts ...part) []display.Part {
	var out []display.Part
	for _, p := range parts {
		if p.value != 0 {
			out = append(out, display.Part{Label: p.label, Amount: t.amount(p.value)})
		}
	}
	return out
}

// partsOf explains what is asked. A single part explains nothing.
func (t *Terminal) partsOf(s trip.State) []display.Part {
	parts := t.parts(
		part{display.LabelFare, s.Fare.Total - s.Fare.Supplements - s.Fare.Tax},
		part{display.LabelSupplements, s.Fare.Supplements - s.Fare.Tolls},
		part{display.LabelTolls, s.Fare.Tolls},
		part{display.LabelTax, s.Fare.Tax},
		part{display.LabelTip, s.Tip},
		part{display.LabelPaid, -(s.Held() + s.Otherwise)},
	)
	if len(parts) < 2 {
		return nil
	}
	return parts
}

func queueOf(d outbox.Depth, now time.Time) display.Queue {
	q := display.Queue{Pending: d.Pending, Parked: d.Parked}
	if !d.Oldest.IsZero() {
		q.Oldest = max(0, now.Sub(d.Oldest)).Truncate(time.Second)
	}
	return q
}

// meterHealth is the line's state, or the conversation's where the line is open.
func (t *Terminal) meterHealth() display.Health {
	if t.meter.line != display.HealthOK {
		return t.meter.line
	}
	switch t.meter.health.State {
	case meter.HealthSilent:
		return display.HealthSilent
	case meter.HealthGarbled:
		return display.HealthGarbled
	case meter.HealthNoisy:
		return display.HealthNoisy
	case meter.HealthAlarm:
		return display.HealthAlarm
	case meter.HealthDegraded:
		return display.HealthDegraded
	}
	return display.HealthOK
}

func (t *Terminal) tripLines() []display.TripLine {
	lines := make([]display.TripLine, 0, len(t.recent))
	for _, r := range t.recent {
		if r.state.ID.Number > 0 { // not while nothing of it is on file
			lines = append(lines, t.tripLine(r))
		}
	}
	return lines
}

func (t *Terminal) tripLine(r *ride) display.TripLine {
	var v display.View
	t.showRide(&v, r)
	return display.TripLine{
		Trip:     v.Trip,
		Screen:   v.Screen,
		Reason:   v.Reason,
		Total:    t.amount(r.state.Owed()),
		Captured: t.amount(r.state.Captured()),
		Refunded: t.amount(r.state.Refunded()),
		Finished: r.state.SettledAt,
		Typed:    r.state.Fare.Typed,
	}
}
