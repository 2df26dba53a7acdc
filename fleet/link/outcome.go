package link

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"taxiterminal/money"
	"taxiterminal/vipps"
)

// Outcome is how a Pay ended: what a client of the API would have returned, all of it.
type Outcome struct {
	Result  vipps.Result
	Person  vipps.Person // of userinfo
	Code    vipps.Code   // of code_create, code_get, code_retarget
	Picture []byte       // of code_download
}

type wireOutcome struct {
	V       int          `json:"v"`
	Kind    vipps.Kind   `json:"kind"`
	AfterMS int64        `json:"after_ms,omitempty"`
	Date    time.Time    `json:"date,omitzero"`
	Error   *wireError   `json:"error,omitempty"`
	Payment *wirePayment `json:"payment,omitempty"`
	Person  *wirePerson  `json:"person,omitempty"`
	Code    *Code        `json:"code,omitempty"`
	SVG     []byte       `json:"svg,omitempty"`
}

type wireError struct {
	Class   vipps.Class `json:"class"`
	Status  int         `json:"status,omitempty"`
	Code    string      `json:"code,omitempty"`
	Title   string      `json:"title,omitempty"`
	Detail  string      `json:"detail,omitempty"`
	Text    string      `json:"text,omitempty"` // the cause below
	Hint    string      `json:"hint,omitempty"`
	TraceID string      `json:"trace_id,omitempty"`
	Raw     []byte      `json:"raw,omitempty"`
}

type wirePerson struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
}

type wirePayment struct {
	Reference    string            `json:"reference"`
	State        vipps.State       `json:"state,omitempty"`
	Currency     money.Currency    `json:"currency,omitempty"`
	Amount       money.Minor       `json:"amount"`
	Authorized   money.Minor       `json:"authorized"`
	Captured     money.Minor       `json:"captured"`
	Cancelled    money.Minor       `json:"cancelled"`
	Refunded     money.Minor       `json:"refunded"`
	PSPReference string            `json:"psp_reference,omitempty"`
	RedirectURL  string            `json:"redirect_url,omitempty"`
	Sub          string            `json:"sub,omitempty"`
	Person       *wirePerson       `json:"person,omitempty"`
	Guaranteed   time.Time         `json:"guaranteed_until,omitzero"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// afterMax bounds what an answer can do to a terminal.
const afterMax = 5 * time.Minute

// Encode makes the message.
func (o Outcome) Encode() []byte {
	r := o.Result
	w := wireOutcome{V: version, Kind: r.Kind, AfterMS: (r.After + time.Millisecond - 1).Milliseconds(), Date: r.Date, Person: personOf(o.Person), SVG: o.Picture}
	if e := r.Err; e != nil {
		w.Error = &wireError{Class: e.Class, Status: e.Status, Code: e.Code, Title: e.Title, Detail: e.Detail, Hint: e.Hint, TraceID: e.TraceID, Raw: e.Raw}
		if e.Err != nil {
			w.Error.Text = e.Err.Error()
		}
	}
	if p := r.Payment; p.Reference != "" {
		w.Payment = &wirePayment{Reference: p.Reference, State: p.State, Currency: p.Currency, Amount: p.Amount,
			Authorized: p.Authorized, Captured: p.Captured, Cancelled: p.Cancelled, Refunded: p.Refunded,
			PSPReference: p.PSPReference, RedirectURL: p.RedirectURL, Sub: p.Sub, Person: personOf(p.Person),
			Guaranteed: p.CaptureGuaranteedUntil, Metadata: p.Metadata}
	}
	if c := o.Code; c.ID != "" {
		w.Code = &Code{ID: c.ID, Target: c.Target, URL: c.URL, ExpiresMS: c.ExpiresIn.Milliseconds()}
	}
	return encode(w)
}

// DecodeOutcome reads the answer to p. One that does not say clearly how p ended is
// an error, which quotes nothing of it.
func DecodeOutcome(p Pay, b []byte) (Outcome, error) {
	var w wireOutcome
	if err := decode(b, "outcome", &w, &w.V); err != nil {
		return Outcome{}, err
	}
	o := Outcome{Picture: w.SVG, Person: w.Person.person()}
	o.Result = vipps.Result{Kind: w.Kind, Date: w.Date,
		After: max(0, min(time.Duration(min(w.AfterMS, afterMax.Milliseconds()))*time.Millisecond, afterMax))}
	if w.Payment != nil {
		o.Result.Payment = w.Payment.payment()
	}
	if w.Error != nil {
		o.Result.Err = w.Error.error(p.Op)
	}
	if w.Code != nil {
		o.Code = vipps.Code{RedirectCode: vipps.RedirectCode{ID: w.Code.ID, Target: w.Code.Target}, URL: w.Code.URL,
			ExpiresIn: time.Duration(max(0, min(w.Code.ExpiresMS, expiresMax.Milliseconds()))) * time.Millisecond}
	}
	return o, o.check(p)
}

// expiresMax is the longest life of a code that the API knows.
const expiresMax = (1<<31 - 1) * time.Second

// check: the kind is one of the four, it has an error unless it is Done, and what is
// Done is about what was asked.
func (o Outcome) check(p Pay) error {
	switch o.Result.Kind {
	case vipps.Retry, vipps.Rejected:
	case vipps.Unknown:
		if reads(p.Op) {
			return errors.New("outcome message decode: a read cannot be unknown")
		}
	case vipps.Done:
		if o.Result.Err != nil {
			return errors.New("outcome message decode: done with an error")
		}
		return o.about(p)
	default:
		return errors.New("outcome message decode: none of the four kinds")
	}
	if o.Result.Err == nil {
		return errors.New("outcome message decode: neither done nor an error")
	}
	return nil
}

func (o Outcome) about(p Pay) error {
	got, want := "", ""
	switch p.Op {
	case vipps.OpCreate, vipps.OpGet, vipps.OpCapture, vipps.OpCancel, vipps.OpRefund:
		got, want = o.Result.Payment.Reference, p.Reference
	case vipps.OpCodeCreate, vipps.OpCodeGet, vipps.OpCodeRetarget:
		got, want = o.Code.ID, cmp.Or(p.Code, &Code{}).ID
	}
	if got != want {
		return errors.New("outcome message decode: the answer is about something else")
	}
	return nil
}

func personOf(p vipps.Person) *wirePerson {
	if p.IsZero() {
		return nil
	}
	return &wirePerson{Name: p.Name(), Phone: p.Phone()}
}

func (w *wirePerson) person() vipps.Person {
	if w == nil {
		return vipps.Person{}
	}
	return vipps.NewPerson(w.Name, w.Phone)
}

func (w *wireError) error(op vipps.Op) *vipps.Error {
	e := &vipps.Error{Class: w.Class, Op: op, Status: w.Status, Code: w.Code, Title: w.Title, Detail: w.Detail, TraceID: w.TraceID, Hint: w.Hint, Raw: w.Raw}
	if w.Text != "" {
		e.Err = errors.New(w.Text)
	}
	return e
}

func (w *wirePayment) payment() vipps.Payment {
	return vipps.Payment{Reference: w.Reference, State: w.State, Currency: w.Currency, Amount: w.Amount,
		Authorized: w.Authorized, Captured: w.Captured, Cancelled: w.Cancelled, Refunded: w.Refunded,
		PSPReference: w.PSPReference, RedirectURL: w.RedirectURL, Sub: w.Sub, Person: w.Person.person(),
		CaptureGuaranteedUntil: w.Guaranteed, Metadata: w.Metadata}
}

// reads says that the operation changes nothing, so that it is never Unknown.
func reads(op vipps.Op) bool {
	switch op {
	case vipps.OpGet, vipps.OpUserinfo, vipps.OpCodeGet, vipps.OpCodeDownload:
		return true
	}
	return false
}

// Refused is an Outcome that says no, for ever, and why.
func Refused(op vipps.Op, class vipps.Class, hint, format string, args ...any) Outcome {
	return failed(op, vipps.Rejected, class, hint, fmt.Errorf(format, args...))
}

// NotNow is an Outcome that says that nothing was done, and to try again.
func NotNow(op vipps.Op, class vipps.Class, after time.Duration, hint, format string, args ...any) Outcome {
	o := failed(op, vipps.Retry, class, hint, fmt.Errorf(format, args...))
	o.Result.After = after
	return o
}

func failed(op vipps.Op, kind vipps.Kind, class vipps.Class, hint string, why error) Outcome {
	if kind == vipps.Unknown && reads(op) {
		kind = vipps.Retry
	}
	return Outcome{Result: vipps.Result{Kind: kind, Err: &vipps.Error{Class: class, Op: op, Hint: hint, Err: why}}}
}
