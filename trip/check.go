package trip

// Refusal is why something that a person asks for cannot be done now.
type Refusal string

const (
	Allowed         Refusal = ""
	NotNow          Refusal = "not_now"          // means nothing in this state
	AlreadyApproved Refusal = "already_approved" // the passenger has approved, the money is being taken
	AlreadyPaid     Refusal = "already_paid"
	TooMuch         Refusal = "too_much" // more than was captured and not refunded yet
	BadAmount       Refusal = "bad_amount"
)

// Check says whether an event that a person causes can be accepted; what the meter
// and the API say is always accepted. Step ignores what Check refuses.
func Check(s State, e Event) Refusal {
	switch e := e.(type) {
	case SettledBy:
		return s.checkSettledBy(e.Means)
	case CancelAsked:
		return s.checkCancel()
	case NewAsked:
		return s.checkNew()
	case SendAsked:
		return s.checkSend(e)
	case FareTyped:
		return s.checkTyped(e)
	case TipChosen:
		return s.checkTip(e)
	case WebAsked:
		return s.checkWeb(e)
	case CodeMissed:
		return s.checkCode(CodeTaken(e))
	case CodeTaken:
		return s.checkCode(e)
	case RefundAsked:
		return s.checkRefund(e)
	case RetryAsked:
		if s.Phase != Parked {
			return NotNow
		}
	}
	return Allowed
}

func (s State) checkSettledBy(m Means) Refusal {
	switch {
	case s.Phase == Settled && s.Settlement == Paid:
		return AlreadyPaid
	case s.Phase == Settled && s.Settlement == Otherwise && s.Means != m:
		return Allowed // a correction
	case s.Phase != Due && (s.Phase != Parked || s.From != Due):
		return NotNow
	case s.capturing() || s.byCode():
		return AlreadyApproved
	}
	return Allowed
}

func (s State) checkCancel() Refusal {
	a, live := s.Live()
	switch {
	case s.byCode():
		return AlreadyApproved
	case s.Phase == Settled && s.Settlement == Paid:
		return AlreadyPaid
	case s.Phase == Due && s.capturing():
		return AlreadyApproved
	case s.Phase != Due || !live || !s.Ask && a.Release != Keep:
		return NotNow
	}
	return Allowed
}

func (s State) checkNew() Refusal {
	switch {
	case s.Phase == Settled && s.Settlement == Paid:
		return AlreadyPaid
	case s.Phase == Settled && s.Settlement == Otherwise:
		return Allowed // a correction
	case s.Phase != Due:
		return NotNow
	case s.byCode():
		return AlreadyApproved
	case s.Fare.Doubt != "":
		return Allowed // the driver's word
	case s.Outstanding() == 0:
		return AlreadyApproved
	}
	return Allowed
}

// checkWeb: a page knows the trip as it was a moment ago. A tip that is in an approved
// payment stands.
func (s State) checkWeb(e WebAsked) Refusal {
	switch {
	case e.ReturnURL == "" || s.Phase != Due || s.Fare.Doubt != "" || e.N != len(s.Attempts)+1:
		return NotNow
	case e.Tip < 0 || e.Tip > maxAmount:
		return BadAmount
	case s.Held() > 0 && e.Tip != s.Tip:
		return AlreadyApproved
	}
	return s.checkNew()
}

// checkCode: only the request that is open can be proved.
func (s State) checkCode(e CodeTaken) Refusal {
	if a, live := s.Live(); !live || a.N != e.N || !a.Claimed || s.Phase != Due {
		return NotNow
	}
	return Allowed
}

// checkSend: a request can go to a phone wherever a code could be made.
func (s State) checkSend(e SendAsked) Refusal {
	if e.To.Nobody() || s.Phase == Settled {
		return NotNow
	}
	return s.checkNew()
}

// checkTyped: the driver's word stands in for a meter that says nothing, never for
// money that is on its way already.
func (s State) checkTyped(e FareTyped) Refusal {
	switch {
	case e.Total <= 0 || e.Total > maxAmount:
		return BadAmount
	case s.Phase == Settled && s.Settlement == Paid:
		return AlreadyPaid
	case s.Held() > 0 || s.Otherwise > 0 || s.byCode():
		return AlreadyApproved
	case s.Phase == Hired || s.Phase == Due || s.Phase == Settled && s.Settlement == Void:
		return Allowed
	}
	return NotNow
}

func (s State) checkTip(e TipChosen) Refusal {
	switch {
	case e.Tip < 0 || e.Tip > maxAmount:
		return BadAmount
	case s.Phase == Due && s.Held() > 0 || s.byCode():
		return AlreadyApproved
	case s.Phase != Due && s.Phase != Hired:
		return NotNow
	}
	return Allowed
}

func (s State) checkRefund(e RefundAsked) Refusal {
	for _, a := range s.Attempts {
		if a.Refund.Open {
			return NotNow
		}
	}
	switch {
	case s.Phase == Parked:
		return NotNow
	case e.Amount <= 0:
		return BadAmount
	case e.Amount > s.Captured()-s.Refunded():
		return TooMuch
	}
	return Allowed
}

// capturing is true while approved money is being taken.
func (s State) capturing() bool {
	for _, a := range s.Attempts {
		if a.Capture.Open {
			return true
		}
	}
	return false
}
