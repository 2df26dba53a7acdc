package trip

import (
	"slices"
	"time"

	"taxiterminal/money"
)

// maxRenewals is how many new codes are made by themselves after nobody used the
// last one; at ten minutes each that is about an hour.
const maxRenewals = 5

// Step applies one event at a time of day and gives the next state and the
// commands that it causes. An event without meaning in the state is ignored: the
// state comes back as it was, with no command.
func Step(s State, at time.Time, e Event) (State, []Command) {
	if Check(s, e) != Allowed {
		return s, nil
	}
	s.Attempts = slices.Clone(s.Attempts)
	if !s.apply(at, e) {
		return s, nil
	}
	if s.Phase == Parked {
		_, answer := e.(Observed)
		return s.concludeParked(at, answer)
	}
	return s.conclude(at)
}

// apply changes the facts that the event is about and reports whether the event
// was one for this state.
func (s *State) apply(at time.Time, e Event) bool {
	if begun, ok := e.(Begun); ok {
		return s.begin(at, begun)
	}
	if s.Phase == Vacant {
		return false
	}
	switch e := e.(type) {
	case FareShown:
		return s.fareShown(e.Fare, Stopped)
	case Resumed:
		return s.resumed()
	case Vacated:
		return s.vacated(e.Fare)
	case MeterLost:
		return s.endWithout(NoticeMeterLost)
	case GapSeen:
		return s.gapSeen()
	case FareTyped:
		s.fareTyped(e.Total)
	case TipChosen:
		s.Tip, s.TipSettled = e.Tip, true
	case SendAsked:
		s.newAsked()
		s.SendTo = e.To
	case SettledBy:
		s.settledBy(e.Means)
	case CancelAsked:
		s.Ask = false
		s.fail(ProblemCancelled, "", NoticeNone)
	case NewAsked:
		s.newAsked()
	case WebAsked:
		s.newAsked()
		s.Tip, s.Web = e.Tip, Web{e.ReturnURL, e.Share}
	case ClaimShown:
		return s.with(e.N, func(a *Attempt) bool {
			shown := a.State == AttemptRequested && !a.Claimed
			a.Claimed = a.Claimed || shown
			return shown
		})
	case CodeMissed:
		return s.with(e.N, func(a *Attempt) bool {
			a.Missed++
			a.MissedAt = at
			return true
		})
	case CodeTaken:
		return s.with(e.N, s.codeTaken)
	case RefundAsked:
		s.refundAsked(e.Amount)
	case RetryAsked:
		s.unpark()
	case GraceOver:
		return s.graceOver()
	default:
		return s.answered(at, e)
	}
	return true
}

func (s *State) begin(at time.Time, e Begun) bool {
	if s.Phase != Vacant {
		return false
	}
	*s = State{ID: e.ID, Currency: e.Currency, Terms: e.Terms, Phase: Hired, Position: Running, BegunAt: at}
	return true
}

// fareShown takes a new amount from the meter, at Stopped or at the end.
func (s *State) fareShown(f Fare, p Position) bool {
	if s.Position == ForHire {
		return false
	}
	s.Position = p
	if s.Fare.Typed && s.Phase == Settled && s.Settlement != Void {
		// It was paid on the driver's word; what the meter says about it now is for
		// the record, and for the driver to look at.
		if f.Total != s.Fare.Total {
			s.notice(NoticeDoubtfulGap, f.Total)
		}
		s.Fare.Key = f.Key // the meter may tell it again
		return true
	}
	reread := s.Fare.Doubt == DoubtSum && f.Doubt == ""
	if s.resting() != Hired && f.Total == s.Fare.Total && !reread {
		s.Gap = s.Gap && s.Fare.Doubt != ""
		s.Fare.Key = f.Key
		return true // the same amount once more
	}
	// Whose ride it is stays open, whatever the meter says next, until the driver says so.
	open := s.Fare.Doubt == DoubtGap || s.Gap && s.Fare.Doubt != ""
	if f.Doubt == "" && (open || (s.Gap || s.Fare.Typed) && f.Total != s.Fare.Total) {
		f.Doubt = DoubtGap
	}
	s.Gap = s.Gap && f.Doubt != ""
	s.take(f)
	return true
}

// fareTyped takes the driver's word where the meter can give none.
func (s *State) fareTyped(total money.Minor) {
	if s.Position == Running {
		s.Position = Stopped
	}
	s.take(Fare{Total: total, Typed: true})
	s.notice(NoticeTyped, total)
}

// take makes an amount the one that is owed.
func (s *State) take(f Fare) {
	s.Fare = f
	if f.Total == 0 && s.Held() == 0 {
		s.Tip = 0 // on top of nothing
	}
	s.Settlement, s.SettledAt = "", time.Time{}
	s.Renewals = 0
	s.Ask = f.Doubt == ""
	s.enter(Due)
	switch over := s.overpaid(); {
	case f.Doubt != "":
		s.doubtful()
	case over > 0:
		s.notice(NoticeOverpaid, over)
	case s.Held() > 0 && s.Outstanding() > 0:
		s.notice(NoticeDifference, s.Held())
	}
}

// overpaid is what was taken in the app beyond the meter's newest amount, or beside what
// the driver took: a phone that carried the fare may have paid it meanwhile.
func (s *State) overpaid() money.Minor {
	taken := s.Captured() - s.Refunded()
	return min(taken, taken+s.Otherwise-s.Owed())
}

func (s *State) doubtful() {
	s.fail(ProblemDoubtful, "", doubtNotice[s.Fare.Doubt])
	s.notice(doubtNotice[s.Fare.Doubt], s.Fare.Total)
}

var doubtNotice = map[Doubt]NoticeKind{
	DoubtSum:   NoticeDoubtfulSum,
	DoubtGap:   NoticeDoubtfulGap,
	DoubtStale: NoticeDoubtfulStale,
	DoubtPaid:  NoticeDoubtfulPaid,
}

// resumed: rule 8, what is approved stays reserved; conclude withdraws the rest.
func (s *State) resumed() bool {
	if s.Position != Stopped {
		return false
	}
	s.Position = Running
	s.Settlement, s.SettledAt = "", time.Time{}
	s.enter(Hired)
	s.Ask = false
	return true
}

func (s *State) vacated(f *Fare) bool {
	if s.Position == ForHire {
		return false
	}
	if f != nil {
		return s.fareShown(*f, ForHire)
	}
	return s.endWithout(NoticeNoAmount)
}

// endWithout ends a trip for which the meter gives no final amount: rule 10. The
// amount of a stop that was not resumed stands. After a resume, what the passenger
// approved at the earlier stop stands, and nothing more is asked by itself.
func (s *State) endWithout(n NoticeKind) bool {
	if s.Position == ForHire {
		return false
	}
	s.Position = ForHire
	if s.resting() != Hired {
		return true
	}
	if s.Fare.Total == 0 {
		s.void(n)
		return true
	}
	s.enter(Due)
	s.notice(n, 0)
	s.tellOverpaid()
	return true
}

// gapSeen matters only where a new amount could be taken for the rest of one that is
// already paid, or may be: nobody knows yet what became of a request that is open.
func (s *State) gapSeen() bool {
	_, open := s.Live()
	if s.Position == ForHire || s.Held()+s.Otherwise == 0 && !open {
		return false
	}
	s.Gap = true
	return true
}

// settledBy: a tip that was not taken with the app is between passenger and driver.
func (s *State) settledBy(m Means) {
	if s.Captured() == 0 {
		s.Tip = 0
	}
	s.Phase, s.From, s.Settlement, s.Means = Settled, "", Otherwise, m
	s.Otherwise = max(0, s.Owed()-s.Captured())
	s.Problem, s.Notice = Problem{}, Notice{}
	s.believe()
	s.stopAsking()
}

// newAsked is the driver's word that the amount shown is right and is to be asked
// for, also after a word to the contrary.
func (s *State) newAsked() {
	if s.Phase == Settled {
		s.Otherwise = 0
	}
	for i := range s.Attempts {
		if a := &s.Attempts[i]; a.State.Live() && a.Release == Keep {
			a.Release = IfUnapproved
		}
	}
	s.Phase, s.Settlement, s.Means, s.SettledAt = Due, "", "", time.Time{}
	s.Ask, s.Winding, s.Renewals = true, false, 0
	s.SendTo, s.Web, s.TipSettled = Recipient{}, Web{}, s.TipSettled || s.Terms.Tip
	s.Problem, s.Notice = Problem{}, Notice{}
	s.believe()
}

// believe ends the doubt about the amount. If it is less than was taken, that is said now.
func (s *State) believe() {
	if s.Fare.Doubt == "" {
		return
	}
	s.Fare.Doubt, s.Gap = "", false
	s.tellOverpaid()
}

func (s *State) tellOverpaid() {
	if over := s.overpaid(); over > 0 {
		s.notice(NoticeOverpaid, over)
	}
}

// codeTaken: what the code proves, the API will show when it can be asked. Until then
// the request stands, whatever the meter does.
func (s *State) codeTaken(a *Attempt) bool {
	if a.ByCode {
		return false
	}
	a.ByCode, s.Ask, s.Winding = true, true, false
	if a.State == AttemptReleasing && !a.Known {
		a.State, a.Release = AttemptRequested, Keep
	}
	s.Problem, s.Notice = Problem{}, Notice{}
	return true
}

// byCode is true while a request is open that a code has proved to be paid.
func (s State) byCode() bool {
	a, live := s.Live()
	return live && a.ByCode
}

// refundAsked spreads the amount over the captured attempts, newest first.
func (s *State) refundAsked(amount money.Minor) {
	for i := len(s.Attempts) - 1; i >= 0; i-- {
		a := &s.Attempts[i]
		part := min(amount, a.Captured-a.Refunded)
		a.Refund.Target = a.Refunded + part
		amount -= part
	}
	s.Notice = Notice{}
}

func (s *State) graceOver() bool {
	if s.Position != ForHire || s.Phase != Due || s.byCode() {
		return false
	}
	s.Winding = true
	s.Ask = false
	s.believe() // nobody confirmed it: what is approved is taken up to it, no more
	return true
}

// void settles a trip for which nothing is to be paid.
func (s *State) void(n NoticeKind) {
	s.Phase, s.Settlement = Settled, Void
	s.Problem, s.Notice = Problem{}, Notice{Kind: n}
	s.stopAsking()
}

// stopAsking gives everything back that is not captured, approved or not.
func (s *State) stopAsking() {
	s.Ask = false
	for i := range s.Attempts {
		if a := &s.Attempts[i]; !a.Final() && !a.Capture.Open {
			a.Release = Always
		}
	}
}

// fail says why there is no money. A parked trip keeps the reason it is parked for.
func (s *State) fail(kind ProblemKind, code string, n NoticeKind) {
	if s.Phase != Parked {
		s.Problem = Problem{kind, code}
		s.Notice = Notice{Kind: n}
	}
}

func (s *State) notice(n NoticeKind, amount money.Minor) {
	if s.Phase != Parked {
		s.Notice = Notice{n, amount}
	}
}

// enter moves to a phase with a clean slate, or notes it for when the trip is no
// longer parked.
func (s *State) enter(p Phase) {
	if s.Phase == Parked {
		s.From = p
		return
	}
	s.Phase = p
	s.Problem, s.Notice = Problem{}, Notice{}
}

// resting is the phase without regard to parking.
func (s *State) resting() Phase {
	if s.Phase == Parked {
		return s.From
	}
	return s.Phase
}

func (s *State) park(kind ProblemKind, code string) {
	if s.Phase == Parked {
		return
	}
	s.fail(kind, code, NoticeParked)
	s.From, s.Phase = s.Phase, Parked
}

// unpark lets everything be tried again that was refused.
func (s *State) unpark() {
	conflict := s.Problem.Kind == ProblemConflict
	s.Phase, s.From = s.From, ""
	s.Problem, s.Notice = Problem{}, Notice{}
	s.tellOverpaid() // what was found while the driver was told something else
	for i := range s.Attempts {
		s.Attempts[i].Capture.Refused = 0
		s.Attempts[i].Cancel.Refused = 0
	}
	switch {
	case s.Phase != Due:
	case s.Fare.Doubt != "":
		s.doubtful()
	case conflict:
		s.Ask = true
	}
}
