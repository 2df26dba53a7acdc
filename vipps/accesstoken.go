package vipps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// lifetimeMin keeps an absurdly short lifetime from turning every call into
	// a token request; if the token really dies sooner, a 401 says so.
	lifetimeMin = 10 * time.Second
	lifetimeMax = 24 * time.Hour
	// lifetimeUnstated serves for a token without a readable expires_in.
	lifetimeUnstated = 5 * time.Minute
)

// fetchToken asks the access token API for a token: POST to a path that ends in
// get, with an empty body and the keys in headers.
func (c *Client) fetchToken(ctx context.Context) (token, time.Duration, *Error) {
	header := http.Header{}
	header.Set("client_id", c.clientID)
	header.Set("client_secret", c.clientSecret.Reveal())
	c.setCommon(header)
	r := request{op: OpToken, method: http.MethodPost, path: "/accesstoken/get"}
	start := time.Now()
	a, _, err := c.exchange(ctx, r, header)
	tok, e := c.readToken(r, a, err)
	kind, wait := Done, time.Duration(0)
	if e != nil {
		e.Op, kind, wait = OpToken, Retry, retryAfter(a.header)
	}
	c.report(ctx, r, kind, a.status, e, time.Since(start))
	return tok, wait, e
}

func (c *Client) readToken(r request, a answer, err error) (token, *Error) {
	if err != nil {
		return token{}, Wire(err, c.peer(r))
	}
	if a.status < 200 || a.status > 299 {
		_, e := judge(a, c.private(nil))
		switch a.status {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
			if e.Class != ClassPortal {
				e.Class, e.Hint = ClassCredentials, hintKeys
			}
		}
		return token{}, e
	}
	tok, err := decodeToken(a.body)
	if err != nil {
		return token{}, misread(a, err)
	}
	return tok, nil
}

// decodeToken reads the access token API's answer. expires_in has been seen as a
// string and as a number of seconds. expires_on is ignored: it would have to be
// compared with the wall clock.
func decodeToken(body []byte) (token, error) {
	var w struct {
		AccessToken string          `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return token{}, fmt.Errorf("read token: %w", shapeOnly(err))
	}
	if !headerSafe(w.AccessToken) {
		return token{}, errors.New("read token: access_token missing or not fit for a header")
	}
	return token{value: NewSecret(w.AccessToken), lifetime: lifetime(w.ExpiresIn)}, nil
}

func lifetime(raw json.RawMessage) time.Duration {
	seconds, err := strconv.ParseInt(strings.Trim(string(raw), `" `), 10, 64)
	if err != nil {
		return lifetimeUnstated
	}
	return time.Duration(max(int64(lifetimeMin/time.Second), min(seconds, int64(lifetimeMax/time.Second)))) * time.Second
}
