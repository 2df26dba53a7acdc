package trip

import (
	"encoding/json"
	"fmt"

	"taxiterminal/money"
)

// Event is something that happened. Each is journaled under its Kind as JSON.
type Event interface {
	Kind() Kind
}

// Kind names an event in the journal; it never changes its meaning.
type Kind string

// What the meter said.
type (
	// Begun opens the trip: the meter went Hired, or was found Hired or Stopped.
	Begun struct {
		ID       ID             `json:"id"`
		Currency money.Currency `json:"currency"`
		Terms    Terms          `json:"terms,omitzero"`
	}
	// FareShown is the amount on the meter at Stopped.
	FareShown struct {
		Fare Fare `json:"fare"`
	}
	// Resumed: the meter went from Stopped back to Hired.
	Resumed struct{}
	// Vacated: the meter went For Hire, with the final amount if it gave one.
	Vacated struct {
		Fare *Fare `json:"fare,omitempty"`
	}
	// MeterLost: the meter lost the trip, as after a power cut while Hired.
	MeterLost struct{}
	// GapSeen: the meter or the terminal was away for so long that another trip
	// may have been driven in between.
	GapSeen struct{}
)

// What people said.
type (
	// FareTyped: the meter is lost and the driver typed what it showed.
	FareTyped struct {
		Total money.Minor `json:"total"`
	}
	// TipChosen sets the tip, zero for none; it replaces an earlier one.
	TipChosen struct {
		Tip money.Minor `json:"tip"`
	}
	// SettledBy: the driver took the money in another way.
	SettledBy struct {
		Means Means `json:"means"`
	}
	// CancelAsked: the driver withdraws the request, if it is not too late.
	CancelAsked struct{}
	// NewAsked: the driver wants a new code, or confirms a doubtful amount.
	NewAsked struct{}
	// SendAsked: the request shall go to a phone.
	SendAsked struct {
		To Recipient `json:"to"`
	}
	// WebAsked: the passenger pressed the button on a page, for attempt N, which is the
	// next one, or the press came too late.
	WebAsked struct {
		N         int         `json:"n"`
		ReturnURL string      `json:"return_url"`
		Tip       money.Minor `json:"tip,omitempty"`
		Share     bool        `json:"share,omitempty"`
	}
	// ClaimShown: from now on a phone may carry the fare of attempt N.
	ClaimShown struct {
		N int `json:"n"`
	}
	// CodeMissed: the driver typed a code that proves nothing.
	CodeMissed struct {
		N int `json:"n"`
	}
	// CodeTaken: the driver typed the code that proves that attempt N was paid.
	CodeTaken struct {
		N int `json:"n"`
	}
	// RefundAsked gives captured money back.
	RefundAsked struct {
		Amount money.Minor `json:"amount"`
		Reason string      `json:"reason,omitempty"`
	}
	// RetryAsked: a person lets a parked trip try again.
	RetryAsked struct{}
	// GraceOver: the meter has been For Hire for as long as a passenger may take,
	// or the next passenger is in the car.
	GraceOver struct{}
)

// What the API said about attempt N.
type (
	// Created: the payment exists and can be scanned.
	Created struct {
		N           int    `json:"n"`
		RedirectURL string `json:"redirect_url,omitempty"`
	}
	// CreateVoided: the create had no effect and will not be tried again.
	CreateVoided struct {
		N int `json:"n"`
	}
	// CreateRejected: a definite no. Conflict means that the reference belongs to
	// a payment that is not ours.
	CreateRejected struct {
		N        int    `json:"n"`
		Code     string `json:"code,omitempty"`
		Conflict bool   `json:"conflict,omitempty"`
		// Without is what the API objects to; the next attempt does without it.
		Without Extra `json:"without,omitempty"`
	}
	// Observed is what a GET or an answer to a capture, cancel or refund says.
	Observed struct {
		N       int     `json:"n"`
		Payment Payment `json:"payment"`
		// Ends names the call that this answer completes, if it does.
		Ends Op `json:"ends,omitempty"`
	}
	// CallRejected: a definite no to the newest capture, cancel or refund. What
	// the API shows for the payment afterwards comes along.
	CallRejected struct {
		N       int     `json:"n"`
		Op      Op      `json:"op"`
		Code    string  `json:"code,omitempty"`
		Payment Payment `json:"payment"`
	}
	// Profiled ends the errand of fetching what was shared: by whom, or why it is
	// known of nobody.
	Profiled struct {
		N       int    `json:"n"`
		Contact int64  `json:"contact,omitempty"`
		Reason  string `json:"reason,omitempty"`
	}
	// ReceiptPosted ends the errand of posting the order lines; Code is why they were
	// refused.
	ReceiptPosted struct {
		N    int    `json:"n"`
		Code string `json:"code,omitempty"`
	}
)

// Extra is what a request can do without.
type Extra string

const (
	ExtraPush      Extra = "push"      // no requests to phones for this sales unit
	ExtraRecipient Extra = "recipient" // this phone takes none
	ExtraShare     Extra = "share"     // passengers must not be asked for this
)

// Payment is the API's view of a payment: its state and aggregates.
type Payment struct {
	State      string      `json:"state"` // CREATED, AUTHORIZED, ABORTED, EXPIRED, TERMINATED
	Authorized money.Minor `json:"authorized,omitempty"`
	Captured   money.Minor `json:"captured,omitempty"`
	Cancelled  money.Minor `json:"cancelled,omitempty"`
	Refunded   money.Minor `json:"refunded,omitempty"`
}

func (Begun) Kind() Kind          { return "begun" }
func (FareShown) Kind() Kind      { return "fare_shown" }
func (Resumed) Kind() Kind        { return "resumed" }
func (Vacated) Kind() Kind        { return "vacated" }
func (MeterLost) Kind() Kind      { return "meter_lost" }
func (GapSeen) Kind() Kind        { return "gap_seen" }
func (FareTyped) Kind() Kind      { return "fare_typed" }
func (TipChosen) Kind() Kind      { return "tip_chosen" }
func (SendAsked) Kind() Kind      { return "send_asked" }
func (SettledBy) Kind() Kind      { return "settled_by" }
func (CancelAsked) Kind() Kind    { return "cancel_asked" }
func (NewAsked) Kind() Kind       { return "new_asked" }
func (WebAsked) Kind() Kind       { return "web_asked" }
func (ClaimShown) Kind() Kind     { return "claim_shown" }
func (CodeMissed) Kind() Kind     { return "code_missed" }
func (CodeTaken) Kind() Kind      { return "code_taken" }
func (RefundAsked) Kind() Kind    { return "refund_asked" }
func (RetryAsked) Kind() Kind     { return "retry_asked" }
func (GraceOver) Kind() Kind      { return "grace_over" }
func (Created) Kind() Kind        { return "created" }
func (CreateVoided) Kind() Kind   { return "create_voided" }
func (CreateRejected) Kind() Kind { return "create_rejected" }
func (Observed) Kind() Kind       { return "observed" }
func (CallRejected) Kind() Kind   { return "call_rejected" }
func (Profiled) Kind() Kind       { return "profiled" }
func (ReceiptPosted) Kind() Kind  { return "receipt_posted" }

// Decode reads an event back from the journal. An unknown kind is an error: a
// journal that cannot be folded completely must not decide about money.
func Decode(kind Kind, body []byte) (Event, error) {
	decode, ok := decoders[kind]
	if !ok {
		return nil, fmt.Errorf("trip event %q: kind unknown to this version", kind)
	}
	e, err := decode(body)
	if err != nil {
		return nil, fmt.Errorf("trip event %q decode: %w", kind, err)
	}
	return e, nil
}

var decoders = func() map[Kind]func([]byte) (Event, error) {
	m := map[Kind]func([]byte) (Event, error){}
	add := func(k Kind, f func([]byte) (Event, error)) { m[k] = f }
	register[Begun](add)
	register[FareShown](add)
	register[Resumed](add)
	register[Vacated](add)
	register[MeterLost](add)
	register[GapSeen](add)
	register[FareTyped](add)
	register[TipChosen](add)
	register[SendAsked](add)
	register[SettledBy](add)
	register[CancelAsked](add)
	register[NewAsked](add)
	register[WebAsked](add)
	register[ClaimShown](add)
	register[CodeMissed](add)
	register[CodeTaken](add)
	register[RefundAsked](add)
	register[RetryAsked](add)
	register[GraceOver](add)
	register[Created](add)
	register[CreateVoided](add)
	register[CreateRejected](add)
	register[Observed](add)
	register[CallRejected](add)
	register[Profiled](add)
	register[ReceiptPosted](add)
	return m
}()

func register[E Event](add func(Kind, func([]byte) (Event, error))) {
	var zero E
	add(zero.Kind(), func(body []byte) (Event, error) {
		var e E
		err := json.Unmarshal(body, &e)
		return e, err
	})
}
