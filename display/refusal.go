package display

// Refusal says why an action of the driver was not taken, a catalogue key under
// "refused.". It is an error, so that whoever decides can return it as it is.
type Refusal string

const (
	RefusedNotNow          Refusal = "not_now"          // not in this state
	RefusedAlreadyApproved Refusal = "already_approved" // the passenger was faster
	RefusedAlreadyPaid     Refusal = "already_paid"     // nothing left to ask for
	RefusedOtherTrip       Refusal = "other_trip"       // meant for a trip that is not the current one
	RefusedUnknownTrip     Refusal = "unknown_trip"     // no such trip on file
	RefusedGone            Refusal = "gone"             // so old that it is not on file any more
	RefusedNotAllowed      Refusal = "not_allowed"      // switched off by configuration
	RefusedTooMuch         Refusal = "too_much"         // more than there is to give back
	RefusedBadAmount       Refusal = "bad_amount"       // no such sum of money
	RefusedTooOld          Refusal = "too_old"          // longer ago than the API gives money back
	RefusedBadNumber       Refusal = "bad_number"       // no phone number that can be
	RefusedNoContact       Refusal = "no_contact"       // that passenger is not on file any more
	RefusedNoPush          Refusal = "no_push"          // requests to phones are off, or not allowed for the sales unit
	RefusedNoPrinter       Refusal = "no_printer"       // none is configured
	RefusedPrinter         Refusal = "printer"          // it does not take what is sent
	RefusedBadCode         Refusal = "bad_code"         // the code from the phone does not fit this amount
	RefusedCodeWait        Refusal = "code_wait"        // too many wrong codes
	RefusedInternal        Refusal = "internal"         // something broke; the log says what
)

func (r Refusal) Error() string { return "action refused: " + string(r) }

// Reason is the catalogue key without its prefix.
func (r Refusal) Reason() string { return string(r) }
