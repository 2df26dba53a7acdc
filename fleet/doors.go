package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"taxiterminal/fleet/enrol/ticket"
	"taxiterminal/fleet/webhook"
)

// door is one listening server.
type door struct {
	net.Listener
	server *http.Server
	name   string
}

const (
	readTime  = 15 * time.Second
	writeTime = 40 * time.Second // a press may wait for the car
	idleTime  = 2 * time.Minute
	maxHeader = 16 << 10
	stopTime  = 5 * time.Second
)

func (g *Gateway) newDoor(l net.Listener, name string, h http.Handler) *door {
	return &door{l, &http.Server{
		Handler: h, ReadTimeout: readTime, ReadHeaderTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(g.log.With("part", name).Handler(), slog.LevelDebug),
	}, name}
}

func (d *door) serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- d.server.Serve(d.Listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", d.name, err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := d.server.Shutdown(stop); err != nil {
		_ = d.server.Close()
	}
	<-failed
	return ctx.Err()
}

// listen opens all doors, the public one first.
func (g *Gateway) listen() (doors []*door, err error) {
	defer func() {
		if err != nil {
			for _, d := range doors {
				_ = d.Close()
			}
		}
	}()
	l, err := net.Listen("tcp", g.cfg.HTTP.Listen)
	if err != nil {
		return doors, fmt.Errorf("public door: %w; [http] listen says where", err)
	}
	doors = append(doors, g.newDoor(g.secure(l), "public", g.public()))
	if l, err = socket(g.cfg.Admin.Socket); err != nil {
		return doors, err
	}
	doors = append(doors, g.newDoor(l, "admin", g.admin(local)))
	if g.cfg.Admin.Listen == "" {
		return doors, nil
	}
	if l, err = net.Listen("tcp", g.cfg.Admin.Listen); err != nil {
		return doors, fmt.Errorf("admin door: %w", err)
	}
	return append(doors, g.newDoor(g.secure(l), "admin-remote", g.admin(remote))), nil
}

// secure puts TLS on a listener, unless a proxy does.
func (g *Gateway) secure(l net.Listener) net.Listener {
	if g.tls == nil {
		return l
	}
	c := g.tls.Clone()
	c.MinVersion = tls.VersionTLS12 // phones of passengers
	c.NextProtos = []string{"h2", "http/1.1"}
	if g.cfg.HTTP.Autocert {
		c.NextProtos = append(c.NextProtos, acme.ALPNProto) // Let's Encrypt looks whether it is us
	}
	return tls.NewListener(l, c)
}

// letsEncrypt fetches certificates for the public name when somebody comes, and keeps
// them fresh.
func letsEncrypt(publicURL, cache string) (*tls.Config, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("public address: %w", err)
	}
	m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(u.Hostname()), Cache: autocert.DirCache(cache)}
	return &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: m.GetCertificate}, nil
}

// socket makes a Unix socket that only this user can open. One that a dead gateway
// has left is replaced.
func socket(path string) (net.Listener, error) {
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("admin socket %s: another taxifleet is running", path)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("admin socket %s: something else is there; remove it", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("admin socket: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w; its folder must exist and belong to the gateway's user", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("admin socket: %w", err), l.Close())
	}
	return l, nil
}

// public is everything that the world reaches.
func (g *Gateway) public() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+ticket.Path, g.enrol.Handler())
	mux.Handle(webhook.Pattern, g.receiver)
	mux.Handle("/", g.pages.Handler())
	return mux
}

// from is who sent a request: the other end of the connection, or what a proxy that is
// believed says.
func (g *Gateway) from(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	peer, _ := netip.ParseAddr(host)
	peer = peer.WithZone("").Unmap()
	if !g.proxy(peer) {
		return peer
	}
	hops := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
	for i := len(hops) - 1; i >= 0; i-- { // the last one that is no proxy of ours
		ip, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return peer
		}
		if ip = ip.WithZone("").Unmap(); !g.proxy(ip) {
			return ip
		}
	}
	return peer
}

func (g *Gateway) proxy(ip netip.Addr) bool {
	for _, text := range g.cfg.HTTP.Proxies {
		if p, err := netip.ParsePrefix(text); err == nil && p.Contains(ip) {
			return true
		}
		if a, err := netip.ParseAddr(text); err == nil && a == ip {
			return true
		}
	}
	return false
}
