package link_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
	"taxiterminal/vipps"
)

const reference = "T122-K7Q2X-0042-1"

// serve answers with pay until the test ends and waits for its subscriptions.
func serve(t *testing.T, w *linktest.World, pay func(context.Context, string, link.Pay) link.Outcome, o link.ServeOptions) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	nc := w.Gateway(t)
	wg.Go(func() {
		h := link.Handler{Pay: pay, Hello: func(context.Context, string, link.Hello) (link.Welcome, error) {
			return link.Welcome{}, errors.New("not here")
		}}
		if err := link.Serve(ctx, nc, h, o); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	linktest.Eventually(t, func() bool { return nc.NumSubscriptions() >= 2 })
	require.NoError(t, nc.Flush())
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(stop)
	return stop
}

func found(p link.Pay) link.Outcome {
	return link.Outcome{Result: vipps.Result{Kind: vipps.Done, Payment: vipps.Payment{Reference: p.Reference, State: vipps.Created}}}
}

func TestACallIsAnsweredForTheTerminalThatAsked(t *testing.T) {
	w := linktest.New(t, 2)
	serve(t, w, func(_ context.Context, terminal string, p link.Pay) link.Outcome {
		o := found(p)
		o.Result.Payment.PSPReference = terminal
		return o
	}, link.ServeOptions{})
	for _, one := range w.Terminals {
		car, _ := w.Car(t, one)
		res := car.Get(t.Context(), reference)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Equal(t, one.ID, res.Payment.PSPReference)
	}
}

func TestATerminalCannotSpeakForAnotherOrHearIt(t *testing.T) {
	w := linktest.New(t, 2)
	asked := make(chan string, 10)
	serve(t, w, func(_ context.Context, terminal string, p link.Pay) link.Outcome {
		asked <- terminal
		return found(p)
	}, link.ServeOptions{})
	thief, other := w.Terminals[0], w.Terminals[1]
	refused := make(chan error, 10)
	nc, err := nats.Connect(w.Server.ClientURL(), nats.Nkey(thief.ID, thief.Sign), nats.CustomInboxPrefix(link.InboxPrefix(thief.ID)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	require.NoError(t, err)
	defer nc.Close()
	require.NoError(t, nc.PublishRequest(link.PaySubject(other.ID), nc.NewInbox(), link.Pay{Op: vipps.OpGet, Reference: reference}.Encode()))
	require.ErrorContains(t, <-refused, "Permissions Violation for Publish")
	for _, subject := range []string{link.HintSubject(other.ID), link.InboxPrefix(other.ID) + ".>", "car.>", "_INBOX.>"} {
		_, err := nc.SubscribeSync(subject)
		require.NoError(t, err)
		require.ErrorContains(t, <-refused, "Permissions Violation for Subscription", subject)
	}
	require.Empty(t, asked)
}

// Every end of a call without an answer: what is certain is Retry, what is not is
// Unknown, and a read is never Unknown.
func TestWhatIsCertainWhenThereIsNoAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, w *linktest.World, line *linktest.Line, car *link.Car, asked chan struct{}) context.Context
		during  func(line *linktest.Line)
		kind    vipps.Kind
		class   vipps.Class
		asked   bool
	}{
		"no gateway": {kind: vipps.Retry, class: vipps.ClassUnavailable},
		"no connection": {
			prepare: func(t *testing.T, _ *linktest.World, line *linktest.Line, car *link.Car, _ chan struct{}) context.Context {
				line.Cut()
				linktest.Eventually(t, func() bool { return !car.State().Up })
				return t.Context()
			}, kind: vipps.Retry, class: vipps.ClassNetwork},
		"given up before": {
			prepare: func(t *testing.T, _ *linktest.World, _ *linktest.Line, _ *link.Car, _ chan struct{}) context.Context {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				return ctx
			}, kind: vipps.Retry, class: vipps.ClassInterrupted},
		"connection ends between request and answer": {
			prepare: gatewayHangs, during: (*linktest.Line).Cut,
			kind: vipps.Unknown, class: vipps.ClassNetwork, asked: true},
		"connection ends and is back at once": {
			prepare: gatewayHangs, during: (*linktest.Line).Drop,
			kind: vipps.Unknown, class: vipps.ClassNetwork, asked: true},
		"request lost in silence": {
			prepare: func(t *testing.T, w *linktest.World, line *linktest.Line, car *link.Car, asked chan struct{}) context.Context {
				gatewayHangs(t, w, line, car, asked)
				line.Deafen()
				return t.Context()
			}, kind: vipps.Unknown, class: vipps.ClassNetwork},
		"answer lost in silence": {
			prepare: func(t *testing.T, w *linktest.World, line *linktest.Line, car *link.Car, asked chan struct{}) context.Context {
				serve(t, w, func(_ context.Context, _ string, p link.Pay) link.Outcome {
					asked <- struct{}{}
					return found(p)
				}, link.ServeOptions{})
				line.Mute()
				return t.Context()
			}, kind: vipps.Unknown, class: vipps.ClassNetwork, asked: true},
		"answer is nonsense": {
			prepare: func(t *testing.T, w *linktest.World, _ *linktest.Line, _ *link.Car, asked chan struct{}) context.Context {
				_, err := w.NC.Subscribe(link.AllPay, func(m *nats.Msg) {
					asked <- struct{}{}
					_ = m.Respond([]byte(`{"v":1,"kind":"perhaps"}`))
				})
				require.NoError(t, err)
				require.NoError(t, w.NC.Flush())
				return t.Context()
			}, kind: vipps.Unknown, class: vipps.ClassGarbled, asked: true},
		"answer about another payment": {
			prepare: func(t *testing.T, w *linktest.World, _ *linktest.Line, _ *link.Car, asked chan struct{}) context.Context {
				serve(t, w, func(_ context.Context, _ string, p link.Pay) link.Outcome {
					asked <- struct{}{}
					p.Reference = "T122-K7Q2X-0043-1"
					return found(p)
				}, link.ServeOptions{})
				return t.Context()
			}, kind: vipps.Unknown, class: vipps.ClassGarbled, asked: true},
	} {
		for _, read := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := linktest.New(t, 1)
				car, line := w.Car(t, w.Terminals[0], func(cfg *link.Config) { cfg.Timeout = 2 * time.Second })
				ctx, asked := t.Context(), make(chan struct{}, 1)
				if c.prepare != nil {
					ctx = c.prepare(t, w, line, car, asked)
				}
				var res vipps.Result
				done := make(chan struct{})
				go func() {
					defer close(done)
					if read {
						res = car.Get(ctx, reference)
					} else {
						res = car.Capture(ctx, reference, reference+"-capture-1", []byte(`{}`))
					}
				}()
				if c.asked {
					<-asked
				}
				start := time.Now()
				if c.during != nil {
					c.during(line)
				}
				<-done
				want := c.kind
				if read && want == vipps.Unknown {
					want = vipps.Retry
				}
				require.Equal(t, want, res.Kind, "%v", res.Err)
				require.Equal(t, c.class, res.Err.Class, "%v", res.Err)
				if c.during != nil {
					require.Less(t, time.Since(start), time.Second, "an end of the connection is noticed at once")
				}
			})
		}
	}
}

// gatewayHangs serves with a handler that does not answer while the test runs.
func gatewayHangs(t *testing.T, w *linktest.World, _ *linktest.Line, _ *link.Car, asked chan struct{}) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	serve(t, w, func(context.Context, string, link.Pay) link.Outcome {
		asked <- struct{}{}
		<-ctx.Done()
		return link.Outcome{}
	}, link.ServeOptions{})
	t.Cleanup(cancel)
	return t.Context()
}

func TestNothingIsKeptToBeSentLater(t *testing.T) {
	w := linktest.New(t, 1)
	asked := make(chan string, 10)
	serve(t, w, func(_ context.Context, _ string, p link.Pay) link.Outcome {
		asked <- p.Reference
		return found(p)
	}, link.ServeOptions{})
	release := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	car, line := w.Car(t, w.Terminals[0], func(cfg *link.Config) {
		cfg.Timeout = 200 * time.Millisecond
		cfg.OnState = func(link.State) { <-release } // the end of the connection is noticed late
	})
	t.Cleanup(letGo)
	line.Cut()
	var res vipps.Result
	for range 10 {
		res = car.Create(t.Context(), "key", []byte(`{"reference":"T122-K7Q2X-0001-1"}`))
		require.NotEqual(t, vipps.Done, res.Kind)
	}
	require.Equal(t, vipps.Retry, res.Kind, "%v", res.Err)
	letGo()
	line.Mend()
	linktest.Eventually(t, func() bool { return car.Get(t.Context(), reference).Kind == vipps.Done })
	require.Equal(t, reference, <-asked)
	require.Empty(t, asked)
}

func TestADeadConnectionIsDroppedButNotALiveOne(t *testing.T) {
	w := linktest.New(t, 1)
	serve(t, w, func(_ context.Context, _ string, p link.Pay) link.Outcome { return found(p) }, link.ServeOptions{})
	states := make(chan link.State, 100)
	car, line := w.Car(t, w.Terminals[0], func(cfg *link.Config) {
		cfg.Timeout = 300 * time.Millisecond
		cfg.OnState = func(s link.State) { states <- s }
	})
	require.True(t, (<-states).Up)
	require.Equal(t, vipps.Done, car.Get(t.Context(), reference).Kind)
	car.CloseIdleConnections()
	require.Equal(t, vipps.Done, car.Get(t.Context(), reference).Kind)
	require.Empty(t, states, "an answer came just now")

	link.Age(car)
	line.Mute()
	require.Equal(t, vipps.Retry, car.Get(t.Context(), reference).Kind)
	line.Mend() // for new connections; this one has lost bytes
	car.CloseIdleConnections()
	require.False(t, (<-states).Up)
	require.True(t, (<-states).Up)
	require.Equal(t, vipps.Done, car.Get(t.Context(), reference).Kind)
}

func TestATerminalThatIsNotLetInIsToldSoAndKeepsTrying(t *testing.T) {
	w := linktest.New(t, 1)
	stranger := linktest.NewTerminal(t)
	states := make(chan link.State, 100)
	car, err := link.Dial(link.Config{URLs: []string{"nats://" + w.Address()}, Terminal: stranger.ID, Sign: stranger.Sign,
		OnState: func(s link.State) { states <- s }})
	require.NoError(t, err)
	defer car.Close()
	s := <-states
	require.True(t, s.Refused)
	require.ErrorIs(t, s.Err, nats.ErrAuthorization)
	require.Equal(t, vipps.Retry, car.Get(t.Context(), reference).Kind)
}

func TestHintsReachTheCar(t *testing.T) {
	w := linktest.New(t, 2)
	hints := make(chan link.Hint, 10)
	_, _ = w.Car(t, w.Terminals[0], func(cfg *link.Config) { cfg.OnHint = func(h link.Hint) { hints <- h } })
	linktest.Eventually(t, func() bool { return w.Server.NumSubscriptions() > 0 })
	want := link.Hint{V: 1, Reference: reference, Name: "AUTHORIZED"}
	linktest.Eventually(t, func() bool { // the subscription may be a moment behind the connection
		require.NoError(t, link.Push(w.NC, w.Terminals[1].ID, link.Hint{Reference: "other"}))
		require.NoError(t, link.Push(w.NC, w.Terminals[0].ID, want))
		require.NoError(t, w.NC.Flush())
		return len(hints) > 0
	})
	require.Equal(t, want, <-hints)
	require.Error(t, link.Push(w.NC, "car.>", want))
}

func TestAddressesWithoutEncryptionAreRefused(t *testing.T) {
	one := linktest.NewTerminal(t)
	for _, bad := range []string{"nats://gateway.example:4222", "ws://gateway.example", "http://localhost", "tls://user:word@gateway.example", "gateway", ""} {
		_, err := link.Dial(link.Config{URLs: []string{bad}, Terminal: one.ID, Sign: one.Sign})
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "word")
	}
	_, err := link.Dial(link.Config{URLs: []string{"tls://gateway.example"}, Terminal: "T122", Sign: one.Sign})
	require.ErrorContains(t, err, "enrol")
	_, _, err = link.FromSeed([]byte("SUnonsense"))
	require.ErrorContains(t, err, "enrol")
	require.NotContains(t, err.Error(), "nonsense")
}

func TestTooMuchAtOnceIsRefusedAtOnce(t *testing.T) {
	w := linktest.New(t, 2)
	asked, release := make(chan struct{}, 10), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	stop := serve(t, w, func(_ context.Context, _ string, p link.Pay) link.Outcome {
		asked <- struct{}{}
		<-release
		return found(p)
	}, link.ServeOptions{PerTerminal: 2, Parallel: 3})
	t.Cleanup(letGo)
	greedy, _ := w.Car(t, w.Terminals[0])
	modest, _ := w.Car(t, w.Terminals[1])
	results := make(chan vipps.Result, 10)
	for range 2 {
		go func() { results <- greedy.Get(t.Context(), reference) }()
		<-asked
	}
	res := greedy.Capture(t.Context(), reference, "key", []byte(`{}`))
	require.Equal(t, vipps.Retry, res.Kind)
	require.Equal(t, vipps.ClassUnavailable, res.Err.Class)
	require.Positive(t, res.After)
	go func() { results <- modest.Get(t.Context(), reference) }()
	<-asked
	res = modest.Get(t.Context(), reference)
	require.Equal(t, vipps.Retry, res.Kind)

	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	linktest.Eventually(t, func() bool { // not served any more, but what is under way is
		return errors.Is(modest.Get(t.Context(), reference).Err, nats.ErrNoResponders)
	})
	letGo()
	<-stopped
	for range 3 {
		require.Equal(t, vipps.Done, (<-results).Kind)
	}
}
