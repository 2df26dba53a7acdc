package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"taxiterminal/fleet/enrol/ticket"
)

// Registry is what this package wants to know and to change. A refusal is an error
// with a method Refused() (code, text, hint string); every other error means that
// the registry cannot be asked.
type Registry interface {
	// AddToken keeps the hash of a token for a car.
	AddToken(ctx context.Context, by, vehicle, hash string, ttl time.Duration, replace bool) error
	// Enrol makes a terminal that of the token's car, and returns the car.
	Enrol(ctx context.Context, hash, terminal, name string) (vehicle string, err error)
	// Active returns the car of a terminal that is to be let in.
	Active(ctx context.Context, terminal string) (vehicle string, err error)
	// Revoke puts a terminal out for ever.
	Revoke(ctx context.Context, by, terminal, reason string) error
	// Changes sends when a terminal or a car changed.
	Changes(ctx context.Context) (<-chan struct{}, error)
}

// Config is what the service needs.
type Config struct {
	Registry Registry
	Conn     *nats.Conn    // in the gateway's account
	System   *nats.Conn    // in the servers' own account
	Issuer   nkeys.KeyPair // signs what terminals may do
	Account  string        // where terminals are, "CARS"

	// Address is where computers reach Handler, "https://fleet.example.com"; its name
	// is part of what they sign.
	Address string
	// URLs are where terminals connect; CA is the PEM of who signed the certificate
	// there, empty if it is publicly known.
	URLs []string
	CA   string
	// Settings and Secret are what a new terminal is told, see ticket.Welcome; either
	// may be nil. Secret must be the same whenever it is asked.
	Settings func(ctx context.Context, vehicle string) (json.RawMessage, error)
	Secret   func(terminal string) ([]byte, error)
	// From tells who sent a request; nil takes the other end of the connection, which
	// behind a proxy is the proxy.
	From func(*http.Request) netip.Addr

	// Sweep is the time between two comparisons of all connections; 0 is a minute.
	Sweep time.Duration
	Log   *slog.Logger
}

// Service takes in, lets in and cuts off.
type Service struct {
	config  Config
	server  string // our name in statements
	callout *nats.Subscription
	limit   *limiter

	stop    context.CancelFunc
	running sync.WaitGroup
}

// Start begins to let terminals in. Handler is the caller's to serve.
func Start(ctx context.Context, c Config) (*Service, error) {
	server, err := ticket.Server(c.Address)
	if err != nil {
		return nil, err
	}
	if len(c.URLs) == 0 {
		return nil, errors.New("start enrolment: no URLs for terminals; give the public address of the hub")
	}
	if c.Sweep == 0 {
		c.Sweep = time.Minute
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Service{config: c, server: server, limit: newLimiter(), stop: stop}
	changes, err := c.Registry.Changes(ctx)
	if err != nil {
		stop()
		return nil, err
	}
	if err := s.answerCallouts(ctx); err != nil {
		stop()
		return nil, err
	}
	s.running.Go(func() { s.guard(ctx, changes) })
	return s, nil
}

// Stop ends letting in; those who are in stay.
func (s *Service) Stop() {
	_ = s.callout.Drain()
	s.stop()
	s.running.Wait()
}

// NewToken makes a token for a car, for whoever will be its terminal. It is shown once
// and kept by nobody. A car that has a terminal is refused, see Replace.
func (s *Service) NewToken(ctx context.Context, by, vehicle string, ttl time.Duration) (token string, err error) {
	return s.newToken(ctx, by, vehicle, ttl, false)
}

// Replace makes a token for a car that has a terminal already. That one works on until
// the new one is in, and is revoked then.
func (s *Service) Replace(ctx context.Context, by, vehicle string, ttl time.Duration) (token string, err error) {
	return s.newToken(ctx, by, vehicle, ttl, true)
}

func (s *Service) newToken(ctx context.Context, by, vehicle string, ttl time.Duration, replace bool) (string, error) {
	token := ticket.NewToken()
	hash, err := ticket.Hash(token)
	if err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	if err := s.config.Registry.AddToken(ctx, by, vehicle, hash, ttl, replace); err != nil {
		return "", err
	}
	return token, nil
}

// Revoke puts a terminal out for ever and cuts its connections; it returns how many
// there were. After an error the terminal may be marked and not yet cut off: the
// sweep does that.
func (s *Service) Revoke(ctx context.Context, by, terminal, reason string) (cut int, err error) {
	if err := s.config.Registry.Revoke(ctx, by, terminal, reason); err != nil {
		return 0, err
	}
	return s.cut(ctx, terminal)
}
