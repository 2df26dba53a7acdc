package kill

import (
	"math/rand/v2"
	"strconv"
	"time"

	"taxiterminal/money"
	"taxiterminal/vipps/vippstest"
)

// plan is what the seed has chosen for one trip.
type plan struct {
	outcome outcome
	fare    money.Minor
	more    money.Minor   // of a trip that goes on
	tip     money.Minor   // that the passenger chooses, where one is asked for
	hurry   time.Duration // from Hired to the stop
	points  []Point
}

// dice draw what happens to one car. Trips and the starts of each program have a source
// of their own, because each is drawn by its own goroutine.
type dice struct {
	trips  *rand.Rand
	starts map[string]starts // of car and gateway
	fleet  bool
}

func newDice(seed uint64, number int, fleet, tracer bool) *dice {
	source := func(of uint64) *rand.Rand {
		n := uint64(number)<<3 | of<<1
		if fleet {
			n |= 1
		}
		return rand.New(rand.NewPCG(seed, n))
	}
	return &dice{trips: source(0), starts: map[string]starts{car: {source(1), tracer}, gateway: {source(2), tracer}}, fleet: fleet}
}

// style is what a car is like.
type style struct {
	meter  string // its protocol; empty for the usual one
	offers bool   // tips, requests to phones, and to share the number
}

// styles of cars in turn, from one that the seed chooses. What a gateway's cars are like
// is another turn: what their meters speak is nothing to it.
var (
	styles      = []style{{}, {offers: true}, {meter: "gwp5043"}, {}, {meter: "jtt905"}, {offers: true}, {meter: "capture"}, {}}
	fleetStyles = []style{{}, {}, {offers: true}}
)

func (d *dice) style(seed uint64, number int) style {
	of := styles
	if d.fleet {
		of = fleetStyles
	}
	return of[(seed+uint64(number))%uint64(len(of))]
}

// starts draw what happens to one program when it is started again.
type starts struct {
	*rand.Rand
	tracer bool // there is a strace that may trace
}

// perTrip is how often a trip is struck at most, starts and system calls aside.
const perTrip = 5

func (d *dice) trip(o outcome, s style) plan {
	r := d.trips
	p := plan{
		outcome: o, fare: money.Minor(2000 + r.IntN(90000)), more: money.Minor(100 + r.IntN(5000)),
		hurry: time.Duration(r.IntN(150)) * time.Millisecond,
	}
	if s.meter != "" {
		p.fare -= p.fare % 10 // what they count in
	}
	for range 2 + r.IntN(perTrip-1) {
		p.points = append(p.points, d.point(o))
	}
	return p
}

func (d *dice) point(o outcome) Point {
	r := d.trips
	p := Point{Victims: d.victims()}
	switch n := r.IntN(100); {
	case len(o.pages) > 0 && r.IntN(4) == 0:
		p.Family, p.What, p.When = Page, pick(r, o.pages), "shown"
		if p.What == "button" {
			p.When, p.After = pick(r, []string{"sent", "answered"}), time.Duration(r.IntN(3000))*time.Microsecond
		}
	case n < 20:
		p.Family, p.After = Random, time.Duration(r.IntN(2500))*time.Millisecond
	case n < 68:
		p.Family = API
		op := pick(r, append([]vippstest.Op{vippstest.OpToken, vippstest.OpCreate, vippstest.OpGet}, o.ops...))
		moments := vippstest.Moments()
		switch op {
		case vippstest.OpGet:
			p.Skip = r.IntN(3)
		case vippstest.OpToken:
		default:
			moments = append(moments, Late)
			p.After = time.Duration(r.IntN(400)) * time.Millisecond
		}
		p.What, p.When = string(op), string(pick(r, moments))
		if d.fleet && r.IntN(6) == 0 {
			p.What, p.When = string(vippstest.OpWebhookPost), string(pick(r, []vippstest.Moment{vippstest.Arrived, vippstest.Answered}))
		}
	case n < 84:
		p.Family, p.What = Screen, pick(r, append([]string{"hired", "connecting", "due"}, o.screens...))
	case n < 93 || len(o.acts) == 0:
		p.Family, p.What, p.Skip = Meter, pick(r, append([]string{"hired", "stopped", "vacant"}, o.keys...)), r.IntN(4)
	default:
		p.Family, p.What, p.When = Act, pick(r, o.acts), pick(r, []string{"sent", "answered"})
		p.After = time.Duration(r.IntN(3000)) * time.Microsecond
	}
	return p
}

func (d *dice) victims() []string {
	if !d.fleet {
		return []string{car}
	}
	return pick(d.trips, [][]string{{gateway}, {gateway}, {gateway}, {car}, {gateway, car}})
}

// startup says when the next start is killed too; not at all for most.
func (s starts) startup(whole time.Duration) (Point, bool) {
	after := time.Duration(s.Int64N(int64(whole)))
	return Point{Family: Startup, After: after}, s.IntN(100) < 12
}

// syscalls are the system calls at which a life may be ended, with how many of one there
// are on a thread in a short life, roughly. The flushes are what matters most: which of
// the two there is depends on how SQLite was built.
var syscalls = []struct {
	name string
	most int
}{
	{"fdatasync,fsync", 2}, {"fdatasync,fsync", 2}, {"fdatasync,fsync", 4},
	{"pwrite64", 8}, {"pwrite64", 16}, {"write", 12}, {"ftruncate", 1}, {"renameat", 1}, {"openat", 40},
}

// syscall says at which system call the next life ends; for most lives there is none.
func (s starts) syscall() (p Point, under []string) {
	c := syscalls[s.IntN(len(syscalls))]
	n := 1 + s.IntN(c.most)
	if s.IntN(100) >= 16 || !s.tracer {
		return Point{}, nil
	}
	return Point{Family: Syscall, What: c.name}, strace(c.name, n)
}

// strace runs a program that dies at the entry of the n-th such call of a thread.
func strace(call string, n int) []string {
	return []string{"strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=" + call,
		"-e", "inject=" + call + ":signal=SIGKILL:when=" + strconv.Itoa(n)}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
