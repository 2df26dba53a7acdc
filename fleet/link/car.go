package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"taxiterminal/vipps"
)

// Config is what a car needs to reach its gateway.
type Config struct {
	// URLs of the gateway's link, tls:// or wss://; nats:// and ws:// only on the same
	// machine. All belong to one gateway.
	URLs []string
	// Terminal is the public key and Sign its use; see FromSeed. The private key
	// stays where it is.
	Terminal string
	Sign     func(nonce []byte) ([]byte, error)
	// TLS is how the gateway is recognised; nil for the system's certificates.
	TLS *tls.Config
	// Timeout of one request; 0 is 30 s, as a direct client has it. Tests shorten it.
	Timeout time.Duration

	Log *slog.Logger // nil: nothing is logged
	// OnState is told when the connection comes and goes, OnHint what the gateway
	// pushes. Both are called one after the other and must be quick; nil for none.
	OnState func(State)
	OnHint  func(Hint)
}

// State is what is known about the connection.
type State struct {
	Up bool
	// Refused: the gateway is there and does not let this terminal in. It was revoked,
	// or never enrolled.
	Refused bool
	Err     error // why it is not up; fit for logs
}

// FromSeed makes the key of a terminal usable: its public name and its signature. The
// seed is an nkey ("SU...") and is not kept in readable form longer than needed.
func FromSeed(seed []byte) (terminal string, sign func([]byte) ([]byte, error), err error) {
	key, err := nkeys.FromSeed(seed)
	if err != nil {
		return "", nil, errors.New("terminal key: not a seed of an nkey; enrol this terminal anew")
	}
	terminal, err = key.PublicKey()
	if err != nil || !ValidTerminal(terminal) {
		return "", nil, errors.New("terminal key: not a user's key; enrol this terminal anew")
	}
	return terminal, key.Sign, nil
}

// Car is the car's end. Its methods may be called from several goroutines.
type Car struct {
	cfg  Config
	log  *slog.Logger
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu    sync.Mutex
	nc    *nats.Conn // nil until the first attempt to connect is over
	state State
	// session is closed when the connection that it stands for is gone; nil while
	// there is none.
	session chan struct{}
	changed chan struct{} // closed and made anew at every change of session

	heard    atomic.Int64 // since start, when the last answer came
	start    time.Time
	dropping atomic.Bool
	closing  atomic.Bool // by Close: that the link goes down is no news
}

const (
	callTimeout = 30 * time.Second
	dialTimeout = 5 * time.Second
	// joinTimeout is for all of the server's greeting, TLS and signing in: three round
	// trips, over a network that takes two seconds each way.
	joinTimeout  = 20 * time.Second
	pingInterval = 10 * time.Second
	// freshFor is how long after an answer a connection is taken to be alive.
	freshFor = 10 * time.Second
)

// Dial checks cfg and begins to connect, for ever and in the background: it does not
// need the gateway to be there. Close ends it.
func Dial(cfg Config) (*Car, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &Car{cfg: cfg, log: cfg.Log, stop: stop, changed: make(chan struct{}), start: time.Now()}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.cfg.Timeout == 0 {
		c.cfg.Timeout = callTimeout
	}
	c.wg.Go(func() {
		nc, err := nats.Connect(strings.Join(cfg.URLs, ","), c.options(ctx)...)
		if err != nil { // not for lack of a network, which is tried for ever
			c.down(err)
			return
		}
		c.has(nc)
		c.hear(nc)
	})
	return c, nil
}

func (c *Car) has(nc *nats.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nc = nc
}

func (c *Car) hear(nc *nats.Conn) {
	if c.cfg.OnHint == nil {
		return
	}
	if _, err := nc.Subscribe(HintSubject(c.cfg.Terminal), c.hint); err != nil {
		c.log.Error("gateway link: no hints; payments are polled", "err", err)
	}
}

// Check finds what a link cannot work with.
func (cfg Config) Check() error {
	if !ValidTerminal(cfg.Terminal) || cfg.Sign == nil {
		return errors.New("gateway link: no terminal key; enrol this terminal first")
	}
	if len(cfg.URLs) == 0 {
		return errors.New("gateway link: no address of the gateway")
	}
	for _, text := range cfg.URLs {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.User != nil {
			return errors.New("gateway link: want addresses like tls://gateway.example:4222, without a user")
		}
		switch {
		case u.Scheme == "tls" || u.Scheme == "wss":
		case (u.Scheme == "nats" || u.Scheme == "ws") && loopback(u.Hostname()):
		default:
			return fmt.Errorf("gateway link %s://%s: want tls:// or wss://; without encryption only on the same machine", u.Scheme, u.Host)
		}
	}
	return nil
}

// peer is who is called.
func (cfg Config) peer() (p vipps.Peer) {
	if u, err := url.Parse(cfg.URLs[0]); err == nil {
		p.Host = u.Hostname()
	}
	if cfg.TLS != nil {
		p.Roots = cfg.TLS.RootCAs
	}
	return p
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// dialer can be told to stop in the middle of a connection attempt.
type dialer struct{ ctx context.Context }

func (d dialer) Dial(network, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: dialTimeout}).DialContext(d.ctx, network, address)
}

func (c *Car) options(ctx context.Context) []nats.Option {
	o := []nats.Option{
		nats.Name("taxiterm"),
		nats.Nkey(c.cfg.Terminal, c.cfg.Sign),
		nats.CustomInboxPrefix(InboxPrefix(c.cfg.Terminal)),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(reconnectDelay),
		// Nothing is kept to be sent later: what was given up must not arrive.
		nats.ReconnectBufSize(-1),
		nats.IgnoreDiscoveredServers(), // only what was configured is trusted to be reachable
		nats.SetCustomDialer(dialer{ctx}), nats.Timeout(joinTimeout), nats.FlusherTimeout(dialTimeout),
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2),
		nats.ConnectHandler(c.up),
		nats.ReconnectHandler(c.up),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { c.down(err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { c.down(err) }),
		nats.ErrorHandler(c.asyncError),
	}
	if c.cfg.TLS != nil {
		o = append(o, nats.Secure(c.cfg.TLS))
	}
	return o
}

// reconnectDelay is the pause after the n-th round in vain: 1 s doubling to 16 s, with
// some jitter, so that a fleet does not come back in step.
func reconnectDelay(n int) time.Duration {
	d := time.Second << min(max(n-1, 0), 4)
	return d + time.Duration(time.Now().UnixNano()%int64(d/4+1))
}

// Terminal is the name under which the gateway knows this car's computer.
func (c *Car) Terminal() string { return c.cfg.Terminal }

// State is the present state of the connection.
func (c *Car) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Close ends the connection and all calls under way.
func (c *Car) Close() {
	c.closing.Store(true)
	c.stop()
	c.wg.Wait()
	c.mu.Lock()
	nc := c.nc
	c.mu.Unlock()
	if nc != nil {
		nc.Close()
	}
	c.down(nats.ErrConnectionClosed)
}

// CloseIdleConnections drops a connection that a lost network has left dead and makes
// a new one. One over which an answer came just now is kept: then it is the gateway
// that has lost its network.
func (c *Car) CloseIdleConnections() {
	nc, session := c.current()
	if session == nil || time.Since(c.start)-time.Duration(c.heard.Load()) < freshFor || !c.dropping.CompareAndSwap(false, true) {
		return
	}
	go func() { // may wait for a dial under way
		defer c.dropping.Store(false)
		_ = nc.ForceReconnect() // fails only when the link is closed
	}()
}

// current is the connection and its session, nil while there is none.
func (c *Car) current() (nc *nats.Conn, session chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nc, c.session
}

// next is the present session, nil for none, and a channel that is closed when that
// is not so any more.
func (c *Car) next() (session, changed chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session, c.changed
}

func (c *Car) up(nc *nats.Conn) {
	c.mu.Lock()
	c.endSession()
	c.nc = nc
	c.session = make(chan struct{})
	c.mu.Unlock()
	c.heard.Store(int64(time.Since(c.start)))
	c.log.Info("gateway link up")
	c.tell(State{Up: true})
}

func (c *Car) down(err error) {
	c.mu.Lock()
	c.endSession()
	c.mu.Unlock()
	c.tell(State{Refused: notLetIn(err), Err: err})
}

func notLetIn(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked)
}

// endSession is called with the lock.
func (c *Car) endSession() {
	if c.session != nil {
		close(c.session)
		c.session = nil
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// tell passes on a change of state; the same state again is told once.
func (c *Car) tell(s State) {
	c.mu.Lock()
	same := s.Up == c.state.Up && s.Refused == c.state.Refused && (s.Err == nil) == (c.state.Err == nil)
	c.state = s
	c.mu.Unlock()
	if same {
		return
	}
	if !s.Up && !c.closing.Load() {
		c.log.Warn("gateway link down", "refused", s.Refused, "err", s.Err)
	}
	if c.cfg.OnState != nil {
		c.cfg.OnState(s)
	}
}

func (c *Car) asyncError(_ *nats.Conn, _ *nats.Subscription, err error) {
	if notLetIn(err) {
		c.tell(State{Refused: true, Err: err})
		return
	}
	c.log.Error("gateway link", "err", err)
}

func (c *Car) hint(m *nats.Msg) {
	h, err := DecodeHint(m.Data)
	if err != nil {
		c.log.Warn("hint ignored", "err", err)
		return
	}
	c.cfg.OnHint(h)
}
