package trip

import (
	"time"

	"taxiterminal/money"
)

// Limits of what the API can be asked for, in minor units.
const maxAmount money.Minor = 65_000_000

func minAmount(c money.Currency) money.Minor {
	switch c {
	case money.DKK, money.EUR:
		return 1
	}
	return 100
}

// conclude derives from the facts alone what follows: the phase, and what has to
// be withdrawn, captured, given back or asked.
func (s State) conclude(at time.Time) (State, []Command) {
	s.settle(at)
	cmds := s.withdraw()
	cmds = append(cmds, s.finish()...)
	cmds = append(cmds, s.refund()...)
	cmds = append(cmds, s.errands()...)
	return s, append(cmds, s.ask(at)...)
}

// concludeParked leaves a parked trip alone, unless an answer of the API shows that
// nothing is left to do for it, because a person did it in the portal.
func (s State) concludeParked(at time.Time, answer bool) (State, []Command) {
	if !answer {
		return s, nil
	}
	free := s
	free.Attempts = append([]Attempt(nil), s.Attempts...)
	free.unpark()
	if free, cmds := free.conclude(at); len(cmds) == 0 && !free.busy() {
		return free, nil
	}
	return s, nil
}

// busy is true while an outcome is open.
func (s *State) busy() bool {
	for _, a := range s.Attempts {
		if a.State.Live() || a.Capture.Open || a.Cancel.Open || a.Refund.Open {
			return true
		}
	}
	return false
}

// settle decides whether a due amount is settled: rule 7.
func (s *State) settle(at time.Time) {
	if s.Phase == Due && s.Fare.Doubt == "" {
		switch owed := s.Owed(); {
		case owed <= 0 && s.Captured() == 0:
			s.void(NoticeNone)
		case s.Captured() > 0 && s.Captured()+s.Otherwise >= owed:
			s.Phase, s.Settlement, s.Problem = Settled, Paid, Problem{}
		case s.Otherwise >= owed:
			s.Phase, s.Settlement = Settled, Otherwise
		}
	}
	if s.Phase == Due && s.Winding && !s.busy() && s.uncaptured() == 0 {
		s.Phase, s.Settlement, s.Means = Settled, Otherwise, Unpaid
		if s.Captured() == 0 {
			s.Tip = 0
		}
	}
	if s.Phase == Settled && s.SettledAt.IsZero() {
		s.SettledAt = at
	}
	if s.resting() != Due || !s.Ask {
		s.SendTo, s.Web = Recipient{}, Web{}
	}
}

func (s *State) uncaptured() money.Minor {
	return s.sum(Attempt.Uncaptured)
}

// withdraw cancels live attempts that ask for what is no longer wanted.
func (s *State) withdraw() []Command {
	var cmds []Command
	for i := range s.Attempts {
		a := &s.Attempts[i]
		if !a.State.Live() {
			continue
		}
		if a.Release == Keep && !s.wants(a) {
			a.Release = IfUnapproved
		}
		if a.Release == Keep {
			continue
		}
		a.State = AttemptReleasing
		if a.Known && !a.Cancel.Open {
			cmd := s.open(a, &a.Cancel, OpCancel, 0)
			cmd.TransactionOnly = a.Release == IfUnapproved
			cmds = append(cmds, cmd)
		}
	}
	return cmds
}

func (s *State) wants(a *Attempt) bool {
	if a.ByCode && s.Phase == Due {
		return true // what was asked is paid; the difference is asked for after it
	}
	return s.Phase == Due && s.Ask && s.Fare.Doubt == "" && a.Asked == s.Outstanding() && s.SendTo.Nobody() && s.Web == Web{}
}

// finish captures what is owed of the approved money and gives back the rest. In a
// trip that goes on, approved money just stays reserved.
func (s *State) finish() []Command {
	if s.Fare.Doubt != "" && s.Phase != Settled {
		return nil
	}
	var cmds []Command
	need := s.Owed() - s.Otherwise
	for i := range s.Attempts {
		a := &s.Attempts[i]
		take := a.Captured
		if a.Release != Always {
			take = max(take, min(a.Held(), need))
		}
		need -= take
		switch {
		case a.Capture.Open || a.Cancel.Open || a.Uncaptured() <= 0:
		case s.Phase == Hired && a.Release != Always:
		case take > a.Captured:
			cmd := s.open(a, &a.Capture, OpCapture, take)
			cmd.Amount = take - a.Captured
			cmds = append(cmds, cmd)
		default:
			cmds = append(cmds, s.open(a, &a.Cancel, OpCancel, 0))
		}
	}
	return cmds
}

func (s *State) refund() []Command {
	var cmds []Command
	for i := range s.Attempts {
		a := &s.Attempts[i]
		if a.Refund.Open || a.Refund.Target <= a.Refunded {
			continue
		}
		cmd := s.open(a, &a.Refund, OpRefund, a.Refund.Target)
		cmd.Amount = a.Refund.Target - a.Refunded
		cmd.After = 0
		cmds = append(cmds, cmd)
	}
	return cmds
}

// errands fetch what a paying passenger has shared, and post the receipt of a trip
// that is settled, each once.
func (s *State) errands() []Command {
	var cmds []Command
	for i := range s.Attempts {
		a := &s.Attempts[i]
		if a.Captured == 0 {
			continue
		}
		// A payment that a phone may have had made asks for nothing.
		if a.Share != "" && !a.Claimed && a.Profile.N == 0 {
			cmds = append(cmds, s.open(a, &a.Profile, OpProfile, 0))
		}
		if s.Phase == Settled && s.Terms.Receipt == ReceiptAtEnd && !a.Receipted && a.Posting.N == 0 && a.Uncaptured() == 0 {
			cmd := s.open(a, &a.Posting, OpReceipt, 0)
			cmd.Amount = a.Captured
			cmds = append(cmds, cmd)
		}
	}
	return cmds
}

// TipOffered is true while the passenger is choosing a tip, so that nothing is asked
// yet. Once something is approved there is nothing to choose any more.
func (s State) TipOffered() bool {
	return s.Phase == Due && s.Terms.Tip && !s.TipSettled && s.Ask && s.Fare.Doubt == "" && s.Held() == 0 && s.Fare.Total > 0
}

// ask starts the next attempt where one is wanted and none is live: rules 1 and 2.
func (s *State) ask(at time.Time) []Command {
	out := s.Outstanding()
	if _, live := s.Live(); live || s.Phase != Due || !s.Ask || s.Fare.Doubt != "" || out == 0 || s.TipOffered() {
		return nil
	}
	switch {
	case out < minAmount(s.Currency):
		s.fail(ProblemTooSmall, "", NoticeBelowMinimum)
		return nil
	case out > maxAmount:
		s.fail(ProblemTooLarge, "", NoticeNone)
		return nil
	}
	next := Attempt{
		N: len(s.Attempts) + 1, State: AttemptRequested, Asked: out, Fare: s.Fare, Tip: s.Tip, To: s.SendTo, ReturnURL: s.Web.ReturnURL, RequestedAt: at,
		Receipted: s.Terms.Receipt == ReceiptAtCreate,
	}
	byPage := next.ReturnURL != ""
	if next.To.Nobody() && !s.Unshared && s.Held() == 0 && (!byPage || s.Web.Share) {
		next.Share = s.Terms.Share
	}
	s.SendTo, s.Web = Recipient{}, Web{}
	s.Attempts = append(s.Attempts, next)
	if s.Problem.Kind != ProblemNone {
		s.fail(ProblemNone, "", NoticeNone)
	}
	a := &s.Attempts[len(s.Attempts)-1]
	cmd := s.command(a, OpCreate, 1)
	cmd.Amount = out
	return []Command{cmd}
}
