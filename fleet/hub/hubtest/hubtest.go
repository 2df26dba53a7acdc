// Package hubtest starts hubs for tests: one on a folder, or a cluster of servers in
// the test's own process, configured as an operator would configure them.
package hubtest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/hub"
)

// Quiet is a log for nobody.
var Quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// Start runs an embedded hub on a new folder, listening on a loopback port, until the
// test ends.
func Start(t testing.TB, change ...func(*hub.Config)) *hub.Hub {
	t.Helper()
	return Open(t, t.TempDir(), change...)
}

// Open runs one on a given folder.
func Open(t testing.TB, dir string, change ...func(*hub.Config)) *hub.Hub {
	t.Helper()
	c := hub.Config{Dir: dir, Listen: "127.0.0.1:0", Log: Quiet}
	for _, f := range change {
		f(&c)
	}
	return open(t, c)
}

func open(t testing.TB, c hub.Config) *hub.Hub {
	t.Helper()
	h, err := hub.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { Stop(t, h) })
	return h
}

// Stop stops a hub in an orderly way, within ten seconds.
func Stop(t testing.TB, h *hub.Hub) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, h.Stop(ctx))
}

// Cluster is a number of servers that keep every message several times.
type Cluster struct {
	Keys  hub.Keys
	URLs  []string
	nodes []*server.Server
}

// NewCluster runs n servers until the test ends.
func NewCluster(t testing.TB, n int) *Cluster {
	t.Helper()
	keys, err := hub.NewKeys()
	require.NoError(t, err)
	c := &Cluster{Keys: keys}
	accounts, err := keys.ServerConfig()
	require.NoError(t, err)
	clients, routes := ports(t, n), ports(t, n)
	var peers string
	for _, port := range routes {
		peers += fmt.Sprintf(" \"nats://127.0.0.1:%d\",", port)
	}
	for i := range n {
		c.URLs = append(c.URLs, fmt.Sprintf("nats://127.0.0.1:%d", clients[i]))
		c.nodes = append(c.nodes, node(t, fmt.Sprintf(`
server_name: node%d
listen: "127.0.0.1:%d"
cluster { name: fleet, listen: "127.0.0.1:%d", no_advertise: true, routes: [%s ] }
jetstream { store_dir: %q, sync_interval: always, max_mem: 64M, max_file: 4G }
%s`, i, clients[i], routes[i], peers, t.TempDir(), accounts)))
	}
	return c
}

func node(t testing.TB, config string) *server.Server {
	t.Helper()
	opts := &server.Options{}
	require.NoError(t, opts.ProcessConfigString(config))
	opts.NoSigs, opts.NoLog = true, true
	s, err := server.NewServer(opts)
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(t, s.ReadyForConnections(10*time.Second))
	return s
}

// ports are free for the moment.
func ports(t testing.TB, n int) []int {
	t.Helper()
	all := make([]int, n)
	for i := range all {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		all[i] = l.Addr().(*net.TCPAddr).Port
	}
	return all
}

// Hub connects a gateway to the cluster.
func (c *Cluster) Hub(t testing.TB, replicas int) *hub.Hub {
	t.Helper()
	return open(t, hub.Config{URLs: c.URLs, Keys: c.Keys, Replicas: replicas, Log: Quiet})
}

// Kill stops a server and leaves its folder as it is.
func (c *Cluster) Kill(i int) {
	c.nodes[i].Shutdown()
	c.nodes[i].WaitForShutdown()
}

// Name is what a server is called in reports on streams.
func (c *Cluster) Name(i int) string { return c.nodes[i].Name() }
