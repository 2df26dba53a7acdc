package hub

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strconv"
)

// maxPayload is the largest message in bytes: a journal row with the picture of a
// car's code (256 KiB) escaped in JSON still fits.
const maxPayload = 1 << 20

// minStoreKey is the least number of characters of a store key: 32 random bytes in
// base 64 have 44, in hex 64.
const minStoreKey = 32

// Config says where the hub is.
type Config struct {
	// Dir is the folder of the embedded server; nobody else may read it.
	Dir string
	// Listen is where cars connect to the embedded server, "host:port"; port 0 takes
	// any. Without TLS it must be a loopback address.
	Listen string
	// TLS is for cars, see Certificate; nil for none.
	TLS *tls.Config
	// StoreKey encrypts the folder; empty for none.
	StoreKey string
	// MaxStore is the most that the folder may hold in bytes; 0 for three quarters
	// of what is free on the disk at the start.
	MaxStore int64

	// URLs are those of a cluster outside, "tls://host:4222"; empty for the embedded
	// server. Keys, and TLS if its certificate is not publicly known, go with them.
	URLs []string
	Keys Keys

	// Replicas is how many servers keep each message, 1 to 5; 0 is 1.
	Replicas int
	// MaxJournals refuses new journal rows when JOURNALS has this many bytes; 0 for never.
	MaxJournals int64
	// Shrink lets Start narrow limits, which deletes what is outside of them.
	Shrink bool

	Log *slog.Logger
}

func (c Config) embedded() bool { return len(c.URLs) == 0 }

func (c Config) check() error {
	switch {
	case c.Log == nil:
		return fmt.Errorf("check hub: no log")
	case c.Replicas < 0 || c.Replicas > 5:
		return fmt.Errorf("check hub: %d replicas; want 1 to 5, and at most as many as there are servers", c.Replicas)
	case !c.embedded():
		_, _, _, err := c.Keys.public()
		return err
	case c.Dir == "":
		return fmt.Errorf("check hub: no folder; name one that nobody else can read, such as /var/lib/taxifleet")
	case c.Replicas > 1:
		return fmt.Errorf("check hub: %d replicas on one server; want 1, or the URLs of a cluster", c.Replicas)
	case c.StoreKey != "" && len(c.StoreKey) < minStoreKey:
		return fmt.Errorf("check hub: store key has %d characters; want at least %d, such as 32 random bytes in base 64", len(c.StoreKey), minStoreKey)
	}
	host, _, err := c.listen()
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); c.TLS == nil && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("check hub: listens on %s without a certificate; give one, or listen on 127.0.0.1", c.Listen)
	}
	return nil
}

// listen splits the address; the server takes -1 for any port.
func (c Config) listen() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(c.Listen)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf(`check hub: listen %q is no address; want one such as "0.0.0.0:4222"`, c.Listen)
	}
	if port == 0 {
		port = -1
	}
	return host, port, nil
}
