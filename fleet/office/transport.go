package office

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// ErrNotRunning means that no gateway listens on the socket, ErrNotAllowed that the
// socket belongs to another user.
var (
	ErrNotRunning = errors.New("taxifleet is not running")
	ErrNotAllowed = errors.New("the admin socket belongs to another user")
)

// Client talks to a gateway. Its errors are an *Error for everything that the gateway
// refuses.
type Client struct {
	socket string // empty: elsewhere
	http   *http.Client
	base   string
	token  string
}

// Local prepares a client for the gateway's socket.
func Local(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}, base: "http://taxifleet", socket: socket}
}

// Remote prepares a client for a gateway elsewhere, at https://host:port; http only on
// the same machine, because the token goes with every request. trust is how the gateway
// is recognised; nil for the system's certificates.
func Remote(server, token string, trust *tls.Config) (*Client, error) {
	u, err := url.Parse(server)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return nil, errors.New("gateway address: want one like https://fleet.example:8443")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, fmt.Errorf("gateway address %s://%s: want https, because the token goes with every request", u.Scheme, u.Host)
	case token == "":
		return nil, errors.New("no token: give one with --token-file or in TAXIFLEET_TOKEN; taxifleet admin add makes one")
	}
	transport := &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Client{http: client, base: strings.TrimRight(server, "/"), token: token}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func get[T any](ctx context.Context, c *Client, path string) (v T, err error) {
	return v, c.call(ctx, http.MethodGet, path, nil, &v)
}

func post[T any](ctx context.Context, c *Client, path string, in any) (v T, err error) {
	return v, c.call(ctx, http.MethodPost, path, in, &v)
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	res, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := refused(res); err != nil || out == nil {
		return err
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("gateway answer: %w", err)
	}
	return nil
}

// file is an answer that is no JSON.
func (c *Client) file(ctx context.Context, path string) ([]byte, error) {
	res, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if err := refused(res); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("gateway answer: %w", err)
	}
	return b, nil
}

func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	switch {
	case c.socket != "" && (errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)):
		return nil, fmt.Errorf("%w: nobody answers at %s", ErrNotRunning, c.socket)
	case c.socket != "" && errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: %s", ErrNotAllowed, c.socket)
	case err != nil:
		return nil, fmt.Errorf("gateway not reached: %w", err)
	}
	return res, nil
}

func refused(res *http.Response) error {
	if res.StatusCode == http.StatusOK {
		return nil
	}
	e := &Error{}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(e); err != nil || e.Message == "" {
		e = &Error{Message: "gateway answers " + res.Status, Hint: "check that this is the address of its administration"}
	}
	e.Status = res.StatusCode
	return e
}
