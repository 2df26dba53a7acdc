package hub

import (
	"context"
	"fmt"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"
)

// scarce is the part of the disk, in percent, below which free space is a fault.
const scarce = 5

// Unhealthy is everything that is wrong, each with what to do.
type Unhealthy struct{ Reasons []string }

func (e *Unhealthy) Error() string { return "hub is not well: " + strings.Join(e.Reasons, "; ") }

// Healthy looks at everything; the error is an *Unhealthy.
func (h *Hub) Healthy(ctx context.Context) error {
	var reasons []string
	if h.server != nil {
		reasons = append(reasons, h.serverHealth()...)
	}
	for name, conn := range map[string]*nats.Conn{"store": h.conn, "system": h.system} {
		if status := conn.Status(); status != nats.CONNECTED {
			reasons = append(reasons, fmt.Sprintf("%s connection is %s; look at the servers", name, strings.ToLower(status.String())))
		}
	}
	if h.conn.IsConnected() {
		reasons = append(reasons, h.storeHealth(ctx)...)
	}
	if len(reasons) > 0 {
		return &Unhealthy{reasons}
	}
	return nil
}

func (h *Hub) serverHealth() []string {
	var reasons []string
	if status := h.server.Healthz(&server.HealthzOptions{}); status.Status != "ok" {
		reasons = append(reasons, fmt.Sprintf("embedded server: %s; look at the log and the disk", status.Error))
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(h.folder.path, &disk); err != nil {
		reasons = append(reasons, fmt.Sprintf("folder %s cannot be looked at: %v", h.folder.path, err))
	} else if disk.Bavail*100 < disk.Blocks*scarce {
		reasons = append(reasons, fmt.Sprintf("less than %d %% of the disk of %s is free; make room", scarce, h.folder.path))
	}
	return reasons
}

// storeHealth asks for each stream: it has to be there and, in a cluster, to have a
// leader and all its copies.
func (h *Hub) storeHealth(ctx context.Context) []string {
	var reasons []string
	for _, want := range streams(h.config) {
		name := want.Name
		stream, err := h.js.Stream(ctx, name)
		if err != nil {
			reasons = append(reasons, fmt.Sprintf("%s does not answer: %v", name, err))
			continue
		}
		info := stream.CachedInfo()
		if info.Cluster == nil {
			continue
		}
		if info.Cluster.Leader == "" {
			reasons = append(reasons, name+" has no leader; too few servers are up")
		}
		for _, peer := range info.Cluster.Replicas {
			if peer.Offline || !peer.Current {
				reasons = append(reasons, fmt.Sprintf("%s: the copy on %s is behind or away", name, peer.Name))
			}
		}
	}
	return reasons
}
