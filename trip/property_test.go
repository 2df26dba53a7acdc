package trip

import (
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/money"
)

// world is one trip against a ledger, with everybody doing anything at any time:
// the meter, the driver, the passenger, and a network that loses requests and
// answers.
type world struct {
	s       State
	l       *ledger
	queue   []Command // FIFO, as the outbox keeps it
	shown   []money.Minor
	tips    money.Minor // the largest tip ever chosen
	byHand  bool        // a person settled it otherwise and nothing was shown or asked since
	stale   []Event     // answers that were read but not yet handed over
	shownAt map[string]money.Minor
}

func newWorld(terms Terms) *world {
	w := &world{l: newLedger(), shownAt: map[string]money.Minor{}}
	w.s, _ = Step(State{}, time.Time{}, Begun{ID: ID{"T122", "K7Q2X", 42}, Currency: money.NOK, Terms: terms})
	return w
}

func (w *world) step(t require.TestingT, e Event) {
	before := w.s
	attempts := slices.Clone(before.Attempts)
	after, cmds := Step(before, time.Time{}, e)
	require.Equal(t, attempts, before.Attempts, "Step wrote to its input")
	w.track(e, before, after)
	for _, c := range cmds {
		w.checkCommand(t, after, c)
	}
	w.queue = append(w.queue, cmds...)
	w.s = after
	w.checkState(t)
}

func (w *world) track(e Event, before, after State) {
	if Check(before, e) != Allowed {
		return
	}
	switch e := e.(type) {
	case FareShown:
		w.shown = append(w.shown, e.Fare.Total)
		w.byHand = w.byHand && after.Phase == Settled
	case Vacated:
		if e.Fare != nil {
			w.shown = append(w.shown, e.Fare.Total)
			w.byHand = w.byHand && after.Phase == Settled
		}
	case FareTyped:
		w.shown = append(w.shown, e.Total)
		w.byHand = w.byHand && after.Phase == Settled
	case WebAsked:
		w.tips = max(w.tips, e.Tip)
		w.byHand = w.byHand && after.Phase == Settled
	case TipChosen:
		w.tips = max(w.tips, e.Tip)
	case SettledBy:
		w.byHand = true
	case NewAsked, SendAsked, Resumed:
		w.byHand = w.byHand && after.Phase == Settled
	}
}

func (w *world) checkCommand(t require.TestingT, s State, c Command) {
	require.NotContains(t, w.l.answers, c.Key, "rule 4: a new command has a new key")
	for _, q := range w.queue {
		require.NotEqual(t, q.Key, c.Key, "rule 4: a new command has a new key")
	}
	require.Equal(t, Key(c.Reference, c.Op, callNumber(s, c)), c.Key, "rule 4: keys are derived")
	a := s.Attempts[c.N-1]
	switch c.Op {
	case OpCreate:
		require.Contains(t, w.shown, s.Fare.Total, "rule 1: only an amount the meter gave")
		require.Empty(t, s.Fare.Doubt, "rule 10: no doubtful amount")
		require.Equal(t, s.Owed()-s.Otherwise-s.Held(), c.Amount, "rule 1: only the difference")
		require.NotEqual(t, Hired, s.Phase, "rule 1: never while the fare runs")
		require.False(t, s.TipOffered(), "not before the tip is settled")
		require.False(t, !a.To.Nobody() && a.Share != "", "who is known is not asked who they are")
		require.False(t, s.Unshared && a.Share != "", "who would not share is not asked again")
		for ref, p := range w.l.payments {
			require.NotEqual(t, "CREATED", p.state, "rule 2: %s can still be approved", ref)
		}
	case OpCapture:
		require.LessOrEqual(t, c.Amount, a.Uncaptured(), "rule 3")
		require.LessOrEqual(t, c.Amount, s.Owed()-s.Otherwise-s.Captured(), "rule 3: never more than owed")
		require.False(t, w.byHand, "rule 8: captured after it was settled otherwise")
	case OpCancel:
		if c.TransactionOnly {
			require.True(t, a.State.Live(), "rule 9")
		}
	}
}

func callNumber(s State, c Command) int {
	if c.Op == OpCreate {
		return 1
	}
	return s.Attempts[c.N-1].call(c.Op).N
}

func (w *world) checkState(t require.TestingT) {
	live := 0
	for _, a := range w.s.Attempts {
		if a.State.Live() {
			live++
		}
		require.LessOrEqual(t, a.Captured, a.Authorized, "rule 3")
		require.LessOrEqual(t, a.Authorized, a.Asked, "rule 3")
		require.LessOrEqual(t, a.Captured+a.Cancelled, a.Authorized, "rule 3")
	}
	require.LessOrEqual(t, live, 1, "rule 2")
	var captured money.Minor
	for _, p := range w.l.payments {
		require.LessOrEqual(t, p.captured, p.authorized, "rule 3 at the API")
		require.LessOrEqual(t, p.authorized, p.asked, "rule 3 at the API")
		captured += p.captured
	}
	require.LessOrEqual(t, captured, w.most(), "nobody is charged more than the meter ever showed")
	if w.s.Phase == Settled && w.s.Settlement == Paid {
		require.GreaterOrEqual(t, captured+w.s.Otherwise, w.s.Owed(), "rule 7")
	}
	for i := range w.s.Attempts {
		a := &w.s.Attempts[i]
		for _, op := range []Op{OpCapture, OpCancel, OpRefund} {
			require.Equal(t, a.call(op).Open, w.queued(a.N, op), "an open %s is in the queue", op)
		}
	}
}

func (w *world) queued(n int, op Op) bool {
	return slices.ContainsFunc(w.queue, func(c Command) bool { return c.N == n && c.Op == op })
}

func (w *world) most() money.Minor {
	most := w.tips
	if len(w.shown) > 0 {
		most += slices.Max(w.shown)
	}
	return most
}

// deliver sends the head of the queue as the terminal does: a create that is no
// longer wanted and is not there is voided, everything else is carried out. The
// network may lose the request or the answer; then the command stays.
func (w *world) deliver(t require.TestingT, loseRequest, loseAnswer bool) {
	if len(w.queue) == 0 || loseRequest {
		return
	}
	c := w.queue[0]
	a := w.s.Attempts[c.N-1]
	if c.Op == OpCreate && a.Claimed && w.l.payments[c.Reference] != nil { // the phone was first: adopted
		w.l.answers[c.Key] = c
		w.queue = w.queue[1:]
		w.step(t, Created{N: c.N})
		w.step(t, Observed{N: c.N, Payment: w.l.payments[c.Reference].seen()})
		return
	}
	if c.Op == OpCreate && a.State == AttemptReleasing && !a.Claimed && w.l.payments[c.Reference] == nil {
		w.queue = w.queue[1:]
		w.step(t, CreateVoided{N: c.N})
		return
	}
	require.NoError(t, w.l.call(c))
	if loseAnswer {
		return
	}
	w.queue = w.queue[1:]
	w.step(t, w.l.answer(c))
}

// refuse lets the API say no to the head of the queue, for good.
func (w *world) refuse(t require.TestingT, conflict bool) {
	if len(w.queue) == 0 {
		return
	}
	c := w.queue[0]
	if _, executed := w.l.answers[c.Key]; executed {
		return // the API answers a repeated key as it did the first time
	}
	a := w.s.Attempts[c.N-1]
	if c.Op == OpCreate && w.l.payments[c.Reference] != nil {
		return // the phone was first: the API has it and refuses nothing
	}
	w.queue = w.queue[1:]
	switch {
	case c.Op == OpProfile || c.Op == OpReceipt:
		w.step(t, w.l.answer(c))
		return
	case c.Op == OpCreate && !conflict && !a.To.Nobody():
		w.step(t, CreateRejected{N: c.N, Code: "5080", Without: ExtraPush})
		return
	case c.Op == OpCreate && !conflict && a.ReturnURL == "" && a.Share != "":
		w.step(t, CreateRejected{N: c.N, Code: "4080", Without: ExtraShare})
		return
	case c.Op == OpCreate:
		w.step(t, CreateRejected{N: c.N, Code: "5040", Conflict: conflict})
		return
	}
	w.step(t, CallRejected{N: c.N, Op: c.Op, Code: "6080", Payment: w.l.payments[c.Reference].seen()})
}

// ride is the ordinary way: an amount, a code, an approval, a capture.
func (w *world) ride(t require.TestingT, total money.Minor) {
	w.step(t, FareShown{Fare{Total: total}})
	w.deliver(t, false, false)
	n := len(w.s.Attempts)
	w.payment(n).approve()
	w.poll(t, n)
	w.deliver(t, false, false)
}

func (w *world) poll(t require.TestingT, n int) {
	if n < 1 || n > len(w.s.Attempts) {
		return
	}
	if p := w.l.payments[w.s.ID.Reference(n)]; p != nil && w.s.Attempts[n-1].Known {
		w.step(t, Observed{N: n, Payment: p.seen()})
	}
}

func (w *world) payment(n int) *payment {
	if p := w.l.payments[w.s.ID.Reference(n)]; p != nil {
		return p
	}
	return &payment{}
}

// drain lets the network be well, the passenger leave and the meter go For Hire.
func (w *world) drain(t require.TestingT) {
	for range 50 {
		for range len(w.queue) {
			w.deliver(t, false, false)
		}
		for n := range w.s.Attempts {
			w.payment(n + 1).end("EXPIRED")
			w.poll(t, n+1)
		}
		if w.s.Closed() {
			return
		}
		w.step(t, RetryAsked{})
		w.step(t, Vacated{})
		w.step(t, GraceOver{})
	}
}

// TestMain raises the number of random trips from the library's default of 100.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("2000")
	}
	os.Exit(m.Run())
}

func TestRulesHoldOverAnyOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(Terms{
			Share:   rapid.SampledFrom([]string{"", "phoneNumber"}).Draw(t, "share"),
			Tip:     rapid.Bool().Draw(t, "tip offered"),
			Receipt: rapid.SampledFrom([]ReceiptTime{ReceiptNever, ReceiptAtCreate, ReceiptAtEnd}).Draw(t, "receipt"),
		})
		amount := rapid.SampledFrom([]money.Minor{0, 40, 9900, 25000, 25050, 30000, 70_000_000})
		doubt := rapid.SampledFrom([]Doubt{"", "", "", "", DoubtSum, DoubtGap})
		attempt := rapid.IntRange(1, 4)
		t.Repeat(map[string]func(*rapid.T){
			"fare": func(t *rapid.T) {
				w.step(t, FareShown{Fare{Total: amount.Draw(t, "total"), Doubt: doubt.Draw(t, "doubt")}})
			},
			"ride":   func(t *rapid.T) { w.ride(t, amount.Draw(t, "total")) },
			"refuse": func(t *rapid.T) { w.refuse(t, rapid.Bool().Draw(t, "conflict")) },
			"retry":  func(t *rapid.T) { w.step(t, RetryAsked{}) },
			"resume": func(t *rapid.T) { w.step(t, Resumed{}) },
			"vacate": func(t *rapid.T) {
				var f *Fare
				if rapid.Bool().Draw(t, "with fare") {
					f = &Fare{Total: amount.Draw(t, "total")}
				}
				w.step(t, Vacated{f})
			},
			"meter lost": func(t *rapid.T) { w.step(t, MeterLost{}) },
			"gap":        func(t *rapid.T) { w.step(t, GapSeen{}) },
			"tip":        func(t *rapid.T) { w.step(t, TipChosen{amount.Draw(t, "tip") % 10000}) },
			"page": func(t *rapid.T) {
				w.step(t, WebAsked{N: len(w.s.Attempts) + 1, ReturnURL: "https://fleet.example/r", Tip: amount.Draw(t, "tip") % 10000, Share: rapid.Bool().Draw(t, "share")})
			},
			"claim": func(t *rapid.T) { w.step(t, ClaimShown{attempt.Draw(t, "n")}) },
			"phone": func(t *rapid.T) { // carries the fare of a claim that was shown
				n := attempt.Draw(t, "n")
				if n > len(w.s.Attempts) || !w.s.Attempts[n-1].Claimed {
					return
				}
				ref := w.s.ID.Reference(n)
				if w.s.Attempts[n-1].State == AttemptRejected {
					return // the gateway lets nobody create what the car was refused
				}
				if w.l.payments[ref] == nil {
					w.l.payments[ref] = &payment{state: "CREATED", asked: w.s.Attempts[n-1].Asked}
				}
				w.payment(n).approve()
				if rapid.Bool().Draw(t, "code") && w.payment(n).state == "AUTHORIZED" {
					w.step(t, CodeTaken{n})
				}
			},
			"typed":   func(t *rapid.T) { w.step(t, FareTyped{amount.Draw(t, "typed")}) },
			"send":    func(t *rapid.T) { w.step(t, SendAsked{Recipient{ToTyped, 3}}) },
			"cash":    func(t *rapid.T) { w.step(t, SettledBy{Cash}) },
			"card":    func(t *rapid.T) { w.step(t, SettledBy{Card}) },
			"cancel":  func(t *rapid.T) { w.step(t, CancelAsked{}) },
			"new":     func(t *rapid.T) { w.step(t, NewAsked{}) },
			"refund":  func(t *rapid.T) { w.step(t, RefundAsked{Amount: amount.Draw(t, "refund")}) },
			"grace":   func(t *rapid.T) { w.step(t, GraceOver{}) },
			"approve": func(t *rapid.T) { w.payment(attempt.Draw(t, "n")).approve() },
			"reject":  func(t *rapid.T) { w.payment(attempt.Draw(t, "n")).end("ABORTED") },
			"expire":  func(t *rapid.T) { w.payment(attempt.Draw(t, "n")).end("EXPIRED") },
			"poll":    func(t *rapid.T) { w.poll(t, attempt.Draw(t, "n")) },
			"deliver": func(t *rapid.T) {
				w.deliver(t, rapid.Bool().Draw(t, "lose request"), rapid.Bool().Draw(t, "lose answer"))
			},
			"late answer": func(t *rapid.T) { // a poll that was under way while other things happened
				n := attempt.Draw(t, "n")
				if n <= len(w.s.Attempts) && w.s.Attempts[n-1].Known {
					w.stale = append(w.stale, Observed{N: n, Payment: w.payment(n).seen()})
				}
				if len(w.stale) > 2 {
					w.step(t, w.stale[0])
					w.stale = w.stale[1:]
				}
			},
		})
		w.drain(t)
		require.True(t, w.s.Closed(), "every trip ends: %+v", w.s)
		require.Empty(t, w.queue)
		for ref, p := range w.l.payments {
			require.Equal(t, p.authorized, p.captured+min(p.cancelled, p.authorized), "%s: nothing stays reserved", ref)
		}
	})
}
