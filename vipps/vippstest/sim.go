package vippstest

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"taxiterminal/money"
)

// Keys that the simulator accepts unless Options say otherwise. They are made up
// and open nothing.
const (
	DefaultMSN             = "123456"
	DefaultClientID        = "00000000-0000-4000-8000-000000000001"
	DefaultClientSecret    = "simulator-client-secret"
	DefaultSubscriptionKey = "simulator-subscription-key"
)

// Options describe the sales unit and the API in front of it. The zero value is a
// Norwegian unit that may do everything that a taxi does.
type Options struct {
	MSN             string
	ClientID        string
	ClientSecret    string
	SubscriptionKey string

	Currency        money.Currency // of the sales unit's market; NOK if empty
	FullCaptureOnly bool           // 6140 on partial captures
	NoPush          bool           // 5080 on PUSH_MESSAGE
	LongLiving      bool           // expiresAt is allowed; else 5050
	NationalID      bool           // scope nin is allowed; else 5030

	Passenger         Person        // who scans the codes; DefaultPassenger if zero
	ProfileLag        time.Duration // get tells the customer this long after the approval
	UserinfoLag       time.Duration // the same of the Userinfo API
	HideUserDetails   bool          // get tells only the customer's sub, as in older versions
	UserinfoKey       KeyRule       // of the subscription key there
	NoOrderManagement bool          // 404 on receipts, as in the test environment

	TokenLifetime   time.Duration // an hour if zero
	TokenNumbers    bool          // expiry members as JSON numbers instead of strings
	PaymentLifetime time.Duration // ten minutes if zero
	ExpiryLag       time.Duration // EXPIRED is written this long after the end
	HideRedirectURL bool          // leave redirectUrl out of get
	RetryAfter      bool          // Retry-After on rate limits

	// WebhookTransport carries webhooks to their receivers; one of its own if nil.
	WebhookTransport http.RoundTripper
	// WebhookRetry is how long after the first, second, ... attempt to deliver an
	// event the next is made, the last for all after it; the published times if nil.
	WebhookRetry []time.Duration
	OldCheckIn   bool // check-ins name the sales unit as they did in 2023

	Latency time.Duration // each way, on Transport only
	Seed    uint64        // of ids, links and the faults' chances
}

// Sim is one sales unit and its API. Its methods may be used from any goroutine.
type Sim struct {
	opt Options

	mu       sync.Mutex
	offset   time.Duration // added to the process's clock
	rng      *rand.Rand
	tokens   map[string]time.Time     // access token -> end of life
	payments map[string]*payment      // by reference
	order    []*payment               // all, as created
	open     []*payment               // those in state CREATED
	traffic  map[string]map[Op]*Calls // by reference
	answered map[answeredKey]*answered
	windows  map[windowKey][]time.Time // of the rate limits
	plan     []*Fault
	planned  int // faults ever added
	link     link
	tapped   Tap
	watchers []func() // told, without the lock, that the link has changed
	people   people
	codes    map[string]*code // of the QR API, by id
	printed  []*code          // all ever made
	links    map[string]codeLink

	callbacks []*callback // of the QR API
	hooks     webhooks

	done  chan struct{}  // closed by Close
	given sync.WaitGroup // what Close waits for: calls by Transport, webhooks
}

// New makes a simulator with no payments and no faults.
func New(opt Options) *Sim {
	opt.MSN = cmp.Or(opt.MSN, DefaultMSN)
	opt.ClientID = cmp.Or(opt.ClientID, DefaultClientID)
	opt.ClientSecret = cmp.Or(opt.ClientSecret, DefaultClientSecret)
	opt.SubscriptionKey = cmp.Or(opt.SubscriptionKey, DefaultSubscriptionKey)
	opt.Currency = cmp.Or(opt.Currency, money.NOK)
	if opt.Passenger == (Person{}) {
		opt.Passenger = DefaultPassenger
	}
	if opt.WebhookTransport == nil {
		opt.WebhookTransport = &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: 5 * time.Second}
	}
	opt.TokenLifetime = cmp.Or(opt.TokenLifetime, time.Hour)
	opt.PaymentLifetime = cmp.Or(opt.PaymentLifetime, 10*time.Minute)
	return &Sim{
		opt:      opt,
		rng:      rand.New(rand.NewPCG(opt.Seed, 0x7461786973696d)),
		tokens:   map[string]time.Time{},
		payments: map[string]*payment{},
		traffic:  map[string]map[Op]*Calls{},
		answered: map[answeredKey]*answered{},
		windows:  map[windowKey][]time.Time{},
		people:   newPeople(opt.Passenger),
		codes:    map[string]*code{},
		links:    map[string]codeLink{},
		hooks:    webhooks{lanes: map[laneKey]*lane{}, poke: make(chan struct{}, 1)},
		done:     make(chan struct{}),
	}
}

// Close ends all delays and hangs, ends webhooks, and waits for calls that came
// through Transport and were given up by their clients. Every synctest bubble with a
// Sim needs it.
func (s *Sim) Close() {
	s.mu.Lock()
	select {
	case <-s.done:
	default:
		close(s.done)
	}
	s.mu.Unlock()
	s.given.Wait()
}

// Now is the simulator's time.
func (s *Sim) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Sim) now() time.Time { return time.Now().Add(s.offset) }

// Advance moves the simulator's clock forward. What falls due on the way happens in
// its order: planned approvals, expiries, the end of an outage.
func (s *Sim) Advance(d time.Duration) {
	s.mu.Lock()
	s.offset += max(0, d)
	s.settle()
	s.mu.Unlock()
	s.notify()
}

// settle brings all payments up to now. Nothing happens between calls: whoever
// looks at a payment settles first.
func (s *Sim) settle() {
	now := s.now()
	for _, p := range s.open {
		p.settle(now, s)
	}
	s.open = slices.DeleteFunc(s.open, func(p *payment) bool { return p.state != stateCreated })
}

// wait sleeps for a fault's delay, or until Close.
func (s *Sim) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.done:
	}
}
