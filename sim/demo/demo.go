// Package demo serves a page to play with a whole taxi: the meter's keys, the
// passenger's phone, the network and the power of the terminal.
package demo

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"time"

	"taxiterminal/sim"
)

//go:embed static
var files embed.FS

// Options of Serve.
type Options struct {
	Taxi   sim.Options
	Listen string     // loopback address of the page
	Ready  func(URLs) // called once when everything runs
}

// URLs are what to open.
type URLs struct{ Page, Passenger, Driver string }

// Serve runs a taxi and its page until ctx ends.
func Serve(ctx context.Context, o Options) (err error) {
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("demo page: %w; choose another with --listen", err)
	}
	defer listener.Close()
	protocol, err := sim.FindProtocol(o.Taxi.Meter.Protocol)
	if err != nil {
		return err
	}
	taxi, err := sim.New(o.Taxi)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, taxi.Close()) }()
	if err := taxi.Daemon.Start(ctx); err != nil {
		return err
	}
	if err := ownCode(ctx, taxi); err != nil {
		return err
	}
	p := newPlay(taxi, protocol.About)
	defer p.close()
	return p.serve(ctx, listener, func(page string) {
		if o.Ready != nil {
			o.Ready(urlsOf(page, taxi))
		}
	})
}

func urlsOf(page string, taxi *sim.Taxi) URLs {
	return URLs{page, taxi.Daemon.URL() + "/", taxi.Daemon.URL() + "/driver"}
}

// serve serves the page until ctx ends.
func (p *play) serve(ctx context.Context, listener net.Listener, ready func(page string)) error {
	server := &http.Server{Handler: p.handler(listener.Addr().String()), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	ready("http://" + listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return ctx.Err()
}

// ownCode gives the car a code of its own, once.
func ownCode(ctx context.Context, taxi *sim.Taxi) error {
	var code struct{ Phase string }
	if err := taxi.Daemon.Command(ctx, &code, "qr", "show"); err != nil || code.Phase != "" {
		return err
	}
	return taxi.Daemon.Command(ctx, nil, "qr", "create", "--target", "https://taxi.example/v/7kQ2mXw9Lp")
}

// handler serves the page, and what its buttons do. Only the page itself may post:
// another site in the same browser must not drive the taxi.
func (p *play) handler(host string) http.Handler {
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is inside the program
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(static))
	mux.HandleFunc("GET /state", p.state)
	mux.HandleFunc("POST /do/{what}/{how}", p.do)
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != host {
			http.Error(w, "open http://"+host, http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'")
		w.Header().Set("Cache-Control", "no-store")
		protection.Handler(mux).ServeHTTP(w, r)
	})
}
