package page

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

const (
	code      = "K7Q2X9M4T0RW5HYD"
	claimText = "AbC-dEf_0123456789"
	reference = "T122-K7Q2X-0042-1"
	landing   = "https://landing.example/?token=Zm9v&x=%2F~a"
)

var (
	sticker = Link{Sticker, code}
	claimed = Link{Claim, claimText}
	key     = []byte("0123456789abcdef0123456789abcdef")
)

// gateway is what the tests put in place of the real one.
type gateway struct {
	mu       sync.Mutex
	fares    map[Link]Fare
	payments map[string]Payment
	err      error // of Fare and Payment
	refuse   error // of Pay
	landing  string
	orders   []Order
	watchers []chan struct{}
	asked    int
	hurried  error // of the context that Pay was called with
}

func newGateway() *gateway {
	return &gateway{
		fares:    map[Link]Fare{sticker: due(), claimed: due()},
		payments: map[string]Payment{reference: paid()}, landing: landing,
	}
}

func (g *gateway) Fare(_ context.Context, l Link) (Fare, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	if g.err != nil {
		return Fare{}, g.err
	}
	f, ok := g.fares[l]
	if !ok {
		return Fare{}, ErrUnknown
	}
	return f, nil
}

func (g *gateway) Payment(_ context.Context, reference string) (Payment, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	if g.err != nil {
		return Payment{}, g.err
	}
	p, ok := g.payments[reference]
	if !ok {
		return Payment{}, ErrUnknown
	}
	return p, nil
}

func (g *gateway) Pay(ctx context.Context, _ Link, o Order) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hurried = ctx.Err()
	if g.refuse != nil {
		return "", g.refuse
	}
	g.orders = append(g.orders, o)
	return g.landing, nil
}

func (g *gateway) Watch(ctx context.Context, _ Link) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	news := make(chan struct{}, 1)
	g.watchers = append(g.watchers, news)
	return news
}

// set changes what there is and tells everybody.
func (g *gateway) set(l Link, f Fare) { g.change(func() { g.fares[l] = f }) }

// quietly changes what there is and tells nobody.
func (g *gateway) quietly(l Link, f Fare) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fares[l] = f
}

func (g *gateway) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
	for _, w := range g.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

func (g *gateway) pressed() []Order {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.orders)
}

func car() Car {
	return Car{
		Number: "T122", Operator: "Byens Taxi", Brand: "Vipps", Contact: "Byens Taxi, 40 00 00 00",
		Terms: "https://taxi.example/terms", Privacy: "https://taxi.example/privacy",
	}
}

func bill() Bill {
	return Bill{
		Trip: "T122-K7Q2X-0042", Number: "0042", Amount: money.Of(28650, money.NOK),
		Parts:  []Part{{receipt.Fare, 25050}, {receipt.Tolls, 3600}},
		Tips:   []Tip{{5, 1433}, {10, 2865}, {15, 4298}},
		Shares: []Share{SharePhone},
	}
}

func due() Fare { return Fare{Car: car(), State: Due, Bill: bill()} }

func in(s State) Fare {
	f := due()
	f.State = s
	return f
}

func plainBill(s State) Fare {
	f := in(s)
	f.Bill = Bill{Trip: f.Bill.Trip, Number: f.Bill.Number, Amount: f.Bill.Amount}
	return f
}

func paid() Payment {
	return Payment{
		Car: car(), State: Paid, Number: "0042", Amount: money.Of(31515, money.NOK),
		Receipt: &receipt.Receipt{
			Vehicle: "T122", Number: "0042", Currency: money.NOK, Ended: time.Date(2026, 11, 24, 6, 45, 0, 0, time.UTC),
			Lines: []receipt.Line{
				{Item: receipt.Fare, Total: 25050, Net: 22366, Tax: 2684, Rate: 1200, Quantity: "12.4", Unit: receipt.Kilometres},
				{Item: receipt.Tolls, Total: 3600, Net: 3214, Tax: 386, Rate: 1200},
				{Item: receipt.Tip, Total: 2865, Net: 2865},
			},
			Total: 31515, Taxes: []receipt.Tax{{Rate: 1200, Gross: 28650, Net: 25580, Tax: 3070}},
			Payments: []receipt.Payment{{Means: receipt.Vipps, Amount: 31515, Reference: reference}},
		},
		Again: sticker,
	}
}

func payment(s State) Payment {
	p := paid()
	p.State = s
	return p
}

func options(g Fares, change ...func(*Options)) Options {
	o := Options{
		Base: "https://pay.taxi.example", Key: key, Fares: g, Location: time.UTC,
		Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func pages(t testing.TB, g Fares, change ...func(*Options)) *Pages {
	t.Helper()
	p, err := New(options(g, change...))
	require.NoError(t, err)
	return p
}

// request makes one, from a phone that reads Norwegian.
func request(method, target string, form url.Values) *http.Request {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, target, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept-Language", "nb-NO,nb;q=0.9")
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	return serve(h, request(http.MethodGet, target, nil))
}

func post(h http.Handler, target string, form url.Values) *httptest.ResponseRecorder {
	return serve(h, request(http.MethodPost, target, form))
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]*)"`)

// token is the one on a page.
func token(t testing.TB, html string) string {
	t.Helper()
	m := tokenField.FindStringSubmatch(html)
	require.NotNil(t, m, "no form on the page")
	return m[1]
}

func (p *Pages) back(reference string) string {
	return strings.TrimPrefix(p.returnTo("")(reference), p.base.String())
}

// safeBuffer is a log that several goroutines write and a test reads.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *safeBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// waitForStreams until there are so many, or as many as there are after a while.
func waitForStreams(p *Pages, want int) int {
	deadline := time.After(10 * time.Second)
	for p.Stats().Streams != want {
		select {
		case <-deadline:
			return p.Stats().Streams
		case <-time.After(5 * time.Millisecond):
		}
	}
	return want
}

func body(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }
