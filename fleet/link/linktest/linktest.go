// Package linktest is a gateway's side of the link for tests: a NATS server in this
// process that knows some terminals and lets each do what a terminal may, and a line
// to it that can be cut.
package linktest

import (
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/link"
)

const gatewayName, gatewayWord = "gateway", "made-up-for-tests"

// World is a server, its journals' stream and a connection of the gateway.
type World struct {
	Server    *server.Server
	NC        *nats.Conn
	JS        jetstream.JetStream
	Terminals []Terminal
}

// Terminal is one that the server lets in.
type Terminal struct {
	ID   string
	Seed []byte
	Sign func([]byte) ([]byte, error)
}

// New starts a server that knows so many terminals. It ends with the test.
func New(t testing.TB, terminals int) *World {
	t.Helper()
	w := &World{}
	opts := &server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
		Users: []*server.User{{Username: gatewayName, Password: gatewayWord}}}
	for range terminals {
		one := NewTerminal(t)
		w.Terminals = append(w.Terminals, one)
		opts.Nkeys = append(opts.Nkeys, &server.NkeyUser{Nkey: one.ID, Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: []string{link.PaySubject(one.ID), link.HelloSubject(one.ID), link.JournalSubject(one.ID)}},
			Subscribe: &server.SubjectPermission{Allow: []string{link.HintSubject(one.ID), link.InboxPrefix(one.ID) + ".>"}},
		}})
	}
	var err error
	w.Server, err = server.NewServer(opts)
	require.NoError(t, err)
	w.Server.Start()
	t.Cleanup(func() { w.Server.Shutdown(); w.Server.WaitForShutdown() })
	require.True(t, w.Server.ReadyForConnections(10*time.Second))
	w.NC = w.Gateway(t)
	w.JS, err = jetstream.New(w.NC)
	require.NoError(t, err)
	_, err = w.JS.CreateStream(t.Context(), jetstream.StreamConfig{Name: link.Stream, Subjects: []string{link.AllJournals}, Duplicates: time.Hour})
	require.NoError(t, err)
	return w
}

// NewTerminal makes the key of one more, which no server knows.
func NewTerminal(t testing.TB) Terminal {
	key, err := nkeys.CreateUser()
	require.NoError(t, err)
	seed, err := key.Seed()
	require.NoError(t, err)
	id, sign, err := link.FromSeed(seed)
	require.NoError(t, err)
	return Terminal{id, seed, sign}
}

// Gateway is one more connection with a gateway's rights.
func (w *World) Gateway(t testing.TB) *nats.Conn {
	nc, err := nats.Connect(w.Server.ClientURL(), nats.UserInfo(gatewayName, gatewayWord))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// Address is the server's host and port.
func (w *World) Address() string {
	u, err := url.Parse(w.Server.ClientURL())
	if err != nil {
		panic(err)
	}
	return u.Host
}

// Car connects a terminal over a line of its own and waits until it is up. change may
// change its configuration.
func (w *World) Car(t testing.TB, one Terminal, change ...func(*link.Config)) (*link.Car, *Line) {
	t.Helper()
	line := NewLine(t, w.Address())
	cfg := link.Config{URLs: []string{"nats://" + line.Address()}, Terminal: one.ID, Sign: one.Sign}
	for _, c := range change {
		c(&cfg)
	}
	car, err := link.Dial(cfg)
	require.NoError(t, err)
	t.Cleanup(car.Close)
	WaitUp(t, car)
	return car, line
}

// WaitUp waits until a car is connected.
func WaitUp(t testing.TB, car *link.Car) {
	t.Helper()
	Eventually(t, func() bool { return car.State().Up })
}

// Eventually waits until a condition holds, for at most 20 s.
func Eventually(t testing.TB, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 20*time.Second, 2*time.Millisecond)
}

// listen is on any free port of this machine.
func listen(t testing.TB) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}
