package trip

import (
	"time"

	"taxiterminal/money"
)

// answered takes what the API said about one attempt.
func (s *State) answered(at time.Time, e Event) bool {
	switch e := e.(type) {
	case Created:
		return s.with(e.N, func(a *Attempt) bool { return a.created(at, e.RedirectURL) })
	case CreateVoided:
		return s.with(e.N, (*Attempt).voided)
	case CreateRejected:
		return s.with(e.N, func(a *Attempt) bool { return s.createRejected(a, e) })
	case Observed:
		return s.with(e.N, func(a *Attempt) bool {
			s.observe(a, e.Payment)
			if c := a.call(e.Ends); c != nil && c.Open {
				c.Open, c.Refused = false, 0
				if e.Ends == OpRefund {
					s.notice(NoticeRefundDone, a.Refunded)
				}
			}
			return true
		})
	case CallRejected:
		return s.with(e.N, func(a *Attempt) bool { return s.callRejected(a, e) })
	case Profiled:
		return s.with(e.N, func(a *Attempt) bool {
			if !a.Profile.close() {
				return false
			}
			a.Contact = e.Contact
			return true
		})
	case ReceiptPosted:
		return s.with(e.N, func(a *Attempt) bool { return a.Posting.close() })
	}
	return false
}

// close ends an errand; it is false if none is open.
func (c *Call) close() bool {
	was := c.Open
	c.Open = false
	return was
}

func (s *State) with(n int, f func(*Attempt) bool) bool {
	if n < 1 || n > len(s.Attempts) {
		return false
	}
	return f(&s.Attempts[n-1])
}

func (a *Attempt) call(op Op) *Call {
	switch op {
	case OpCapture:
		return &a.Capture
	case OpCancel:
		return &a.Cancel
	case OpRefund:
		return &a.Refund
	case OpProfile:
		return &a.Profile
	case OpReceipt:
		return &a.Posting
	}
	return nil
}

// created takes the code of a payment, also when a look has found the payment before the
// answer that brings its code.
func (a *Attempt) created(at time.Time, url string) bool {
	if !a.State.Live() || a.Known && (a.RedirectURL != "" || url == "") {
		return false
	}
	a.Known, a.RedirectURL, a.CreatedAt = true, url, at
	if a.State == AttemptRequested {
		a.State = AttemptCreated
	}
	return true
}

// voided ends an attempt that never was; only one that is being withdrawn can be. One
// that was claimed may come to be at any time, until its reference is used up.
func (a *Attempt) voided() bool {
	if a.Known || a.Claimed || a.State != AttemptReleasing {
		return false
	}
	a.State = AttemptVoided
	return true
}

func (s *State) createRejected(a *Attempt, e CreateRejected) bool {
	if a.Known || !a.State.Live() {
		return false
	}
	a.State = AttemptRejected
	switch {
	case e.Conflict:
		s.Ask = false
		s.park(ProblemConflict, e.Code)
	case e.Without != "":
		s.doWithout(a, e.Without)
	case a.Release == Keep:
		s.Ask = false
		s.fail(ProblemRefused, e.Code, NoticeNone)
	}
	return true
}

// doWithout lets the next attempt be a plain code.
func (s *State) doWithout(a *Attempt, x Extra) {
	if x == ExtraShare {
		s.Unshared = true
	}
	if a.Release != Keep {
		return
	}
	switch x {
	case ExtraPush:
		s.notice(NoticePushRefused, 0)
	case ExtraRecipient:
		s.notice(NoticeNotReachable, 0)
	}
}

// observe merges what the API shows. Aggregates only grow and final states stay,
// so answers may arrive in any order. Where the state and the aggregates differ,
// the money counts.
func (s *State) observe(a *Attempt, p Payment) {
	if a.State == AttemptRejected {
		return // somebody else's payment
	}
	captured := a.Captured
	a.Authorized = max(a.Authorized, p.Authorized)
	a.Captured = max(a.Captured, p.Captured)
	a.Refunded = max(a.Refunded, p.Refunded)
	// A payment cancelled before approval reports its whole amount as cancelled.
	a.Cancelled = max(a.Cancelled, min(p.Cancelled, a.Authorized))
	switch {
	case a.Authorized > 0 && !a.State.approved():
		s.authorized(a)
	case a.State.Live():
		s.observeLive(a, p.State)
	}
	switch {
	case a.Captured > 0:
		a.State = AttemptCaptured
	case a.Authorized > 0 && a.Cancelled >= a.Authorized && a.State != AttemptReleased:
		s.released(a)
	}
	if over := s.overpaid(); a.Captured > captured && over > 0 && s.resting() != Hired {
		s.notice(NoticeOverpaid, over)
	}
}

func (s *State) observeLive(a *Attempt, state string) {
	ours := a.Release != Keep // the end that we asked for
	switch state {
	case "CREATED":
		a.Known = true
		if a.State == AttemptRequested {
			a.State = AttemptCreated
		}
	case "ABORTED":
		a.Known, a.State = true, AttemptAborted
		switch {
		case ours:
		case a.Share != "" && !s.Unshared:
			s.Unshared = true
			s.notice(NoticeUnshared, 0)
		case a.ReturnURL != "": // back on the page: the code stands on the screen again
		default:
			s.declined(NoticeDeclined, 0)
		}
	case "TERMINATED":
		a.Known, a.State = true, AttemptTerminated
		if !ours { // ended in the app or by the merchant's office
			s.declined(NoticeDeclined, 0)
		}
	case "EXPIRED":
		a.Known, a.State = true, AttemptExpired
		if !ours {
			s.renew()
		}
	}
}

// declined: somebody ended the payment on purpose, so it is not asked again
// without the driver.
func (s *State) declined(n NoticeKind, amount money.Minor) {
	s.Ask = false
	s.fail(ProblemDeclined, "", NoticeNone)
	s.notice(n, amount)
}

// authorized: rules 8 and 9. An approval that beat our cancel stands, unless the
// trip was settled otherwise meanwhile.
func (s *State) authorized(a *Attempt) {
	faster := a.Release == IfUnapproved
	a.Known, a.State = true, AttemptAuthorized
	s.SendTo, s.Web = Recipient{}, Web{}
	if s.Phase != Settled {
		s.Tip = a.Tip // the one that was approved counts
	}
	switch {
	case s.Phase == Settled && s.Settlement != Paid:
		a.Release = Always
	case faster && s.resting() == Hired:
		a.Release = Keep
		s.notice(NoticeDifference, a.Authorized)
	case faster && s.Fare.Doubt != "":
		a.Release = Keep // and the driver's word is still wanted
	case faster:
		a.Release = Keep
		s.fail(ProblemNone, "", NoticeNone)
		s.notice(NoticeFaster, a.Authorized)
	}
}

// released: an approval was given back in full, by us or in the portal.
func (s *State) released(a *Attempt) {
	a.State = AttemptReleased
	if a.Release == Keep && s.resting() == Due {
		s.declined(NoticeReleased, a.Authorized)
		return
	}
	s.notice(NoticeReleased, a.Authorized)
}

func (s *State) renew() {
	if s.Renewals++; s.Renewals > maxRenewals {
		s.Ask = false
		s.fail(ProblemExpired, "", NoticeExpired)
	}
}

func (s *State) callRejected(a *Attempt, e CallRejected) bool {
	c := a.call(e.Op)
	if c == nil || !c.Open {
		return false
	}
	s.observe(a, e.Payment)
	c.Open = false
	c.Refused++
	switch e.Op {
	case OpCapture:
		if a.Captured < c.Target {
			s.park(ProblemCapture, e.Code)
		}
	case OpCancel:
		if c.Refused > maxRefused && (a.State.Live() || a.Uncaptured() > 0) {
			s.park(ProblemCancel, e.Code)
		}
	case OpRefund:
		c.Target = a.Refunded
		s.notice(NoticeRefundRefused, 0)
	}
	return true
}
