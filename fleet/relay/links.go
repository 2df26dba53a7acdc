package relay

import (
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// linkLife is how long the API's links to pictures live.
	linkLife = time.Hour
	maxLinks = 10_000
)

// links are those to pictures that were given out, by vehicle, as hashes.
type links struct {
	mu    sync.Mutex
	given map[[sha256.Size]byte]time.Time
}

func linkKey(vehicle, link string) [sha256.Size]byte {
	return sha256.Sum256([]byte(vehicle + "\n" + link))
}

func (l *links) add(vehicle, link string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.given == nil {
		l.given = map[[sha256.Size]byte]time.Time{}
	}
	for key, at := range l.given {
		if now.Sub(at) > linkLife || len(l.given) >= maxLinks {
			delete(l.given, key) // one that is still good is read again
		}
	}
	l.given[linkKey(vehicle, link)] = now
}

func (l *links) has(vehicle, link string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.given[linkKey(vehicle, link)]
	return ok && now.Sub(at) <= linkLife
}
