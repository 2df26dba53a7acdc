package enrol_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/hub"
)

// answering lets the gateway answer requests for payments with the subject that it
// saw.
func (f *fleet) answering() {
	for _, subject := range []string{"car.*.pay", "car.*.hello"} {
		_, err := f.hub.Conn().QueueSubscribe(subject, "relay", func(m *nats.Msg) { _ = m.Respond([]byte(m.Subject)) })
		require.NoError(f.t, err)
	}
	require.NoError(f.t, f.hub.Conn().Flush())
}

func (f *fleet) messages(stream string) uint64 {
	s, err := f.hub.JetStream().Stream(f.t.Context(), stream)
	require.NoError(f.t, err)
	return s.CachedInfo().State.Msgs
}

func TestATerminalDoesItsWork(t *testing.T) {
	f := newFleet(t)
	a := f.driving("A")

	// Nobody is there to pay: known at once, and known not to have been done.
	_, err := a.Request("car."+a.terminal+".pay", nil, 10*time.Second)
	require.ErrorIs(t, err, nats.ErrNoResponders)

	f.answering()
	m, err := a.Request("car."+a.terminal+".pay", nil, 10*time.Second)
	require.NoError(t, err)
	require.Equal(t, "car."+a.terminal+".pay", string(m.Data))
	_, err = a.Request("car."+a.terminal+".hello", nil, 10*time.Second)
	require.NoError(t, err)

	js, err := jetstream.New(a.Conn)
	require.NoError(t, err)
	for n := range 3 {
		ack, err := js.Publish(t.Context(), "car."+a.terminal+".journal", []byte("row"))
		require.NoError(t, err)
		require.Equal(t, hub.Journals, ack.Stream)
		require.EqualValues(t, n+1, ack.Sequence)
	}
	hints, err := a.SubscribeSync("car." + a.terminal + ".hint")
	require.NoError(t, err)
	require.NoError(t, a.Flush())
	require.NoError(t, f.hub.Conn().Publish("car."+a.terminal+".hint", []byte("look")))
	m, err = hints.NextMsg(10 * time.Second)
	require.NoError(t, err)
	require.Equal(t, "look", string(m.Data))
}

func TestATerminalReachesNothingElse(t *testing.T) {
	f := newFleet(t)
	a, b := f.driving("A"), f.driving("B")
	f.answering()
	overheard := make(chan *nats.Msg, 100)
	for _, subject := range []string{"car.>", "$KV.>", "webhook.>", "audit.>", "$JS.API.>", "_INBOX_" + b.terminal + ".>"} {
		_, err := f.hub.Conn().ChanSubscribe(subject, overheard)
		require.NoError(t, err)
	}
	require.NoError(t, f.hub.Conn().Flush())
	replies, err := b.SubscribeSync("_INBOX_" + b.terminal + ".>")
	require.NoError(t, err)
	require.NoError(t, b.Flush())

	for _, subject := range []string{
		"car." + b.terminal + ".pay", "car." + b.terminal + ".journal", "car." + b.terminal + ".hello", "car." + b.terminal + ".hint",
		"car." + a.terminal + ".hint", "car." + a.terminal + ".other", "car." + a.terminal, "car." + a.terminal + ".pay.more",
		"_INBOX_" + b.terminal + ".x", "_INBOX_" + a.terminal + ".x", "_INBOX.x",
		"$KV.vehicles.A", "$KV.terminals." + a.terminal, "webhook.123456", "audit.vehicle",
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.PURGE.KV_vehicles", "$JS.API.STREAM.MSG.GET.JOURNALS", "$JS.API.DIRECT.GET.JOURNALS",
		"$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.USER.INFO", "$SYS.REQ.USER.AUTH", "anything",
	} {
		require.NoError(t, a.Publish(subject, []byte("1")))
		fault := within(t, 10*time.Second, a.faults, "published "+subject)
		require.ErrorIs(t, fault, nats.ErrPermissionViolation)
		require.Contains(t, fault.Error(), subject)
	}
	for _, subject := range []string{
		">", "*", "car.>", "*.*.*", "car.*.hint", "car." + b.terminal + ".hint", "car." + b.terminal + ".>", "car." + a.terminal + ".>",
		"car." + a.terminal + ".pay", "car." + b.terminal + ".pay", "_INBOX_" + b.terminal + ".>", "_INBOX.>", "_INBOX_*.>",
		"$SYS.>", "$KV.>", "$JS.>", "webhook.>", "audit.>", "_R_.>",
	} {
		sub, err := a.SubscribeSync(subject)
		require.NoError(t, err)
		fault := within(t, 10*time.Second, a.faults, "subscribed "+subject)
		require.ErrorIs(t, fault, nats.ErrPermissionViolation)
		_ = sub.Unsubscribe()
	}
	require.NoError(t, f.hub.Conn().Flush())
	require.Empty(t, overheard)
	_, err = replies.NextMsg(50 * time.Millisecond)
	require.ErrorIs(t, err, nats.ErrTimeout)
	require.Zero(t, f.messages(hub.Journals))
}

// A request names where its answer goes, and whoever answers may go anywhere.
func TestNobodyIsMadeToActForATerminal(t *testing.T) {
	f := newFleet(t)
	a := f.driving("A")
	f.answering()
	before := f.messages("KV_vehicles")
	require.NotZero(t, before)
	ordered := make(chan *nats.Msg, 100)
	for _, subject := range []string{"$JS.API.>", "$KV.>", "webhook.>", "audit.>"} {
		_, err := f.hub.Conn().ChanSubscribe(subject, ordered)
		require.NoError(t, err)
	}
	require.NoError(t, f.hub.Conn().Flush())
	for _, reply := range []string{"$JS.API.STREAM.PURGE.KV_vehicles", "$KV.vehicles.A", "webhook.123456", "audit.vehicle"} {
		for _, op := range []string{"pay", "hello", "journal"} {
			for range 5 { // the sequence number in the receipt of a row is what a purge would go up to
				require.NoError(t, a.PublishRequest("car."+a.terminal+"."+op, reply, []byte("{}")))
			}
		}
	}
	_, err := a.Request("car."+a.terminal+".hello", nil, 10*time.Second)
	require.NoError(t, err)
	eventually(t, 10*time.Second, func() bool { return f.messages(hub.Journals) == 20 })
	require.NoError(t, f.hub.Conn().Flush())
	for len(ordered) > 0 {
		m := <-ordered
		// The test itself asks about streams.
		require.True(t, strings.HasPrefix(m.Subject, "$JS.API.STREAM.INFO."), m.Subject)
	}
	require.Equal(t, before, f.messages("KV_vehicles"))
	require.Zero(t, f.messages(hub.Webhooks))
}

func TestATerminalCannotTouchTheRowsOfOthers(t *testing.T) {
	f := newFleet(t)
	a, b := f.driving("A"), f.driving("B")
	ofB, err := jetstream.New(b.Conn)
	require.NoError(t, err)
	_, err = ofB.Publish(t.Context(), "car."+b.terminal+".journal", []byte("row"))
	require.NoError(t, err)

	for header, value := range map[string]string{
		"Nats-Rollup": "all", "Nats-TTL": "1s", "Nats-Schedule": "@every 1s", "Nats-Incr": "1", "Nats-Batch-Id": "x",
		"Nats-Expected-Stream": "KV_vehicles",
	} {
		m := nats.NewMsg("car." + a.terminal + ".journal")
		m.Header.Set(header, value)
		m.Data = []byte("row")
		answer, err := a.RequestMsg(m, 10*time.Second)
		if err == nil {
			require.Contains(t, string(answer.Data), `"error"`, header)
		}
	}
	require.EqualValues(t, 1, f.messages(hub.Journals))
}

func TestOnlyWhoHoldsTheKeyIsLetIn(t *testing.T) {
	f := newFleet(t)
	a, b := f.enrolled("A"), f.enrolled("B")
	gateway, err := f.hub.Issuer().PublicKey()
	require.NoError(t, err)
	var old []byte
	require.NoError(t, f.connect(a, nats.Nkey(a.terminal, func(nonce []byte) ([]byte, error) {
		signature, err := a.key.Sign(nonce)
		old = signature
		return signature, err
	})))
	for name, option := range map[string]nats.Option{
		"another's key":   nats.Nkey(a.terminal, b.key.Sign),
		"old signature":   nats.Nkey(a.terminal, func([]byte) ([]byte, error) { return old, nil }),
		"no signature":    nats.Nkey(a.terminal, func([]byte) ([]byte, error) { return nil, nil }),
		"issuer":          nats.Nkey(gateway, b.key.Sign),
		"name only":       nats.UserInfo(a.terminal, ""),
		"name and secret": nats.UserInfo(a.terminal, "secret"),
		"token":           nats.Token(a.terminal),
	} {
		_, err := nats.Connect(f.urls[0], option, nats.NoReconnect(), nats.Timeout(10*time.Second))
		require.ErrorIs(t, err, nats.ErrAuthorization, name)
	}
	key, public := newKey(t)
	_, err = nats.Connect(f.urls[0], nats.Nkey(public, key.Sign), nats.NoReconnect(), nats.Timeout(10*time.Second))
	require.ErrorIs(t, err, nats.ErrAuthorization, "not enrolled")
}
