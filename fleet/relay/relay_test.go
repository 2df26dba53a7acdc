package relay_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
	"taxiterminal/fleet/relay"
	"taxiterminal/money"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

const (
	reference = "T122-K7Q2X-0042-1"
	phone     = "4791234567"
	fare      = money.Minor(28650)
	// patience is how long both ways wait for the API.
	patience = 600 * time.Millisecond
)

// world is one API, and the way to it: straight, or through gateway and link.
type world struct {
	sim    *vippstest.Sim
	base   string
	client atomic.Pointer[vipps.Client] // the merchant's
	car    *link.Car                    // nil: straight
	logs   *logBook
}

func direct(t testing.TB) *world {
	sim := vippstest.New(vippstest.Options{Seed: 7})
	server, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close(); _ = server.Close() })
	w := &world{sim: sim, base: server.URL(), logs: &logBook{}}
	w.anew(t)
	t.Cleanup(func() { w.client.Load().CloseIdleConnections() })
	return w
}

// anew gives the merchant a client that knows nothing of the past: tokens that were
// refused would be waited for.
func (w *world) anew(t testing.TB) {
	if old := w.client.Load(); old != nil {
		old.CloseIdleConnections()
	}
	client, err := vipps.New(vipps.Config{
		BaseURL: w.base, MSN: vippstest.DefaultMSN, ClientID: vippstest.DefaultClientID,
		ClientSecret: vipps.NewSecret(vippstest.DefaultClientSecret), SubscriptionKey: vipps.NewSecret(vippstest.DefaultSubscriptionKey),
		System: vipps.System{Name: "taxi-terminal", Version: "1", PluginName: "test", PluginVersion: "1"},
	})
	require.NoError(t, err)
	w.client.Store(client)
}

// pay is what the terminal uses.
func (w *world) pay() relay.API {
	if w.car != nil {
		return w.car
	}
	return w.client.Load()
}

// relayed has a car of vehicle T122 whose calls go through as many gateways.
func relayed(t testing.TB, gateways int) *world {
	w := direct(t)
	nats := linktest.New(t, 1)
	r := relay.New(relay.Config{
		Car: func(_ context.Context, terminal string) (relay.Car, bool) {
			return relay.Car{Vehicle: "T122", Merchant: "nord", Currency: money.NOK, Limit: 500_000}, terminal == nats.Terminals[0].ID
		},
		Merchant: func(name string) (relay.API, bool) { return w.client.Load(), name == "nord" },
		Log:      slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	for range gateways {
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		nc := nats.Gateway(t)
		wg.Go(func() {
			err := link.Serve(ctx, nc, link.Handler{Pay: r.Pay}, link.ServeOptions{Deadline: patience})
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		t.Cleanup(func() { cancel(); wg.Wait() })
		linktest.Eventually(t, func() bool { return nc.NumSubscriptions() >= 2 })
		require.NoError(t, nc.Flush())
	}
	w.car, _ = nats.Car(t, nats.Terminals[0])
	return w
}

type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func encode(t testing.TB, v interface{ Encode() ([]byte, error) }) []byte {
	t.Helper()
	body, err := v.Encode()
	require.NoError(t, err)
	return body
}

func request(reference string) vipps.CreatePayment {
	return vipps.CreatePayment{Amount: money.Of(fare, money.NOK), Reference: reference, Flow: vipps.QR{}, Description: "Taxi T122, trip 0042"}
}

func some(v money.Minor) vipps.Modification {
	return vipps.Modification{Amount: money.Of(v, money.NOK)}
}

// What a passenger starts on the gateway's page comes back to that page.
func TestAPaymentFromThePageComesBackToIt(t *testing.T) {
	w := relayed(t, 1)
	p := request(reference)
	p.Flow = vipps.WebRedirect{ReturnURL: "https://fleet.example/r/" + reference + "?t=1"}
	res := w.pay().Create(t.Context(), reference+"-create-1", encode(t, p))
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.NotEmpty(t, res.Payment.RedirectURL)
}

// Everything that a terminal does with its client works the same way through the
// gateway, with receipt, recipient, sharing and codes.
func TestATerminalDoesEverythingThroughTheGateway(t *testing.T) {
	w := relayed(t, 2)
	ctx := t.Context()
	p := request(reference)
	p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber(phone)}
	p.Scope = []vipps.Scope{vipps.ScopeName}
	p.Metadata = map[string]string{"vehicle": "T122", "trip": "0042"}
	res := w.pay().Create(ctx, reference+"-create-1", encode(t, p))
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.NoError(t, w.sim.Act(reference, vippstest.Approve, 0))
	res = w.pay().Get(ctx, reference)
	require.Equal(t, fare, res.Payment.Authorized)
	require.False(t, res.Date.IsZero(), "the car sets its clock by the API")
	require.NotEmpty(t, res.Payment.Person.Name())
	person, res2 := w.pay().Userinfo(ctx, res.Payment.Sub)
	require.Equal(t, vipps.Done, res2.Kind, "%v", res2.Err)
	require.Equal(t, res.Payment.Person.Name(), person.Name())
	require.Equal(t, money.Minor(20000), w.pay().Capture(ctx, reference, reference+"-capture-1", encode(t, some(20000))).Payment.Captured)
	require.Equal(t, money.Minor(8650), w.pay().Cancel(ctx, reference, reference+"-cancel-1", encode(t, vipps.Cancellation{})).Payment.Cancelled)
	require.Equal(t, money.Minor(500), w.pay().Refund(ctx, reference, reference+"-refund-1", encode(t, some(500))).Payment.Refunded)
	receipt, err := vipps.Receipt{Lines: []vipps.Line{{ID: "trip", Name: "Taxi", Total: 20000, TaxRate: 1200}}, Number: "1"}.Encode(money.Of(20000, money.NOK))
	require.NoError(t, err)
	require.Equal(t, vipps.Done, w.pay().PostReceipt(ctx, reference, receipt).Kind)

	code := vipps.RedirectCode{ID: "taxi-T122-7GK2QX", Target: "https://example.com/first"}
	_, res = w.pay().CreateCode(ctx, code, vipps.CodeText)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	svg, res := w.pay().RetargetCode(ctx, vipps.RedirectCode{ID: code.ID, Target: "https://example.com/second"}, vipps.CodeSVG)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	picture, res := w.pay().DownloadCode(ctx, svg.URL)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.Contains(t, string(picture), "<svg")
	got, _ := w.pay().Code(ctx, code.ID, vipps.CodeText)
	require.Equal(t, "https://example.com/second", got.Target)
	require.Equal(t, vipps.Done, w.pay().DestroyCode(ctx, code.ID).Kind)
	require.NoError(t, w.sim.Check())
}

// What a car that was tampered with might send: none of it reaches the API.
func TestWhatIsNotTheCarsIsNotLetThrough(t *testing.T) {
	good := encodeGood(t)
	edit := func(old, new string) []byte {
		require.Contains(t, string(good), old)
		return []byte(strings.Replace(string(good), old, new, 1))
	}
	create := func(body []byte) link.Pay {
		return link.Pay{Op: vipps.OpCreate, Reference: reference, Key: reference + "-create-1", Body: body}
	}
	capture := func(body string) link.Pay {
		return link.Pay{Op: vipps.OpCapture, Reference: reference, Key: reference + "-capture-1", Body: []byte(body)}
	}
	other := "T123-K7Q2X-0042-1"
	for name, p := range map[string]link.Pay{
		"another car's payment":                 {Op: vipps.OpGet, Reference: other},
		"a vehicle that begins alike":           {Op: vipps.OpGet, Reference: "T1222-K7Q2X-0042-1"},
		"no reference":                          {Op: vipps.OpGet},
		"a path":                                {Op: vipps.OpGet, Reference: "T122-K7Q2X-0042-1/../" + other},
		"a reference that is none of ours":      {Op: vipps.OpGet, Reference: "T122-invoice-1"},
		"another car's capture":                 {Op: vipps.OpCapture, Reference: other, Key: other + "-capture-1", Body: encode(t, some(1))},
		"another car's refund":                  {Op: vipps.OpRefund, Reference: other, Key: other + "-refund-1", Body: encode(t, some(1))},
		"another car's cancel":                  {Op: vipps.OpCancel, Reference: other, Key: other + "-cancel-1", Body: encode(t, vipps.Cancellation{})},
		"another car's receipt":                 {Op: vipps.OpReceipt, Reference: other, Body: []byte(`{}`)},
		"another car's key":                     {Op: vipps.OpCreate, Reference: reference, Key: other + "-create-1", Body: good},
		"no key":                                {Op: vipps.OpCreate, Reference: reference, Body: good},
		"another reference in the body":         create(edit(reference, other)),
		"a second reference":                    create(edit(`"reference"`, `"reference":"`+other+`","reference"`)),
		"a second reference in capitals":        create(edit(`"reference"`, `"Reference":"`+other+`","reference"`)),
		"a name that Go takes for another":      create(edit(`"customerInteraction"`, `"cu\u017ftomerInteraction"`)),
		"a second amount":                       create(edit(`"value":28650`, `"value":28650,"value":1`)),
		"more than the limit":                   create(edit("28650", "500001")),
		"nothing":                               create(edit("28650", "0")),
		"less than nothing":                     create(edit("28650", "-1")),
		"a fraction":                            create(edit("28650", "28650.5")),
		"a text":                                create(edit("28650", `"28650"`)),
		"an exponent":                           create(edit("28650", "1e9")),
		"no amount":                             create(edit(`"value":28650`, `"value":null`)),
		"another currency":                      create(edit("NOK", "EUR")),
		"a card":                                create(edit("WALLET", "CARD")),
		"nobody present":                        create(edit("CUSTOMER_PRESENT", "CUSTOMER_NOT_PRESENT")),
		"a page that leads nowhere":             create(edit(`"QR"`, `"WEB_REDIRECT"`)),
		"a way back from no page":               create(edit(`"userFlow"`, `"returnUrl":"https://example.com/r/1","userFlow"`)),
		"back to a page of somebody's":          create(edit(`"userFlow":"QR"`, `"returnUrl":"https://thief.example/r/1","userFlow":"WEB_REDIRECT"`)),
		"a member that is new here":             create(edit(`"reference"`, `"directCapture":true,"reference"`)),
		"a birth date":                          create(edit(`"reference"`, `"profile":{"scope":"name birthDate"},"reference"`)),
		"something after it":                    create(append(bytes.Clone(good), good...)),
		"no object":                             create([]byte(`[]`)),
		"no JSON":                               create([]byte(`{"reference`)),
		"no body":                               create(nil),
		"depth":                                 create([]byte(strings.Repeat(`{"metadata":`, 1000) + strings.Repeat("}", 1000))),
		"length":                                create(append(bytes.Repeat([]byte(" "), link.MaxBody), good...)),
		"a capture above the limit":             capture(`{"modificationAmount":{"currency":"NOK","value":500001}}`),
		"a capture of another currency":         capture(`{"modificationAmount":{"currency":"DKK","value":1}}`),
		"a capture of two amounts":              capture(`{"modificationAmount":{"currency":"NOK","value":1},"modificationAmount":{"currency":"NOK","value":2}}`),
		"a cancel with something in it":         {Op: vipps.OpCancel, Reference: reference, Key: reference + "-cancel-1", Body: []byte(`{"amount":1}`)},
		"the event log":                         {Op: vipps.OpEvents, Reference: reference},
		"a token":                               {Op: vipps.OpToken},
		"all codes":                             {Op: vipps.OpCodeList},
		"an operation that there is not":        {Op: "payout"},
		"another car's code":                    {Op: vipps.OpCodeDestroy, Code: &link.Code{ID: "taxi-T123-7GK2QX"}},
		"another car's sticker":                 {Op: vipps.OpCodeRetarget, Code: &link.Code{ID: "taxi-T1-T122-7GK2QX", Target: "https://example.com"}},
		"no code":                               {Op: vipps.OpCodeGet},
		"its sticker leads where it should not": {Op: vipps.OpCodeRetarget, Code: &link.Code{ID: "taxi-T122-7GK2QX", Target: "https://thief.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			logs := &logBook{}
			observed := 0
			r := relay.New(relay.Config{
				Car: func(context.Context, string) (relay.Car, bool) {
					return relay.Car{Vehicle: "T122", Merchant: "nord", Currency: money.NOK}, true
				},
				Merchant: func(string) (relay.API, bool) { return nil, true }, // a call would panic
				Limit:    500_000,
				Target:   func(_ relay.Car, target string) bool { return strings.HasPrefix(target, "https://example.com/") },
				Log:      slog.New(slog.NewTextHandler(logs, nil)),
				Observe: func(_ string, op vipps.Op, kind vipps.Kind, refused bool, _ time.Duration) {
					observed++
					require.NotEqual(t, vipps.Op("payout"), op)
					require.True(t, refused)
				},
			})
			o := r.Pay(t.Context(), "terminal", p)
			require.Equal(t, vipps.Rejected, o.Result.Kind)
			require.Equal(t, vipps.ClassNotPermitted, o.Result.Err.Class)
			require.Zero(t, o.Result.Err.Status)
			require.Equal(t, p.Op, o.Result.Err.Op)
			require.ErrorContains(t, o.Result.Err, "gateway: ")
			require.Equal(t, 1, observed)
			for _, text := range []string{logs.String(), o.Result.Err.Error()} {
				require.NotContains(t, text, "28650")
				require.NotContains(t, text, "T123")
				require.NotContains(t, text, "thief")
				require.NotContains(t, text, phone)
			}
			require.Contains(t, logs.String(), "not permitted")
		})
	}
}

func encodeGood(t *testing.T) []byte { return encode(t, request(reference)) }

func TestAPictureIsOnlyFetchedFromWhereTheAPISaid(t *testing.T) {
	w := relayed(t, 1)
	for _, url := range []string{"https://169.254.169.254/latest", "http://127.0.0.1:1/", "https://example.com/x.svg"} {
		_, res := w.pay().DownloadCode(t.Context(), url)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassNotFound, res.Err.Class, "so that the car reads the code again")
		require.NotContains(t, res.Err.Error(), url)
	}
}

func TestWhatCannotBeDecidedNowIsTriedAgain(t *testing.T) {
	known := false
	r := relay.New(relay.Config{
		Car: func(context.Context, string) (relay.Car, bool) {
			return relay.Car{Vehicle: "T122", Merchant: "nord"}, known
		},
		Merchant: func(string) (relay.API, bool) { return nil, false },
	})
	p := link.Pay{Op: vipps.OpCapture, Reference: reference, Key: reference + "-capture-1", Body: encode(t, some(1))}
	o := r.Pay(t.Context(), "terminal", p)
	require.Equal(t, vipps.Retry, o.Result.Kind)
	require.Equal(t, vipps.ClassUnavailable, o.Result.Err.Class)
	known = true
	o = r.Pay(t.Context(), "terminal", p)
	require.Equal(t, vipps.Retry, o.Result.Kind)
	require.Equal(t, vipps.ClassCredentials, o.Result.Err.Class)
	require.NotEmpty(t, o.Result.Err.Hint)
}

func TestNothingOfAPassengerIsLogged(t *testing.T) {
	w := relayed(t, 1)
	p := request(reference)
	p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber(phone)}
	require.Equal(t, vipps.Done, w.pay().Create(t.Context(), reference+"-create-1", encode(t, p)).Kind)
	bad := "T999" + reference[4:]
	p.Reference = bad
	require.Equal(t, vipps.Rejected, w.pay().Create(t.Context(), bad+"-create-1", encode(t, p)).Kind)
	require.Contains(t, w.logs.String(), "not permitted")
	require.NotContains(t, w.logs.String(), phone)
}

// misled is an API that a gateway with a wrong clock calls in vain.
type misled struct {
	relay.API
	class vipps.Class
}

func (m misled) Get(context.Context, string) vipps.Result {
	return vipps.Result{Kind: vipps.Retry, Err: &vipps.Error{Op: vipps.OpGet, Class: m.class, Hint: "set it"}}
}

func TestTheGatewaysOwnClockIsNotTakenForTheCars(t *testing.T) {
	for class, want := range map[vipps.Class]vipps.Class{
		vipps.ClassClock: vipps.ClassUnavailable, vipps.ClassCertificate: vipps.ClassUnavailable, vipps.ClassNetwork: vipps.ClassNetwork,
	} {
		r := relay.New(relay.Config{
			Car: func(context.Context, string) (relay.Car, bool) {
				return relay.Car{Vehicle: "T122", Currency: money.NOK}, true
			},
			Merchant: func(string) (relay.API, bool) { return misled{class: class}, true },
		})
		o := r.Pay(t.Context(), "terminal", link.Pay{Op: vipps.OpGet, Reference: reference})
		require.NotNil(t, o.Result.Err)
		require.Equal(t, want, o.Result.Err.Class)
		require.Contains(t, o.Result.Err.Hint, "set it")
	}
}
