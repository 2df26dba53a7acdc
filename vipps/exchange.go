package vipps

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// bodyMax bounds what is read of an answer.
const bodyMax = 1 << 20

// errTooLong is an answer of more than bodyMax bytes.
var errTooLong = errors.New("answer longer than 1 MiB")

// request is one API request, ready but for the token.
type request struct {
	op        Op
	method    string
	path      string
	reference string // of a payment or a printed code, for logs and limits; never a person's
	key       string // Idempotency-Key, of operations about money
	body      []byte
	private   []string // what errors must not repeat: customer identifiers, targets of codes

	accept string // media type of the answer, empty for JSON
	bare   bool   // without the subscription key
	url    string // instead of path: another host, which gets no credentials
}

// address is where it goes.
func (r request) address(base string) string { return cmp.Or(r.url, base+r.path) }

// answer is a whole HTTP response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// sendOnce hides from net/http that a body can be rewound, see the package comment.
type sendOnce struct{ io.Reader }

// exchange sends r and reads the whole answer. When it returns an error, sent says
// whether the API may have got the request.
//
// The test for that is whether the transport has handed out a connection for it.
// The finer hooks of httptrace (WroteHeaders, WroteRequest) run in the
// connection's own goroutine, which may still be about to write when a cancelled
// RoundTrip returns; that they were not called proves nothing. GotConn is called
// before RoundTrip can give the request to any connection, so without it no byte
// was or will be written. A transport that does not trace at all never calls
// GetConn either, and is then taken to have sent.
func (c *Client) exchange(ctx context.Context, r request, header http.Header) (a answer, sent bool, err error) {
	if err := ctx.Err(); err != nil {
		return answer{}, false, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, callTimeout, fmt.Errorf("no answer within %v: %w", callTimeout, context.DeadlineExceeded))
	defer cancel()

	var asked, got atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, r.method, r.address(c.base), nil)
	if err != nil {
		return answer{}, false, err
	}
	req.Header = header
	if r.body != nil {
		req.Body = io.NopCloser(sendOnce{bytes.NewReader(r.body)})
		req.ContentLength = int64(len(r.body))
	}
	// RoundTrip and not http.Client.Do: no redirects, no cookies, one request.
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return answer{}, got.Load() || !asked.Load(), cause(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyMax+1))
	if err == nil && len(body) > bodyMax {
		err = errTooLong
	}
	if err != nil {
		return answer{}, true, cause(ctx, err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: body}, true, nil
}

// cause prefers the reason why the context ended to what the transport made of it.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
