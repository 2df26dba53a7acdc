package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// wire carries the calls to the API through the gates, and looks at each one that
// leaves: rules 1, 2, 3, 4, 6, 8, 9 and 10 are about what is sent.
type wire struct {
	l       *life
	gates   *gates
	inner   http.RoundTripper
	carried bool // it is what phones have carried to the gateway
}

// sent is everything that ever left the car, over all its processes.
type sent struct {
	mu       sync.Mutex
	bodies   map[string]string // by idempotency key: operation, reference and body
	unproved map[string]string // key of a command that was open at a start -> its reference, until the API was asked about it
}

func newSent() *sent { return &sent{bodies: map[string]string{}, unproved: map[string]string{}} }

var errDark = errors.New("no power")

type call struct {
	op        string
	reference string
	key       string
	body      []byte
	carried   bool // a phone has brought it to the gateway
}

func (c call) String() string {
	text := c.op + " " + c.reference
	if c.carried {
		text = "carried " + text
	}
	return text
}

func (c call) writes() bool {
	switch trip.Op(c.op) {
	case trip.OpCreate, trip.OpCapture, trip.OpCancel, trip.OpRefund:
		return true
	}
	return false
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	c, r, err := identify(r)
	if err != nil {
		return nil, err
	}
	c.carried = w.carried
	name := w.l.anonymous(c.String())
	switch w.gates.pass(r.Context(), "send "+name) {
	case dead:
		return nil, gone(r.Context())
	case lose:
		return nil, io.ErrUnexpectedEOF
	}
	w.l.sends(c)
	res, err := w.inner.RoundTrip(r)
	if v := w.gates.pass(r.Context(), "answer "+name); v != goOn {
		if err == nil {
			_ = res.Body.Close()
		}
		if v == lose {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, gone(r.Context())
	}
	if !w.l.habits.fleet { // else the car hears it later, or not at all
		w.l.hears(c, res)
	}
	return res, err
}

func gone(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errDark
}

// identify reads what a request asks for.
func identify(r *http.Request) (call, *http.Request, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return call{}, nil, err
		}
		_ = r.Body.Close()
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	c := call{op: "other", key: r.Header.Get("Idempotency-Key"), body: body}
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/epayment/v1/payments"), "/")
	switch {
	case strings.HasPrefix(r.URL.Path, "/accesstoken"):
		c.op = "token"
	case len(path[0]) > 0:
	case r.Method == http.MethodPost && len(path) == 1:
		c.op = string(trip.OpCreate)
		var b struct{ Reference string }
		_ = json.Unmarshal(body, &b)
		c.reference = b.Reference
	case len(path) == 2:
		c.op, c.reference = "get", path[1]
	case len(path) == 3:
		c.op, c.reference = path[2], path[1]
	}
	return c, r, nil
}

// sends is told of every call at the moment it leaves.
func (l *life) sends(c call) {
	l.tell("sent %s", c)
	if !c.writes() {
		return
	}
	if _, n := l.audit.attempt(c.reference); n == 0 {
		l.broken("rule 5: %s is sent, and the journal knows no such attempt", c)
		return
	}
	l.sameBytes(c)
	if !l.habits.fleet { // else it left the car long ago, perhaps another process of it
		l.lookedFirst(c)
	}
	switch trip.Op(c.op) {
	case trip.OpCreate:
		l.maySend(c)
	case trip.OpCancel:
		l.mayCancel(c)
	}
}

// sameBytes is rule 4.
func (l *life) sameBytes(c call) {
	l.sent.mu.Lock()
	defer l.sent.mu.Unlock()
	what, key := c.String()+" "+string(c.body), c.key
	if c.carried {
		key = "carried " + key // the phone's request is another one: whoever comes first counts
	}
	if first, seen := l.sent.bodies[key]; seen && first != what {
		l.broken("rule 4: key %s was sent with %s, and now with %s", c.key, first, what)
	}
	if !slices.Contains(l.audit.keys(c), c.key) {
		l.broken("rule 4: key %s is none that the journal gives to %s", c.key, c)
	}
	l.sent.bodies[key] = what
}

// lookedFirst is rule 6: what was open when the process started may have happened.
func (l *life) lookedFirst(c call) {
	l.sent.mu.Lock()
	defer l.sent.mu.Unlock()
	if _, unproved := l.sent.unproved[c.key]; unproved {
		l.broken("rule 6: %s was open when the process started, and is sent before the API was asked", c)
	}
}

// hears is told of every answer at the moment it reaches the car.
func (l *life) hears(c call, res *http.Response) {
	if c.op != "get" || res == nil || res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNotFound {
		return
	}
	l.looked(c.reference)
}

// looked: the car knows what the API says of a payment.
func (l *life) looked(reference string) {
	l.sent.mu.Lock()
	defer l.sent.mu.Unlock()
	for key, about := range l.sent.unproved {
		if about == reference {
			delete(l.sent.unproved, key)
		}
	}
}

// maySend is rules 1, 2 and 10 about a request that is made.
func (l *life) maySend(c call) {
	if _, made := l.api.Payment(c.reference); made {
		return // the same bytes once more, which change nothing
	}
	state, n := l.audit.attempt(c.reference)
	var body struct {
		Amount struct{ Value money.Minor }
	}
	if err := json.Unmarshal(c.body, &body); err != nil {
		l.broken("create body: %v", err)
		return
	}
	a := state.Attempts[n-1]
	if c.carried && !a.State.Live() {
		l.broken("rule 2: a phone makes %s, which is %s", c, a.State)
	}
	g, ok := l.truth.given(a.Fare.Total)
	var held money.Minor
	for i := range state.Attempts {
		p, there := l.api.Payment(state.ID.Reference(i + 1))
		if i+1 == n || !there {
			continue
		}
		// One that the API has refused is none, whatever comes of an earlier copy of it
		// that a fault has held back: no API takes the same bytes once and not again.
		if p.State == "CREATED" && state.Attempts[i].State != trip.AttemptRejected {
			l.broken("rule 2: %s is sent while %s can still be approved", c, l.anonymous(p.Reference))
		}
		held += heldOf(p)
	}
	switch {
	case !ok:
		l.broken("rule 1: %s asks for a total of %d that nobody gave", c, a.Fare.Total)
	case body.Amount.Value != a.Asked:
		l.broken("rule 1: %s asks for %d, the journal for %d", c, body.Amount.Value, a.Asked)
	case state.Otherwise == 0 && a.Asked+held > a.Fare.Total+a.Tip:
		l.broken("rule 1: %s asks for %d, %d is approved already, the total is %d and %d tip", c, a.Asked, held, a.Fare.Total, a.Tip)
	case a.State != trip.AttemptReleasing && held+state.Otherwise > 0 && l.truth.stranger(g, state.ID.Number):
		l.broken("rule 10: %s asks for a ride that was driven in the dark, as the rest of another", c)
	case a.Tip != 0 && !l.truth.tips[a.Tip]:
		l.broken("rule 1: %s asks for a tip of %d that nobody chose", c, a.Tip)
	case g.doubtful && !l.truth.confirmed[state.ID.Number]:
		l.broken("rule 10: %s asks for a doubtful %d without the driver's word", c, a.Fare.Total)
	}
	if a.State != trip.AttemptReleasing { // else it is made only to be withdrawn
		l.truth.charges(l, g, state.ID.Number)
	}
}

func heldOf(p vippstest.Payment) money.Minor {
	if p.State != "AUTHORIZED" {
		return 0
	}
	return p.Authorized - p.Cancelled
}

// mayCancel is rule 9: a request that the driver withdrew loses against an approval.
func (l *life) mayCancel(c call) {
	state, n := l.audit.attempt(c.reference)
	p, _ := l.api.Payment(c.reference)
	var body struct{ CancelTransactionOnly bool }
	_ = json.Unmarshal(c.body, &body)
	if a := state.Attempts[n-1]; p.State == "CREATED" && a.Release == trip.IfUnapproved && !body.CancelTransactionOnly {
		l.broken("rule 9: %s would undo an approval that comes first", c)
	}
}
