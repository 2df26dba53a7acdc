package carry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"taxiterminal/fleet/claim"
	"taxiterminal/money"
	"taxiterminal/vipps"
)

// API is what a carrier needs of the payment API; *vipps.Client is one.
type API interface {
	Create(ctx context.Context, key string, body []byte) vipps.Result
	Get(ctx context.Context, reference string) vipps.Result
	Capture(ctx context.Context, reference, key string, body []byte) vipps.Result
}

// Merchant is the one whose payments a vehicle makes.
type Merchant struct {
	API      API
	Currency money.Currency
	Limit    money.Minor // of one payment, in minor units
}

// Signer is the terminal that has signed a claim.
type Signer struct {
	ID string
	claim.Terminal
}

// Config is what a Carrier needs.
type Config struct {
	Records Records
	// Signer finds the terminal of a key. claim.ErrUnknownKey if there is none.
	Signer func(context.Context, claim.KeyID) (Signer, error)
	// Merchant is a vehicle's, with ErrUnavailable for one without keys. Any other
	// error is for good: there is no such vehicle.
	Merchant func(ctx context.Context, vehicle string) (Merchant, error)
	// Later is when a later fare of the same car was first heard of; zero for never.
	Later func(claim.Claim) time.Time
	Log   *slog.Logger
}

// Carrier makes and looks after carried payments. Its methods may be called from
// several goroutines.
type Carrier struct {
	cfg Config

	mu   sync.Mutex
	home map[string]*journey // by reference
}

// New makes one. Run makes it work.
func New(cfg Config) *Carrier { return &Carrier{cfg: cfg, home: map[string]*journey{}} }
