package kill

import (
	"strings"
	"sync"
	"time"

	"taxiterminal/vipps/vippstest"
)

// Family is a kind of moments.
type Family string

const (
	Random  Family = "random"
	API     Family = "api"
	Screen  Family = "screen"
	Meter   Family = "meter"
	Act     Family = "act"
	Page    Family = "page" // of the gateway, on the passenger's phone
	Startup Family = "startup"
	Syscall Family = "syscall"
)

// Late is the moment of a request that the API handles only in the next life of
// whoever sent it.
const Late vippstest.Moment = "late"

// Point is a moment at which a program is killed.
type Point struct {
	Victims []string // car, gateway; both for several at once
	Family  Family
	What    string        // the operation, the picture, the key, the action, the system call
	When    string        // how far it has come
	Skip    int           // let so many of the same pass first
	After   time.Duration // with Random, Startup, actions that are sent, and how late Late is
}

// String is the point without its figures, for tables.
func (p Point) String() string {
	words := []string{string(p.Family), p.What, p.When}
	if len(p.Victims) > 0 && p.Victims[0] != car || len(p.Victims) > 1 {
		words = append([]string{strings.Join(p.Victims, "+") + ":"}, words...)
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

const (
	car     = "car"
	gateway = "gateway"
)

// traps are the points that are set for the trip under way. Each strikes once.
type traps struct {
	mu  sync.Mutex
	set []Point
}

func (t *traps) arm(points []Point) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set = append([]Point(nil), points...)
}

// sprung takes the first point that fits what is happening, if one does.
func (t *traps) sprung(f Family, what, when string) (Point, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.set {
		p := &t.set[i]
		if p.Family != f || p.What != what || p.When != when {
			continue
		}
		if p.Skip > 0 {
			p.Skip--
			return Point{}, false
		}
		hit := *p
		t.set = append(t.set[:i], t.set[i+1:]...)
		return hit, true
	}
	return Point{}, false
}
