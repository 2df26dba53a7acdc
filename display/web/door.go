package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"
	"time"
)

const (
	sessionTime = 12 * time.Hour // a long shift
	maxSessions = 8

	freeTries = 3
	firstWait = 2 * time.Second // after the last free try; doubles from there
	maxWait   = 5 * time.Minute
)

// door is the PIN and who has passed it. Sessions live in memory: after a restart
// the PIN is asked for again. The limit counts tries on all pages together, since
// all of them come from the same machine.
type door struct {
	pin [sha256.Size]byte

	mu       sync.Mutex
	sessions map[[sha256.Size]byte]time.Time // hash of the token -> end
	failed   int
	opens    time.Time // no try is looked at before
}

func newDoor(pin string) *door {
	return &door{pin: sha256.Sum256([]byte(pin)), sessions: map[[sha256.Size]byte]time.Time{}}
}

// enter tries a PIN. It returns the token of a new session, or how long the next
// try has to wait; both are zero for a wrong PIN that costs no waiting yet.
func (d *door) enter(pin string, now time.Time) (token string, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if wait := d.opens.Sub(now); wait > 0 {
		return "", wait
	}
	given := sha256.Sum256([]byte(pin))
	if subtle.ConstantTimeCompare(given[:], d.pin[:]) != 1 {
		d.failed++
		wait = penalty(d.failed)
		d.opens = now.Add(wait)
		return "", wait
	}
	d.failed = 0
	return d.session(now), 0
}

// penalty is the wait after so many wrong tries in a row.
func penalty(failed int) time.Duration {
	if failed < freeTries {
		return 0
	}
	wait := firstWait
	for range failed - freeTries {
		if wait *= 2; wait >= maxWait {
			return maxWait
		}
	}
	return wait
}

// session makes a token. The oldest session gives way when there are too many.
func (d *door) session(now time.Time) string {
	var secret [32]byte
	rand.Read(secret[:]) // never fails (Go 1.24)
	for len(d.sessions) >= maxSessions {
		delete(d.sessions, d.oldest())
	}
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	d.sessions[sha256.Sum256([]byte(token))] = now.Add(sessionTime)
	return token
}

func (d *door) oldest() (key [sha256.Size]byte) {
	var first time.Time
	for k, end := range d.sessions {
		if first.IsZero() || end.Before(first) {
			key, first = k, end
		}
	}
	return key
}

// passed says whether a token belongs to a session that has not ended. Tokens are
// looked up by their hash, so the time this takes says nothing about them.
func (d *door) passed(token string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := sha256.Sum256([]byte(token))
	end, ok := d.sessions[key]
	if ok && !now.Before(end) {
		delete(d.sessions, key)
		return false
	}
	return ok
}

// leave ends a session.
func (d *door) leave(token string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sessions, sha256.Sum256([]byte(token)))
}
