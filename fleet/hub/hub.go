package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// settle is how long a cluster may take to agree on its leaders before Start gives
// up, call how long one request to the store may, look how long one that only looks.
const (
	settle = 60 * time.Second
	call   = 10 * time.Second
	look   = 2 * time.Second
)

// Hub is a running hub. Its connections belong to it; Stop closes them.
type Hub struct {
	config Config
	issuer nkeys.KeyPair

	folder *folder        // nil for a cluster outside
	server *server.Server // likewise

	conn, system *nats.Conn
	js           jetstream.JetStream
}

// Start opens the hub, and returns when everything is declared. The error says what
// to do; ErrInUse, ErrStoreKey, ErrNewer and ErrShrink can be told apart.
func Start(ctx context.Context, c Config) (*Hub, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	h := &Hub{config: c}
	if err := h.start(ctx); err != nil {
		return nil, errors.Join(err, h.Stop(context.WithoutCancel(ctx)))
	}
	return h, nil
}

func (h *Hub) start(ctx context.Context) (err error) {
	keys := h.config.Keys
	if h.config.embedded() {
		if keys, err = h.embed(); err != nil {
			return err
		}
	}
	if h.issuer, err = nkeys.FromSeed([]byte(keys.Issuer)); err != nil {
		return fmt.Errorf("read issuer key: %w", err)
	}
	if h.conn, err = h.connect(ctx, "taxifleet", keys.Gateway); err != nil {
		return err
	}
	if h.system, err = h.connect(ctx, "taxifleet system", keys.System); err != nil {
		return err
	}
	if h.js, err = jetstream.New(h.conn, jetstream.WithDefaultTimeout(call)); err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	return h.settle(ctx)
}

// embed runs the server in this process, with new keys.
func (h *Hub) embed() (keys Keys, err error) {
	if keys, err = NewKeys(); err != nil {
		return Keys{}, err
	}
	if h.folder, err = openFolder(h.config.Dir, h.config.StoreKey); err != nil {
		return Keys{}, err
	}
	h.server, err = startServer(h.config, keys)
	return keys, err
}

// connect opens a connection that never gives up once it stood.
func (h *Hub) connect(ctx context.Context, name, seed string) (*nats.Conn, error) {
	pair, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	log := h.config.Log
	options := []nats.Option{
		nats.Name(name), nats.Nkey(public, pair.Sign), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second), nats.Timeout(call),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("hub disconnected", "conn", name, "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("hub connected again", "conn", name) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Error("hub connection", "conn", name, "error", err)
		}),
	}
	if h.server != nil {
		options = append(options, nats.InProcessServer(h.server))
	} else if h.config.TLS != nil {
		options = append(options, nats.Secure(h.config.TLS))
	}
	conn, err := nats.Connect(strings.Join(h.config.URLs, ","), options...)
	if err != nil {
		return nil, fmt.Errorf("connect hub: %w; are the servers there, and is the block of taxifleet in their configuration?", err)
	}
	return conn, ctx.Err()
}

// settle declares, and tries again while a cluster has not chosen its leaders.
func (h *Hub) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	pause := time.NewTicker(250 * time.Millisecond)
	defer pause.Stop()
	for {
		err := h.declare(ctx)
		if err == nil || errors.Is(err, ErrShrink) || h.config.embedded() {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; did the servers find each other, and is JetStream on?", err)
		case <-pause.C:
		}
	}
}

// Conn is the gateway's connection in FLEET.
func (h *Hub) Conn() *nats.Conn { return h.conn }

// System is the gateway's connection in SYS.
func (h *Hub) System() *nats.Conn { return h.system }

// JetStream is the store.
func (h *Hub) JetStream() jetstream.JetStream { return h.js }

// Issuer signs what cars may do.
func (h *Hub) Issuer() nkeys.KeyPair { return h.issuer }

// URL is where the embedded server listens; empty for a cluster outside.
func (h *Hub) URL() string {
	if h.server == nil {
		return ""
	}
	return h.server.ClientURL()
}

// Stop lets what was asked for be answered, then closes everything, flushed. It waits
// as long as ctx lets it. Stop after Stop does nothing.
func (h *Hub) Stop(ctx context.Context) error {
	err := drain(ctx, h.conn)
	if h.system != nil {
		h.system.Close()
	}
	if h.server != nil {
		h.server.Shutdown()
		h.server.WaitForShutdown()
	}
	if h.folder != nil {
		h.folder.close()
	}
	return err
}

func drain(ctx context.Context, conn *nats.Conn) error {
	if conn == nil || conn.IsClosed() {
		return nil
	}
	defer conn.Close()
	closed := conn.StatusChanged(nats.CLOSED)
	if err := conn.Drain(); err != nil {
		return nil // not connected: nothing to wait for
	}
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop hub: %w; closed with answers outstanding", ctx.Err())
	}
}
