package vippstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"syscall"
	"time"
)

// connectTimeout is how long a connection attempt into a black hole lasts, unless
// the caller gives up before.
const connectTimeout = 10 * time.Second

// Transport calls the simulator without a network, for tests in virtual time. It is
// honest in the way of a real one: it tells net/http/httptrace when a connection is
// wanted, had and written to, a request that has been written is handled even if
// the caller has gone away, and a caller never learns whether it was.
//
// Every request "dials" anew, so an outage that begins between two requests makes
// the second one fail before it is written.
func (s *Sim) Transport() http.RoundTripper { return transport{s} }

type transport struct{ sim *Sim }

// RoundTrip carries one request. It never repeats one.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		trace = &httptrace.ClientTrace{}
	}
	if trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	if err := t.dial(ctx); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	arrived, err := arrive(r)
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
	}
	if err != nil {
		return nil, err
	}
	return t.exchange(arrived)
}

// dial fails as a connection attempt does when the line is down.
func (t transport) dial(ctx context.Context) error {
	switch t.sim.Network() {
	case Refused:
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case Blackhole:
		if err := sleep(ctx, connectTimeout); err != nil {
			return err
		}
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	return ctx.Err()
}

// arrive is the request as the server gets it.
func arrive(r *http.Request) (*http.Request, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		if err = errors.Join(err, r.Body.Close()); err != nil {
			return nil, fmt.Errorf("write request: %w", err)
		}
	}
	u := *r.URL
	arrived := (&http.Request{
		Method: r.Method, URL: &url.URL{Path: u.Path, RawQuery: u.RawQuery}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.Header.Clone(), Host: u.Host, RemoteAddr: "192.0.2.1:1234", RequestURI: u.RequestURI(),
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}).WithContext(r.Context())
	return arrived, nil
}

// exchange lets the server handle the request in a goroutine of its own, which
// Sim.Close waits for, and waits for its answer or for the caller to give up.
func (t transport) exchange(r *http.Request) (*http.Response, error) {
	answers := make(chan *recorder, 1)
	t.sim.given.Go(func() {
		t.sim.wait(t.sim.opt.Latency)
		rec := &recorder{header: http.Header{}}
		rec.serve(t.sim, r)
		t.sim.wait(t.sim.opt.Latency)
		answers <- rec
	})
	select {
	case rec := <-answers:
		return rec.result(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recorder keeps what a handler writes, or that it cut the connection.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	cut    bool
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func (r *recorder) serve(h http.Handler, req *http.Request) {
	defer func() {
		switch reason := recover(); reason {
		case nil:
		case http.ErrAbortHandler:
			r.cut = true
		default:
			panic(reason)
		}
	}()
	h.ServeHTTP(r, req)
}

func (r *recorder) result(req *http.Request) (*http.Response, error) {
	if r.cut {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return &http.Response{
		Status: http.StatusText(r.status), StatusCode: r.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.header, Body: io.NopCloser(&r.body), ContentLength: int64(r.body.Len()), Request: req,
	}, nil
}
