package hub

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ready is how long the embedded server may take to read its folder.
const ready = 60 * time.Second

// startServer runs the embedded server on an open folder.
func startServer(c Config, k Keys) (*server.Server, error) {
	opts, err := options(c, k)
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("make server: %w", err)
	}
	s.SetLoggerV2(logger{c.Log}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(ready) {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("start server: does not listen on %s; is another program there?", c.Listen)
	}
	if !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("start server: no store in %s; see the log for why, and look at the disk", c.Dir)
	}
	return s, nil
}

func options(c Config, k Keys) (*server.Options, error) {
	text, err := k.ServerConfig()
	if err != nil {
		return nil, err
	}
	opts := &server.Options{}
	if err := opts.ProcessConfigString(text); err != nil {
		return nil, fmt.Errorf("configure server: %w", err)
	}
	if opts.Host, opts.Port, err = c.listen(); err != nil {
		return nil, err
	}
	opts.ServerName = "taxifleet"
	opts.NoSigs = true // the gateway handles signals
	opts.MaxPayload = maxPayload
	// A car that vanished in a tunnel is noticed within a minute and a half.
	opts.PingInterval, opts.MaxPingsOut = 30*time.Second, 2
	opts.JetStream = true
	opts.StoreDir = c.Dir
	opts.JetStreamMaxStore = c.MaxStore
	opts.SyncAlways = true
	if c.StoreKey != "" {
		opts.JetStreamKey, opts.JetStreamCipher = c.StoreKey, server.ChaCha
	}
	if c.TLS != nil {
		opts.TLS, opts.TLSConfig, opts.TLSTimeout = true, c.TLS, tlsTimeout
	}
	return opts, nil
}

// tlsTimeout is two round trips, in seconds, over a network as slow as AuthTimeout has it.
const tlsTimeout = 10

// logger lets the server write to ours. What it calls notices is of interest to
// those who look for a fault only; bytes on the wire are never traced.
type logger struct{ log *slog.Logger }

func (l logger) Noticef(f string, v ...any) { l.log.Debug(line(f, v), "part", "nats") }
func (l logger) Warnf(f string, v ...any)   { l.log.Warn(line(f, v), "part", "nats") }
func (l logger) Errorf(f string, v ...any)  { l.log.Error(line(f, v), "part", "nats") }
func (l logger) Fatalf(f string, v ...any)  { l.log.Error(line(f, v), "part", "nats") }
func (l logger) Debugf(f string, v ...any)  { l.log.Debug(line(f, v), "part", "nats") }
func (logger) Tracef(string, ...any)        {}

func line(format string, v []any) string { return fmt.Sprintf(format, v...) }
