package vippstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// receiver is a server of webhooks without a network.
type receiver struct {
	mu     sync.Mutex
	answer func(n int) (status int, err error) // of the n-th request, from 1
	posts  []posted
}

type posted struct {
	at     time.Time
	header http.Header
	url    string
	body   string
	fields map[string]any
}

func (p posted) name() string { text, _ := p.fields["name"].(string); return text }

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := posted{at: time.Now(), header: req.Header, url: req.URL.String(), body: string(body)}
	_ = json.Unmarshal(body, &p.fields)
	r.posts = append(r.posts, p)
	status := http.StatusOK
	if r.answer != nil {
		if status, err = r.answer(len(r.posts)); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: status, Body: http.NoBody}, nil
}

// all are the requests so far.
func (r *receiver) all() []posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.posts)
}

func (r *receiver) names() (list []string) {
	for _, p := range r.all() {
		list = append(list, p.name())
	}
	return list
}

func (tm *terminal) register(events ...string) got {
	tm.t.Helper()
	body, err := json.Marshal(map[string]any{"url": "https://taxi.example/hooks?a=1", "events": events})
	require.NoError(tm.t, err)
	return tm.send("POST", webhookPath, string(body), tm.headers(""))
}

// hooked runs f in virtual time with a registration for all events of payments.
func hooked(t *testing.T, opt Options, f func(tm *terminal, r *receiver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		opt.WebhookTransport = r
		tm := &terminal{t: t, sim: New(opt)}
		defer tm.sim.Close()
		tm.login()
		require.Equal(t, 201, tm.register(knownEvents[1:]...).status)
		f(tm, r)
	})
}

func TestWebhooksTellEverything(t *testing.T) {
	t.Parallel()
	hooked(t, Options{}, func(tm *terminal, r *receiver) {
		require.Equal(tm.t, 201, tm.post("", "c", createBody(map[string]string{"profile": `{"scope":"name phoneNumber"}`})).status)
		require.NoError(tm.t, tm.sim.Act(ref, Approve, 30*time.Second))
		time.Sleep(31 * time.Second) // nobody looks
		require.Equal(tm.t, []string{"CREATED", "AUTHORIZED"}, r.names())
		require.Equal(tm.t, 200, tm.post("/"+ref+"/capture", "k", amountBody(20000)).status)
		require.Equal(tm.t, 400, tm.post("/"+ref+"/capture", "k2", amountBody(20000)).status)
		require.Equal(tm.t, 200, tm.post("/"+ref+"/cancel", "k", "").status)
		require.Equal(tm.t, 200, tm.post("/"+ref+"/refund", "k", amountBody(1)).status)
		synctest.Wait()
		require.Equal(tm.t, []string{"CREATED", "AUTHORIZED", "CAPTURED", "CAPTURED", "CANCELLED", "REFUNDED"}, r.names())

		approved := r.all()[1].fields
		require.Equal(tm.t, DefaultMSN, approved["msn"])
		require.Equal(tm.t, ref, approved["reference"])
		require.Equal(tm.t, true, approved["success"])
		require.NotEmpty(tm.t, approved["sub"])
		require.NotEmpty(tm.t, approved["captureGuaranteedUntil"])
		require.Equal(tm.t, "Kari", approved["userDetails"].(map[string]any)["firstName"])
		require.Nil(tm.t, approved["idempotencyKey"])
		require.Equal(tm.t, "k", r.all()[2].fields["idempotencyKey"])
		require.Equal(tm.t, false, r.all()[3].fields["success"])
		require.Equal(tm.t, map[string]any{"currency": "NOK", "value": 8650.0}, r.all()[4].fields["amount"])
		require.NotEqual(tm.t, r.all()[2].fields["pspReference"], r.all()[3].fields["pspReference"])
		hooks := tm.sim.Webhooks()
		require.Equal(tm.t, Deliveries{Events: 6, Attempts: 6, Delivered: 6}, hooks[0].Deliveries)
		require.Equal(tm.t, hooks[0].ID, r.all()[0].header.Get("Webhook-Id"))
		require.Equal(tm.t, "https://taxi.example/hooks?a=1", r.all()[0].url)
	})
}

func TestWebhooksComeWhenPaymentsEndByThemselves(t *testing.T) {
	t.Parallel()
	hooked(t, Options{ExpiryLag: 5 * time.Second}, func(tm *terminal, r *receiver) {
		require.Equal(tm.t, 201, tm.post("", "c", createBody(nil)).status)
		time.Sleep(10*time.Minute + 4*time.Second)
		require.Equal(tm.t, []string{"CREATED"}, r.names())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(tm.t, []string{"CREATED", "EXPIRED"}, r.names())
		require.Equal(tm.t, 201, tm.post("", "c2", createBody(map[string]string{"reference": `"T122-0043"`})).status)
		tm.sim.Advance(time.Hour)
		synctest.Wait()
		require.Equal(tm.t, []string{"EXPIRED"}, r.names()[3:], "also when the clock is moved")
	})
}

// The first event that is not taken holds back those behind it, of its payment only,
// and is tried at the published times.
func TestWebhooksWaitInLine(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	hooked(t, Options{}, func(tm *terminal, r *receiver) {
		start := time.Now()
		r.answer = func(n int) (int, error) {
			if broken.Load() && strings.Contains(r.posts[n-1].body, ref) {
				return 503, nil
			}
			return 204, nil
		}
		broken.Store(true)
		require.Equal(tm.t, 201, tm.post("", "c", createBody(nil)).status)
		require.NoError(tm.t, tm.sim.Act(ref, Approve, 0))
		require.Equal(tm.t, 201, tm.post("", "c2", createBody(map[string]string{"reference": `"T123-0001"`})).status)
		time.Sleep(4 * time.Hour)
		require.Equal(tm.t, 2, tm.sim.Webhooks()[0].Deliveries.Pending)
		var tries []time.Duration
		for _, p := range r.all() {
			if p.fields["reference"] == ref {
				require.Equal(tm.t, "CREATED", p.name(), "AUTHORIZED waits")
				tries = append(tries, p.at.Sub(start))
			}
		}
		s, m, h := time.Second, time.Minute, time.Hour
		require.Equal(tm.t, []time.Duration{0, 2 * s, 4 * s, 6 * s, 66 * s, 66*s + 2*m, h + 66*s + 2*m, 2*h + 66*s + 2*m, 3*h + 66*s + 2*m}, tries)
		require.Contains(tm.t, r.all()[len(r.all())-1].body, ref)
		broken.Store(false)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(tm.t, []string{"CREATED", "AUTHORIZED"}, r.names()[len(r.names())-2:])
		require.Zero(tm.t, tm.sim.Webhooks()[0].Deliveries.Pending)

		broken.Store(true)
		tm.login()
		require.Equal(tm.t, 200, tm.post("/"+ref+"/capture", "k", amountBody(1)).status)
		time.Sleep(9 * 24 * time.Hour)
		require.Equal(tm.t, 1, tm.sim.Webhooks()[0].Deliveries.GivenUp, "after a week")
	})
}

func TestWebhookFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault Fault
		quick []time.Duration
		posts int
		took  time.Duration
	}{
		"none":           {Fault{}, nil, 1, 0},
		"lost":           {Fault{Kind: LostRequest}, nil, 1, 2 * time.Second},
		"lost for good":  {Fault{Kind: LostRequest, Times: Forever}, nil, 0, 0},
		"answer lost":    {Fault{Kind: LostResponse}, nil, 2, 2 * time.Second},
		"late":           {Fault{Kind: Delay, Before: Duration(40 * time.Second)}, nil, 1, 40 * time.Second},
		"twice":          {Fault{Kind: Duplicate}, nil, 2, 0},
		"a forgery":      {Fault{Kind: Forge}, nil, 2, 0},
		"at quick times": {Fault{Kind: LostRequest, Times: 3}, []time.Duration{time.Millisecond, 5 * time.Millisecond}, 1, 11 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hooked(t, Options{WebhookRetry: c.quick}, func(tm *terminal, r *receiver) {
				if c.fault.Kind != "" {
					c.fault.Op, c.fault.Reference = OpWebhookPost, ref
					tm.fault(c.fault)
				}
				start := time.Now()
				require.Equal(tm.t, 201, tm.post("", "c", createBody(nil)).status)
				time.Sleep(9 * time.Minute)
				synctest.Wait()
				require.Len(tm.t, r.all(), c.posts)
				if c.posts == 0 {
					return
				}
				last := r.all()[len(r.all())-1]
				require.Equal(tm.t, c.took, last.at.Sub(start))
				for _, p := range r.all() {
					require.Equal(tm.t, last.body, p.body)
				}
				if c.fault.Kind == Forge {
					require.NotEqual(tm.t, last.header.Get("Authorization"), r.all()[0].header.Get("Authorization"))
				}
			})
		})
	}
	t.Run("the line", func(t *testing.T) {
		t.Parallel()
		hooked(t, Options{}, func(tm *terminal, r *receiver) {
			require.Equal(tm.t, 201, tm.post("", "c", createBody(nil)).status)
			synctest.Wait()
			require.NoError(tm.t, tm.sim.SetNetwork(Refused, 5*time.Second))
			require.NoError(tm.t, tm.sim.Act(ref, Approve, 0))
			time.Sleep(5 * time.Second)
			require.Len(tm.t, r.all(), 1)
			time.Sleep(2 * time.Second)
			synctest.Wait()
			require.Len(tm.t, r.all(), 2)
		})
	})
	t.Run("a receiver that hangs or breaks", func(t *testing.T) {
		t.Parallel()
		hooked(t, Options{}, func(tm *terminal, r *receiver) {
			r.answer = func(n int) (int, error) {
				if n == 1 {
					return 0, errors.New("broken")
				}
				return 301, nil
			}
			require.Equal(tm.t, 201, tm.post("", "c", createBody(nil)).status)
			time.Sleep(3 * time.Second)
			require.Len(tm.t, r.all(), 2, "a redirect is no success")
			require.Equal(tm.t, 1, tm.sim.Webhooks()[0].Deliveries.Pending)
		})
	})
	sim := New(Options{})
	for _, f := range []Fault{{Kind: Duplicate}, {Kind: Forge, Op: OpGet}, {Kind: Garbage, Op: OpWebhookPost}} {
		_, err := sim.AddFault(f)
		require.Error(t, err, "%v", f)
	}
}

// The published vector, from before its secret was replaced by a dummy.
func TestWebhookSignature(t *testing.T) {
	t.Parallel()
	u, err := url.Parse("https://webhook.site/e2cee29b-012e-4f1d-8ef4-e95fd74a7a63")
	require.NoError(t, err)
	h := http.Header{}
	sign(h, u, "A0+AeKBRG2KRGvnNwJpQlb6IJFk48CKXCIcrLoHncVJKDILsQSxS6NWCccwWm6r6FhGKhiHTBsG2wo/xU6FY/A==",
		time.Date(2023, time.March, 30, 8, 38, 32, 0, time.UTC), []byte(`{"some-unique-content":"ee6e441b-cc4a-46f8-895d-a5af79bcc233/hello-world"}`))
	require.Equal(t, "lNlsp1XA03N34HrQsVzPgJKtC+r7l/RBF4V3JQUWMj4=", h.Get("x-ms-content-sha256"))
	require.Equal(t, "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=agAiSyogQbDHpeucoNwYz+yAr5nJ+v+zasdkSbqzv+U=", h.Get("Authorization"))
}

func TestRegistrations(t *testing.T) {
	t.Parallel()
	tm := newTerminal(t, Options{WebhookTransport: &receiver{}})
	require.Equal(t, 201, tm.register(eventCheckIn).status)
	a := tm.register(eventCheckIn, knownEvents[1])
	require.Equal(t, 409, a.status, "one check-in a sales unit")
	require.NotEmpty(t, a.fields["invalidParams"])
	for range hooksPerEvent {
		require.Equal(t, 201, tm.register(knownEvents[1]).status)
	}
	require.Equal(t, 409, tm.register(knownEvents[1], knownEvents[2]).status)
	require.Equal(t, 201, tm.register(knownEvents[2]).status)
	require.Len(t, tm.sim.Webhooks(), hooksPerEvent+2)

	id := tm.sim.Webhooks()[0].ID
	list := tm.send("GET", webhookPath, "", tm.headers(""))
	require.Contains(t, list.raw, id)
	require.NotContains(t, list.raw, "secret", "shown once")
	require.Equal(t, 204, tm.send("DELETE", webhookPath+"/"+id, "", tm.headers("")).status)
	require.Equal(t, 404, tm.send("DELETE", webhookPath+"/"+id, "", tm.headers("")).status)
	require.Equal(t, 404, tm.send("PUT", webhookPath+"/"+id, "", tm.headers("")).status)
	require.Equal(t, 401, tm.send("GET", webhookPath, "", tm.with(map[string]string{"Authorization": ""})).status)
	for _, body := range []string{
		``, `{}`, `{"url":"https://a.example","events":[]}`, `{"url":"http://a.example","events":["` + eventCheckIn + `"]}`,
		`{"url":"https://a.example","events":["made.up.v1"]}`, `{"url":"https://a.example","events":["` + eventCheckIn + `"],"more":1}`,
	} {
		require.Equal(t, 400, tm.send("POST", webhookPath, body, tm.headers("")).status, body)
	}
	tm.sim.DropWebhooks()
	require.Empty(t, tm.sim.Webhooks())
}

func TestCallbackCodes(t *testing.T) {
	t.Parallel()
	hooked(t, Options{}, func(tm *terminal, r *receiver) {
		put := func(id, body string) got { return tm.send("PUT", callbackPath+"/"+id, body, tm.headers("")) }
		require.Equal(tm.t, 200, put("taxi-T122", `{"locationDescription":"Taxi T122"}`).status)
		require.Equal(tm.t, 200, put("taxi-T122", `{"locationDescription":"Taxi T122, Bodø"}`).status)
		for _, body := range []string{``, `{}`, `{"locationDescription":"` + strings.Repeat("ø", 37) + `"}`} {
			require.Equal(tm.t, 400, put("taxi-T122", body).status, body)
		}
		one := tm.send("GET", callbackPath+"/taxi-T122?QrImageFormat=PNG", "", tm.headers(""))
		require.Equal(tm.t, "Taxi T122, Bodø", one.fields["locationDescription"])
		picture := tm.send("GET", strings.TrimPrefix(one.fields["qrImageUrl"].(string), "http://sim"), "", nil)
		require.Equal(tm.t, formatPNG, picture.header.Get("Content-Type"))
		text := one.fields["qrContent"].(string)
		require.Contains(tm.t, tm.send("GET", callbackPath, "", tm.headers("")).raw, text)
		require.Equal(tm.t, text, tm.sim.Callbacks()[0].Text)

		require.NoError(tm.t, tm.sim.CheckIn(text, phone))
		synctest.Wait()
		require.Empty(tm.t, r.all(), "nobody has registered for it")
		require.Equal(tm.t, 201, tm.register(eventCheckIn).status)
		require.NoError(tm.t, tm.sim.CheckIn(text, phone))
		synctest.Wait()
		require.Equal(tm.t, "taxi-T122", r.all()[0].fields["merchantQrId"])
		require.Equal(tm.t, DefaultMSN, r.all()[0].fields["msn"])
		token := r.all()[0].fields["customerToken"].(string)
		push := createBody(map[string]string{"userFlow": `"PUSH_MESSAGE"`, "qrFormat": "", "customer": fmt.Sprintf(`{"customerToken":%q}`, token)})
		require.Equal(tm.t, 201, tm.post("", "c", push).status)
		require.Len(tm.t, tm.sim.Pushed(phone), 1)

		require.Error(tm.t, tm.sim.CheckIn(text, "nobody"))
		require.Equal(tm.t, 204, tm.send("DELETE", callbackPath+"/taxi-T122", "", tm.headers("")).status)
		require.Equal(tm.t, 404, tm.send("GET", callbackPath+"/taxi-T122", "", tm.headers("")).status)
		require.ErrorIs(tm.t, tm.sim.CheckIn(text, phone), ErrDeadCode)
	})
}

func TestWebhooksFromAnotherProcess(t *testing.T) {
	t.Parallel()
	tm := newTerminal(t, Options{WebhookTransport: &receiver{}, OldCheckIn: true})
	admin := httptest.NewServer(tm.sim.Admin())
	defer admin.Close()
	remote := Remote{URL: admin.URL}
	ctx := t.Context()
	require.Equal(t, 201, tm.register(eventCheckIn).status)
	require.Equal(t, 200, tm.send("PUT", callbackPath+"/a", `{"locationDescription":"A"}`, tm.headers("")).status)
	codes, err := remote.Callbacks(ctx)
	require.NoError(t, err)
	require.NoError(t, remote.CheckIn(ctx, codes[0].Text, phone))
	require.ErrorContains(t, remote.CheckIn(ctx, "made up", phone), "404")
	require.ErrorContains(t, remote.CheckIn(ctx, codes[0].Text, "x"), "400")
	hooks, err := remote.Webhooks(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, hooks[0].Deliveries.Events)
	require.NoError(t, remote.DropWebhooks(ctx))
	require.Empty(t, tm.sim.Webhooks())
}
