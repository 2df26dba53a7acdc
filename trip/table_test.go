package trip

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A situation is a state that a trip can be in, told by the events that lead to it.
// Every state of an attempt and every phase is among them.
type situation struct {
	name   string
	events []Event
}

const total = 25000

var (
	begun      = Begun{ID: ID{"T122", "K7Q2X", 42}, Currency: money.NOK}
	tipping    = Begun{ID: begun.ID, Currency: money.NOK, Terms: Terms{Tip: true}}
	sharing    = Begun{ID: begun.ID, Currency: money.NOK, Terms: Terms{Share: "phoneNumber", Receipt: ReceiptAtCreate}}
	posting    = Begun{ID: begun.ID, Currency: money.NOK, Terms: Terms{Receipt: ReceiptAtEnd}}
	send       = SendAsked{Recipient{ToContact, 7}}
	shown      = FareShown{Fare{Total: total}}
	createdOne = Created{N: 1, RedirectURL: "https://qr.example/1"}
	createdTwo = Created{N: 2, RedirectURL: "https://qr.example/2"}
)

func seen(n int, state string, amounts ...money.Minor) Observed {
	return ends(n, "", state, amounts...)
}

// ends is an answer that completes a call. Amounts: authorized, captured,
// cancelled, refunded.
func ends(n int, op Op, state string, amounts ...money.Minor) Observed {
	var a [4]money.Minor
	copy(a[:], amounts)
	return Observed{N: n, Ends: op, Payment: Payment{State: state,
		Authorized: a[0], Captured: a[1], Cancelled: a[2], Refunded: a[3]}}
}

func situations() []situation {
	var (
		hired      = []Event{begun}
		requested  = add(hired, shown)
		created    = add(requested, createdOne)
		authorized = add(created, seen(1, "AUTHORIZED", total))
		paid       = add(authorized, ends(1, OpCapture, "AUTHORIZED", total, total))
		resumed    = add(paid, Resumed{})
		cash       = add(created, SettledBy{Cash})
		web        = add(hired, shown, createdOne, WebAsked{N: 2, ReturnURL: "https://fleet.example/r/2"}, ends(1, OpCancel, "TERMINATED", 0, 0, total), createdTwo)
		claimed    = add(requested, ClaimShown{N: 1})
		offered    = []Event{tipping, shown}
		tipped     = add(offered, TipChosen{2500}, createdOne)
		asked      = []Event{sharing, shown, createdOne}
		sent       = add(hired, shown, createdOne, send, ends(1, OpCancel, "TERMINATED", 0, 0, total), createdTwo)
		shared     = add(asked, seen(1, "AUTHORIZED", total), ends(1, OpCapture, "AUTHORIZED", total, total))
	)
	return []situation{
		{"vacant", nil},
		{"hired", hired},
		{"due, requested", requested},
		{"due, created", created},
		{"due, authorized", authorized},
		{"due, declined", add(created, seen(1, "ABORTED"))},
		{"due, expired and asked again", add(created, seen(1, "EXPIRED"))},
		{"due, ended in the app", add(created, seen(1, "TERMINATED"))},
		{"due, refused", add(requested, CreateRejected{N: 1, Code: "5040"})},
		{"due, cancel undecided", add(created, CancelAsked{})},
		{"due, cancelled before the create arrived", add(requested, CancelAsked{})},
		{"due, cancelled", add(created, CancelAsked{}, ends(1, OpCancel, "TERMINATED", 0, 0, total))},
		{"due, new code awaits the old one's end", add(created, NewAsked{})},
		{"due, doubtful", add(hired, FareShown{Fare{Total: total, Doubt: DoubtSum}})},
		{"due, too small", add(hired, FareShown{Fare{Total: 40}})},
		{"due, meter for hire", add(created, Vacated{})},
		{"due, grace over", add(created, Vacated{}, GraceOver{})},
		{"due, difference asked", add(resumed, FareShown{Fare{Total: total + 5000}})},
		{"due, corrected down", add(created, Resumed{}, FareShown{Fare{Total: total - 2000}}, seen(1, "AUTHORIZED", total), ends(1, OpCancel, "AUTHORIZED", total))},
		{"hired again, approved", add(created, Resumed{}, seen(1, "AUTHORIZED", total), ends(1, OpCancel, "AUTHORIZED", total))},
		{"hired again, paid so far", resumed},
		{"paid", paid},
		{"paid, meter for hire", add(paid, Vacated{})},
		{"paid, refund under way", add(paid, RefundAsked{Amount: 5000})},
		{"cash, request undecided", cash},
		{"cash, request withdrawn", add(cash, ends(1, OpCancel, "TERMINATED", 0, 0, total))},
		{"cash, approved late", add(cash, seen(1, "AUTHORIZED", total))},
		{"unpaid", add(created, Vacated{}, GraceOver{}, ends(1, OpCancel, "TERMINATED", 0, 0, total))},
		{"void", add(hired, FareShown{Fare{Total: 0}})},
		{"parked, capture refused", add(authorized, CallRejected{N: 1, Op: OpCapture, Code: "6260", Payment: Payment{State: "AUTHORIZED", Authorized: total}})},
		{"due, a tip is offered", offered},
		{"due, with a tip", tipped},
		{"due, tip changed", add(tipped, TipChosen{5000})},
		{"due, asked to share", asked},
		{"due, would not share", add(asked, seen(1, "ABORTED"))},
		{"due, send awaits the old one's end", add(created, send)},
		{"due, sent to a phone", sent},
		{"paid, what was shared is fetched", shared},
		{"paid, receipt is posted", []Event{posting, shown, createdOne, seen(1, "AUTHORIZED", total), ends(1, OpCapture, "AUTHORIZED", total, total)}},
		{"due, typed by the driver", add(hired, MeterLost{}, FareTyped{Total: total}, createdOne)},
		{"due, on a page", web},
		{"due, page awaits the old one's end", add(created, WebAsked{N: 2, ReturnURL: "https://fleet.example/r/2", Share: true})},
		{"due, claimed", claimed},
		{"due, claimed, cancelled", add(claimed, CancelAsked{})},
		{"due, paid by code", add(claimed, CodeTaken{N: 1})},
		{"due, paid by code, meter for hire", add(claimed, CodeTaken{N: 1}, Vacated{})},
		{"paid, typed by the driver", add(hired, FareTyped{Total: total}, createdOne, seen(1, "AUTHORIZED", total), ends(1, OpCapture, "AUTHORIZED", total, total))},
		{"parked, reference not ours", add(requested, CreateRejected{N: 1, Conflict: true})},
	}
}

func add(events []Event, more ...Event) []Event {
	return append(append([]Event(nil), events...), more...)
}

// columns are all events, each with the arguments that matter.
func columns() []struct {
	name  string
	event Event
} {
	return []struct {
		name  string
		event Event
	}{
		{"begun", begun},
		{"fare shown, the same", shown},
		{"fare shown, more", FareShown{Fare{Total: total + 5000}}},
		{"fare shown, less", FareShown{Fare{Total: total - 5000}}},
		{"fare shown, nothing", FareShown{Fare{Total: 0}}},
		{"fare shown, in doubt", FareShown{Fare{Total: total + 5000, Doubt: DoubtSum}}},
		{"resumed", Resumed{}},
		{"vacated", Vacated{}},
		{"vacated, more", Vacated{&Fare{Total: total + 5000}}},
		{"meter lost", MeterLost{}},
		{"gap seen", GapSeen{}},
		{"typed", FareTyped{Total: total}},
		{"tip", TipChosen{2500}},
		{"no tip", TipChosen{}},
		{"send", send},
		{"page pressed", WebAsked{N: 2, ReturnURL: "https://fleet.example/r/2", Tip: 1000}},
		{"claim 1 shown", ClaimShown{N: 1}},
		{"code 1 missed", CodeMissed{N: 1}},
		{"code 1 taken", CodeTaken{N: 1}},
		{"cash", SettledBy{Cash}},
		{"card", SettledBy{Card}},
		{"cancel", CancelAsked{}},
		{"new", NewAsked{}},
		{"refund", RefundAsked{Amount: 5000}},
		{"retry", RetryAsked{}},
		{"grace over", GraceOver{}},
		{"created 1", createdOne},
		{"created 2", createdTwo},
		{"create 1 voided", CreateVoided{N: 1}},
		{"create 1 rejected", CreateRejected{N: 1, Code: "5040"}},
		{"create 1 conflict", CreateRejected{N: 1, Conflict: true}},
		{"create 1 without push", CreateRejected{N: 1, Code: "5080", Without: ExtraPush}},
		{"create 1 without recipient", CreateRejected{N: 1, Code: "7010", Without: ExtraRecipient}},
		{"create 1 without share", CreateRejected{N: 1, Code: "4080", Without: ExtraShare}},
		{"1 CREATED", seen(1, "CREATED")},
		{"1 AUTHORIZED", seen(1, "AUTHORIZED", total)},
		{"1 AUTHORIZED, no amount yet", seen(1, "AUTHORIZED")},
		{"1 captured", ends(1, OpCapture, "AUTHORIZED", total, total)},
		{"1 cancelled after approval", ends(1, OpCancel, "AUTHORIZED", total, 0, total)},
		{"1 refunded", ends(1, OpRefund, "AUTHORIZED", total, total, 0, 5000)},
		{"1 ABORTED", seen(1, "ABORTED")},
		{"1 EXPIRED", seen(1, "EXPIRED")},
		{"1 TERMINATED", ends(1, OpCancel, "TERMINATED", 0, 0, total)},
		{"1 of an unknown state", seen(1, "SOMETHING_NEW")},
		{"capture 1 refused", CallRejected{N: 1, Op: OpCapture, Code: "6260", Payment: Payment{State: "AUTHORIZED", Authorized: total}}},
		{"cancel 1 refused", CallRejected{N: 1, Op: OpCancel, Code: "6250", Payment: Payment{State: "CREATED"}}},
		{"profile 1 learned", Profiled{N: 1, Contact: 7}},
		{"receipt 1 posted", ReceiptPosted{N: 1}},
		{"refund 1 refused", CallRejected{N: 1, Op: OpRefund, Code: "6220", Payment: Payment{State: "AUTHORIZED", Authorized: total, Captured: total}}},
	}
}

// TestEverySituationTimesEveryEvent writes what each event does in each situation
// as a table for people, and compares it with the reviewed one. "ignored" is an
// entry like any other.
func TestEverySituationTimesEveryEvent(t *testing.T) {
	var b strings.Builder
	for _, sit := range situations() {
		s := fold(t, sit.events)
		fmt.Fprintf(&b, "%s: %s\n", sit.name, describe(s))
		for _, c := range columns() {
			fmt.Fprintf(&b, "    %-28s %s\n", c.name, outcome(s, c.event))
		}
		b.WriteByte('\n')
	}
	const golden = "testdata/table.txt"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String(), "review the difference, then run with -update")
}

func TestTheTableHasEveryEventAndEveryState(t *testing.T) {
	kinds := map[Kind]bool{}
	for _, c := range columns() {
		kinds[c.event.Kind()] = true
	}
	for k := range decoders {
		require.True(t, kinds[k], "no column for %s", k)
	}
	phases, attempts := map[Phase]bool{}, map[AttemptState]bool{}
	for _, sit := range situations() {
		s := fold(t, sit.events)
		phases[s.Phase] = true
		for _, c := range append(columns(), columns()[0]) {
			after, _ := Step(s, time.Time{}, c.event)
			for _, a := range after.Attempts {
				attempts[a.State] = true
			}
		}
	}
	for _, p := range []Phase{Vacant, Hired, Due, Settled, Parked} {
		require.True(t, phases[p], "no situation in phase %q", p)
	}
	for _, a := range []AttemptState{AttemptRequested, AttemptCreated, AttemptReleasing, AttemptAuthorized, AttemptCaptured,
		AttemptReleased, AttemptAborted, AttemptExpired, AttemptTerminated, AttemptRejected, AttemptVoided} {
		require.True(t, attempts[a], "no situation leads to %q", a)
	}
}

func fold(t *testing.T, events []Event) State {
	var s State
	for _, e := range events {
		require.Equal(t, Allowed, Check(s, e), "%T in %s", e, describe(s))
		s, _ = Step(s, time.Time{}, e)
	}
	return s
}

func outcome(s State, e Event) string {
	if r := Check(s, e); r != Allowed {
		return "refused: " + string(r)
	}
	after, cmds := Step(s, time.Time{}, e)
	if after.Equal(s) && len(cmds) == 0 {
		return "ignored"
	}
	words := []string{describe(after)}
	for _, c := range cmds {
		words = append(words, "=> "+describeCommand(c))
	}
	return strings.Join(words, " ")
}

func describe(s State) string {
	w := []string{"vacant"}
	if s.Phase != Vacant {
		w = []string{string(s.Phase)}
	}
	if s.Settlement != "" {
		w = append(w, string(s.Settlement))
	}
	if s.Settlement == Otherwise {
		w = append(w, string(s.Means))
	}
	if s.Problem.Kind != "" {
		w = append(w, "("+strings.TrimSpace(string(s.Problem.Kind)+" "+s.Problem.Code)+")")
	}
	if s.Notice.Kind != "" {
		w = append(w, "!"+string(s.Notice.Kind))
	}
	for _, a := range s.Attempts {
		w = append(w, describeAttempt(a))
	}
	return strings.Join(w, " ")
}

func describeAttempt(a Attempt) string {
	w := fmt.Sprintf("[%d %s %d", a.N, a.State, a.Asked)
	if a.Release != Keep {
		w += " " + string(a.Release)
	}
	if !a.To.Nobody() {
		w += fmt.Sprintf(" to %s %d", a.To.Kind, a.To.ID)
	}
	if a.Share != "" {
		w += " asks " + a.Share
	}
	if a.ReturnURL != "" {
		w += " on a page"
	}
	switch {
	case a.ByCode:
		w += " by code"
	case a.Claimed:
		w += " claimed"
	}
	if a.Contact != 0 {
		w += fmt.Sprintf(" by contact %d", a.Contact)
	}
	for _, f := range []struct {
		name string
		v    money.Minor
	}{{"tip", a.Tip}, {"captured", a.Captured}, {"cancelled", a.Cancelled}, {"refunded", a.Refunded}} {
		if f.v != 0 {
			w += fmt.Sprintf(" %s %d", f.name, f.v)
		}
	}
	return w + "]"
}

func describeCommand(c Command) string {
	w := fmt.Sprintf("%s %d", c.Op, c.N)
	if c.Amount != 0 {
		w += fmt.Sprintf(" of %d", c.Amount)
	}
	if c.TransactionOnly {
		w += " if unapproved"
	}
	if c.After > 0 {
		w += fmt.Sprintf(" in %s", c.After)
	}
	return w
}
