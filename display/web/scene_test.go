package web

import (
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/money"
)

// TestEverythingIsEscaped: names and numbers come from configuration and from the
// meter, and must never become markup.
func TestEverythingIsEscaped(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>`
	v := view(display.Due, "", code, actions(display.Actions()...), func(v *display.View) {
		v.Vehicle, v.Brand, v.Trip = evil, evil, evil
		v.Reason, v.Amount.Currency = display.Reason(evil), money.Currency(evil)
		v.Faults = []display.Fault{display.Fault(evil)}
		v.Parts = []display.Part{{Label: display.Label(evil), Amount: nok(1)}}
		v.Driver.Notice = display.Notice{Key: evil, Trip: evil}
		v.Driver.Network, v.Driver.Meter = display.Network(evil), display.Health(evil)
		v.Driver.Trips = []display.TripLine{{Trip: evil, Screen: display.Screen(evil), Reason: display.Reason(evil)}}
	})
	f := testRenderer(t).frame(v)
	for as := range f.pages {
		require.NotContains(t, f.html(as).String(), "<script", "%v", as)
		require.NotContains(t, f.html(as).String(), `"">`, "%v", as)
	}
}

// TestUnknownWordsStillShowSomething: a View of a newer terminal must not blank
// the screen.
func TestUnknownWordsStillShowSomething(t *testing.T) {
	t.Parallel()
	f := testRenderer(t).frame(view("dancing", "why-not"))
	require.Contains(t, f.html(variant{passenger, "nb"}).String(), `data-screen="starting"`)
	require.Contains(t, f.html(variant{driver, "nb"}).String(), "Starter")
}

// TestACodeThatCannotBeDrawn leaves the amount on the screen, and the text of the
// code out of the log.
func TestACodeThatCannotBeDrawn(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	o := options()
	o.Log = log.logger()
	r, err := newRenderer(o)
	require.NoError(t, err)
	long := strings.Repeat(vippsText, 100)
	html := r.frame(view(display.Due, "", func(v *display.View) { v.QR = long })).html(variant{passenger, "nb"}).String()
	require.Contains(t, html, "286,50")
	require.Contains(t, html, "Koden kan ikke vises")
	require.NotContains(t, html, "Skann koden", "there is nothing to scan")
	require.Contains(t, log.String(), "draw the code")
	require.NotContains(t, log.String(), "qr.vipps.no")
}

// TestCodeOnlyWhileDue: a code that is left in a View must not be scanned when the
// request is over.
func TestCodeOnlyWhileDue(t *testing.T) {
	t.Parallel()
	r := testRenderer(t)
	for _, s := range display.Screens() {
		html := r.frame(view(s, "", code)).html(variant{passenger, "en"}).String()
		require.Equal(t, s == display.Due, strings.Contains(html, `class="code"`), string(s))
	}
}

// TestAmountStandsInPlainText, as a client that reads the stream relies on.
func TestAmountStandsInPlainText(t *testing.T) {
	t.Parallel()
	r := testRenderer(t)
	for _, s := range []display.Screen{display.Hired, display.Connecting, display.Due, display.Approved, display.Paid} {
		f := r.frame(view(s, "", amount(28650)))
		require.Contains(t, f.html(variant{passenger, "nb"}).String(), "286,50", string(s))
		require.Contains(t, f.html(variant{passenger, "en"}).String(), "286.50", string(s))
		require.Contains(t, f.html(variant{driver, "nb"}).String(), "286,50", string(s))
	}
}

// TestReasonsAreForTheScreensTheyExplain: "the code comes with the network" would be
// a lie while the request is being withdrawn.
func TestReasonsAreForTheScreensTheyExplain(t *testing.T) {
	t.Parallel()
	r := testRenderer(t)
	for _, s := range display.Screens() {
		html := r.frame(view(s, display.ReasonOffline)).html(variant{passenger, "en"}).String()
		explained := s == display.Connecting || s == display.Failed || s == display.Settled
		require.Equal(t, explained, strings.Contains(html, "No coverage right now"), string(s))
	}
}

func TestOnlyListedActionsHaveButtons(t *testing.T) {
	t.Parallel()
	r := testRenderer(t)
	for _, listed := range [][]display.Action{nil, {display.ActionCash}, {display.ActionNew, display.ActionCancel}, display.Actions()} {
		html := r.frame(view(display.Due, "", actions(listed...))).html(variant{driver, "nb"}).String()
		require.Equal(t, len(listed), strings.Count(html, "data-action="))
		require.Equal(t, len(listed), strings.Count(html, `data-trip="0042" data-confirm=`))
		require.NotContains(t, r.frame(view(display.Due, "", actions(listed...))).html(variant{locked, "nb"}).String(),
			"data-action=", "no buttons before the PIN")
	}
}

func TestConfirmOnlyWhileARequestIsLive(t *testing.T) {
	t.Parallel()
	live := map[display.Screen]bool{
		display.Connecting: true, display.Due: true, display.Sent: true, display.Releasing: true, display.Approved: true,
	}
	r := testRenderer(t)
	for _, s := range display.Screens() {
		html := r.frame(view(s, "", actions(display.ActionCash))).html(variant{driver, "nb"}).String()
		require.Equal(t, live[s], strings.Contains(html, "data-confirm="), string(s))
	}
}

// TestLockedShowsNoTrips: past trips are nobody's business before the PIN.
func TestLockedShowsNoTrips(t *testing.T) {
	t.Parallel()
	f := testRenderer(t).frame(view(display.Due, "", code))
	require.Contains(t, f.html(variant{driver, "nb"}).String(), "189,00")
	require.NotContains(t, f.html(variant{locked, "nb"}).String(), "189,00")
	require.Contains(t, f.html(variant{locked, "nb"}).String(), "286,50", "the state is there")
}

func TestChips(t *testing.T) {
	t.Parallel()
	r := testRenderer(t)
	for _, tt := range []struct {
		driver display.Driver
		want   []Chip
	}{
		{display.Driver{}, []Chip{{"wait", "Network: unknown"}, {"wait", "Meter: starting"}, {"good", "All sent"}}},
		{
			display.Driver{Network: display.NetworkUp, Meter: display.HealthOK, Queue: display.Queue{Pending: 2}},
			[]Chip{{"good", "Network OK"}, {"good", "Meter OK"}, {"wait", "2 in queue"}},
		},
		{
			display.Driver{Network: display.NetworkDown, Meter: display.HealthSilent, Queue: display.Queue{Pending: 2, Parked: 1}},
			[]Chip{{"bad", "No network"}, {"bad", "Meter silent"}, {"bad", "1 with office"}},
		},
	} {
		s := r.scene(display.View{Driver: tt.driver}, r.set.Match("en"))
		require.Equal(t, tt.want, s.Chips())
	}
}

// TestWhatCannotBeReadIsNotClaimed: records that are lost do not say "All sent".
func TestWhatCannotBeReadIsNotClaimed(t *testing.T) {
	t.Parallel()
	v := display.View{Screen: display.OutOfOrder, Faults: []display.Fault{display.FaultDiskGone}, Driver: display.Driver{Unread: true}}
	page := testRenderer(t).frame(v).html(variant{driver, "en"}).String()
	require.Contains(t, page, "The records are missing")
	require.Contains(t, page, "Cannot be read now")
	for _, claim := range []string{"All sent", "No trips yet", "Meter: starting", `data-open="shift"`} {
		require.NotContains(t, page, claim)
	}
}

// TestTripTimesAreLocal: the list is in the driver's time, whatever the terminal
// counts in.
func TestTripTimesAreLocal(t *testing.T) {
	t.Parallel()
	o := options()
	o.Location = time.FixedZone("CEST", 2*60*60)
	r, err := newRenderer(o)
	require.NoError(t, err)
	require.Contains(t, r.frame(view(display.Idle, "")).html(variant{driver, "nb"}).String(), ">16:00<")
}

// TestRenderedOncePerLanguage: many pages that wake at once get the same bytes
// and do not do the work again.
func TestRenderedOncePerLanguage(t *testing.T) {
	t.Parallel()
	f := testRenderer(t).frame(view(display.Due, "", code))
	var all sync.WaitGroup
	first := f.html(variant{passenger, "nb"}).String()
	for range 20 {
		all.Go(func() {
			again := f.html(variant{passenger, "nb"}).String()
			require.Same(t, unsafe.StringData(first), unsafe.StringData(again))
			f.html(variant{driver, "en"})
		})
	}
	all.Wait()
}

func BenchmarkRender(b *testing.B) {
	r := testRenderer(b)
	v := view(display.Due, "", parts, code)
	for b.Loop() {
		if r.frame(v).html(variant{passenger, "nb"}).String() == "" {
			b.Fatal("nothing rendered")
		}
	}
}

func TestAReceiptOfTheNightInWhichTheClockIsPutBack(t *testing.T) {
	t.Parallel()
	oslo, err := time.LoadLocation("Europe/Oslo")
	require.NoError(t, err)
	r := testRenderer(t)
	r.location = oslo
	s := r.scene(view(display.Idle, ""), r.set.Default())
	begun := time.Date(2026, 10, 25, 0, 50, 0, 0, time.UTC)
	require.Contains(t, s.span(begun, begun.Add(20*time.Minute)), "02:50 CEST–02:10 CET")
	require.NotContains(t, s.span(begun.Add(2*time.Hour), begun.Add(3*time.Hour)), "CE")
}
