package soak

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// ridesOfALife is how often the meter is hired in one life.
const ridesOfALife = 24

// life is one car in its world.
type life struct {
	t      testing.TB
	random *rand.Rand // of the one goroutine that makes all choices
	dir    string
	start  time.Time

	api     *vippstest.Sim
	car     *process       // nil without power
	gateway *gateway       // nil for a car that calls the API itself
	behind  sync.WaitGroup // calls that the gateway makes
	meter   *taximeter
	habits  habits

	audit   *auditor
	truth   *truth
	screen  *screen
	sent    *sent
	scanned map[string]bool // references whose code a passenger has seen
	bucket  *bucket         // what the gateway remembers of claims
	claims  []string        // that passengers have seen
	rides   int
	cuts    int // of the power
	kills   int // of the gateway
	steps   int
	calm    int // looks since the faults have stopped

	mu       sync.Mutex
	file     string // the outbox's own name, which is random and stays out of the story
	promised map[string]int
	story    []string // the last things that happened
	digest   uint64   // over all of them
	wrong    error    // the first rule that was found broken
}

// habits are what differs from life to life.
type habits struct {
	terms      trip.Terms
	fareByHand bool
	fleet      bool
	calm       int // in percent: how often nothing but the ordinary happens
}

// outcome is what a life has come to.
type outcome struct {
	sum
	digest uint64
}

// live plays one life and fails t with its story if a rule is broken.
func live(t *testing.T, seed, number uint64) (o outcome, story []string) {
	synctest.Test(t, func(t *testing.T) {
		l := newLife(t, seed, number)
		defer func() { l.end(&o); story = l.story }()
		l.powerOn()
		for l.rides < ridesOfALife && l.truth.count+4 < mostAmounts {
			l.step()
		}
		l.calmDown()
		l.proof()
	})
	return o, story
}

// era is when lives begin: a clock that says less is known to be wrong.
var era = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)

func newLife(t *testing.T, seed, number uint64) *life {
	time.Sleep(time.Until(era))
	l := &life{
		t: t, random: rand.New(rand.NewPCG(seed, number)), dir: filepath.Join(memory(t), "life"), start: time.Now(),
		meter: newMeter(), audit: newAuditor(), truth: newTruth(), screen: newScreen(), sent: newSent(),
		scanned: map[string]bool{}, bucket: newBucket(), promised: map[string]int{},
	}
	l.habits = habits{
		terms: trip.Terms{
			Share:   []string{"", "phoneNumber"}[l.random.IntN(2)],
			Tip:     l.chance(40),
			Receipt: []trip.ReceiptTime{trip.ReceiptNever, trip.ReceiptAtCreate, trip.ReceiptAtEnd}[l.random.IntN(3)],
		},
		fareByHand: l.chance(50),
		fleet:      l.chance(40),
		calm:       []int{50, 80, 92, 97}[l.random.IntN(4)],
	}
	l.api = vippstest.New(vippstest.Options{
		Seed: l.random.Uint64(), ExpiryLag: l.span(30 * time.Second), HideRedirectURL: l.chance(30), RetryAfter: l.chance(50),
		NoPush: l.chance(20), TokenLifetime: time.Minute + l.span(2*time.Hour), ProfileLag: l.span(10 * time.Second),
	})
	if l.habits.fleet {
		l.gateway = l.newGateway()
	}
	return l
}

// memory is a folder for the car's file: where a flush costs nothing, if there is such
// a place, because no power is cut there.
func memory(t *testing.T) string {
	const shm = "/dev/shm"
	dir, err := os.MkdirTemp(shm, "soak")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (l *life) end(o *outcome) {
	if l.car != nil {
		l.powerDown()
	}
	if l.gateway != nil {
		l.gateway.end()
	}
	l.api.Close()
	l.behind.Wait()
	o.sum = sum{Lives: 1, Trips: len(l.audit.trips), Cuts: l.cuts, Kills: l.kills, Steps: l.steps, Lasted: time.Since(l.start)}
	o.digest = l.digest
	for _, s := range l.audit.trips {
		if s.Settlement == trip.Paid {
			o.Paid++
		}
	}
}

// step lets one thing happen, when everything stands still.
func (l *life) step() {
	l.settle()
	waiting := l.waiting()
	if len(waiting) > 0 && l.chance(88) {
		l.release(waiting)
		return
	}
	if l.chance(l.habits.calm) {
		l.ordinary()
		return
	}
	switch l.random.IntN(10) {
	case 0, 1:
		l.spoil()
	case 2:
		l.line()
	case 3:
		if l.chance(20) {
			l.outage()
		}
	case 4:
		l.pass(l.span(12 * time.Minute))
	case 5:
		if l.chance(20) {
			l.clock()
		}
	case 6:
		l.cable()
	case 7:
		l.fleet()
	default:
		l.driver()
	}
}

// ordinary is what happens on any day.
func (l *life) ordinary() {
	switch l.random.IntN(8) {
	case 0, 1:
		l.meter.moves(l)
	case 2, 3:
		l.passenger()
	case 4:
		if l.chance(25) {
			l.driver()
		}
	case 5:
		l.pass(l.span(30 * time.Second))
	default:
		l.pass(l.span(1200 * time.Millisecond))
	}
}

// release lets one of the waiting effects happen, or be lost.
func (l *life) release(waiting []string) {
	name := waiting[l.random.IntN(len(waiting))]
	v := goOn
	if name != "commit" && !l.chance(max(97, l.habits.calm)) {
		v = lose
	}
	l.tell("%s %s", [...]string{goOn: "goes on:", lose: "is lost:"}[v], name)
	if at, ok := strings.CutPrefix(name, atGateway); ok {
		l.gateway.gates.open(at, v)
		return
	}
	l.car.gates.open(name, v)
}

// atGateway marks what waits at the gateway.
const atGateway = "gateway: "

// waiting is all that could happen next.
func (l *life) waiting() []string {
	names := l.car.gates.waiting()
	if l.gateway != nil {
		for _, name := range l.gateway.gates.waiting() {
			names = append(names, atGateway+name)
		}
	}
	return names
}

// outage is a power cut with whatever happens in the dark.
func (l *life) outage() {
	l.powerCut()
	for range l.random.IntN(4) {
		switch l.random.IntN(3) {
		case 0:
			l.passenger()
		case 1:
			l.meter.moves(l)
		case 2:
			l.pass(l.span(15 * time.Minute))
		}
	}
	l.powerOn()
}

// fleet is what there is only with a gateway: that it is killed, or says that something
// has happened, and its pages.
func (l *life) fleet() {
	switch {
	case l.gateway == nil:
		l.driver()
	case l.chance(20):
		l.killGateway()
	case l.chance(30):
		l.phone()
	case l.chance(30):
		l.digits()
	case l.chance(30):
		l.web()
	default:
		if all := l.api.Payments(); len(all) > 0 {
			ref := all[max(0, len(all)-1-l.random.IntN(3))].Reference
			l.tell("hint %s", ref)
			l.car.term.Hint(ref)
		}
	}
}

// cable is the meter's, pulled and put back, perhaps rides later.
func (l *life) cable() {
	if !l.meter.away {
		l.meter.unplug(l)
		return
	}
	l.meter.reconnect(l)
}

// settle waits until everything stands still, and looks at what has changed.
func (l *life) settle() {
	synctest.Wait()
	l.steps++
	if l.car.unread.Swap(false) {
		l.reads(l.car.store)
	}
	l.stopIfBroken()
}

// pass lets time go by. An odd duration keeps things from happening at the same
// moment, where the scheduler would choose.
func (l *life) pass(d time.Duration) {
	l.tell("%s pass", d)
	l.wait(d)
}

// wait is pass without a word.
func (l *life) wait(d time.Duration) { time.Sleep(d) }

func (l *life) chance(percent int) bool { return l.random.IntN(100) < percent }

// span is a duration of up to most, the short ones as likely as the long ones.
func (l *life) span(most time.Duration) time.Duration {
	d := time.Duration(float64(most) * l.random.Float64() * l.random.Float64())
	return d.Truncate(time.Microsecond) + 137*time.Nanosecond
}

// tell adds to the story.
func (l *life) tell(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := time.Since(l.start).String() + " " + l.anonymous(fmt.Sprintf(format, args...))
	h := fnv.New64a()
	fmt.Fprint(h, l.digest, line)
	l.digest = h.Sum64()
	l.story = append(l.story, line)
	if len(l.story) > 4000 {
		l.story = append(l.story[:0], l.story[2000:]...)
	}
}

// broken notes that a rule does not hold.
func (l *life) broken(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	l.tell("BROKEN %v", err)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrong == nil {
		l.wrong = err
	}
}

func (l *life) stopIfBroken() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrong != nil {
		l.t.Fatalf("%v\n\n%s", l.wrong, strings.Join(l.story[max(0, len(l.story)-*tail):], "\n"))
	}
}

func (l *life) must(err error) {
	if err != nil {
		_, file, line, _ := runtime.Caller(1)
		l.broken("%s:%d: %v", filepath.Base(file), line, err)
		l.stopIfBroken()
	}
}

// anonymous keeps the random name of the file out of the story.
func (l *life) anonymous(text string) string {
	if l.file == "" {
		return text
	}
	return strings.ReplaceAll(text, l.file, "FILE")
}

func numberOf(short string) int64 {
	n, _ := strconv.ParseInt(short, 10, 64)
	return n
}

var background = context.Background()
