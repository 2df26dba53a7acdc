package vipps

import (
	"context"
	"sync"
	"time"
)

const (
	// refreshEarly is how long before its end a token is replaced, so that a
	// request never carries one that dies on the way.
	refreshEarly = 150 * time.Second

	// After a failed fetch the next is held back this long: shortly if the way was
	// blocked, longer if the old token still serves, longest if the keys are wrong.
	holdShort   = time.Second
	holdServing = 5 * time.Second
	holdRefused = 15 * time.Second
)

// token is one access token. Its age is measured from before it was asked for, on
// the monotonic clock: received must not be stripped of its monotonic reading.
type token struct {
	value    Secret
	received time.Time
	lifetime time.Duration
	number   int // counts tokens, so that a caller can say which one was refused
}

// alive says that the API should still take it.
func (t token) alive(now time.Time) bool {
	return t.number != 0 && now.Sub(t.received) < t.lifetime
}

// fresh says that it need not be replaced yet.
func (t token) fresh(now time.Time) bool {
	return t.number != 0 && now.Sub(t.received) < t.lifetime-min(refreshEarly, t.lifetime/2)
}

// tokens keeps one token for all calls. At most one fetch is under way at a time,
// made by the call that found it necessary; there is no goroutine behind it.
type tokens struct {
	fetch func(context.Context) (token, time.Duration, *Error)

	mu      sync.Mutex
	current token
	flight  *flight
	hold    time.Time // no fetch before this
	holdErr *Error    // why
}

// flight is a fetch under way. The fields are read after done is closed.
type flight struct {
	done      chan struct{}
	err       *Error
	abandoned bool // its caller went away; somebody else must fetch
}

// get returns a token to send now. spent is the number of one that the API has just
// refused, or 0. The duration is how long to wait when there is an error, which is
// shared and must not be changed.
func (s *tokens) get(ctx context.Context, spent int) (token, time.Duration, *Error) {
	for {
		s.mu.Lock()
		now := time.Now()
		cur := s.current
		usable := cur.alive(now) && cur.number != spent
		if usable && (cur.fresh(now) || s.flight != nil || now.Before(s.hold)) {
			s.mu.Unlock()
			return cur, 0, nil
		}
		if s.flight == nil && now.Before(s.hold) {
			err, wait := s.holdErr, s.hold.Sub(now)
			s.mu.Unlock()
			return token{}, wait, err
		}
		if f := s.flight; f != nil {
			s.mu.Unlock()
			select {
			case <-f.done:
			case <-ctx.Done():
				return token{}, 0, Wire(context.Cause(ctx), Peer{})
			}
			if f.err != nil && !f.abandoned {
				return token{}, s.held(), f.err
			}
			continue
		}
		f := &flight{done: make(chan struct{})}
		s.flight = f
		s.mu.Unlock()
		return s.lead(ctx, f, cur, spent)
	}
}

// lead fetches on behalf of everybody. If that fails, the old token serves until it
// ends.
func (s *tokens) lead(ctx context.Context, f *flight, old token, spent int) (token, time.Duration, *Error) {
	start := time.Now()
	fetched, wait, err := s.fetch(ctx)
	now := time.Now()
	serving := old.alive(now) && old.number != spent

	s.mu.Lock()
	s.flight = nil
	if err == nil {
		fetched.received, fetched.number = start, old.number+1
		s.current, s.holdErr, s.hold = fetched, nil, time.Time{}
	} else if f.abandoned = ctx.Err() != nil; !f.abandoned {
		f.err = err
		wait = max(wait, holdFor(err, serving))
		s.hold, s.holdErr = now.Add(wait), err
	}
	s.mu.Unlock()
	close(f.done)

	switch {
	case err == nil:
		return fetched, 0, nil
	case serving:
		return old, 0, nil
	}
	return token{}, wait, err
}

// refused notes that the API does not take a token that was fetched for want of a
// better one: the keys are wrong in a way that the token endpoint does not see.
func (s *tokens) refused(number int, why *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.number == number {
		s.hold, s.holdErr = time.Now().Add(holdRefused), why
	}
}

func (s *tokens) held() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, time.Until(s.hold))
}

func holdFor(err *Error, serving bool) time.Duration {
	switch {
	case err.Class == ClassCredentials:
		return holdRefused
	case serving:
		return holdServing
	}
	return holdShort
}
