package vehicle

import (
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// world is one car's code against an API that other cars use too, over a network
// that loses requests and answers.
type world struct {
	c     Code
	queue []Command // FIFO, as the outbox keeps it
	sent  bool      // the head was sent before, with unknown outcome
	stale []Event   // answers that come a second time

	codes     map[string]string // the API's: id -> target
	dead      map[string]bool   // killed, by whomever
	keys      map[string]bool
	wishes    map[string]bool // ids that a person wanted destroyed
	adopted   map[string]bool // ids that a person declared the car's
	neighbour string          // the id of another car's code
	hidden    bool            // the keys are those of another sales unit, which has no codes
}

func newWorld() *world {
	return &world{codes: map[string]string{plainID: foreign}, dead: map[string]bool{}, keys: map[string]bool{},
		wishes: map[string]bool{}, adopted: map[string]bool{}, neighbour: plainID}
}

// step is what the terminal does with an event: Step, then commit.
func (w *world) step(t require.TestingT, e Event) {
	before := w.c
	dead := slices.Clone(before.Dead)
	if Check(w.c, e) == Allowed {
		switch e := e.(type) {
		case DestroyAsked:
			w.wishes[e.ID] = true
		case CodeAsked:
			w.adopted[e.ID] = w.adopted[e.ID] || e.Adopt
		}
	}
	after, cmds := Step(w.c, time.Time{}, e)
	require.Equal(t, dead, slices.Clone(before.Dead), "Step writes to what it was given")
	w.c = after
	for _, cmd := range cmds {
		w.checkCommand(t, cmd)
		w.queue = append(w.queue, cmd)
	}
	require.LessOrEqual(t, len(w.queue), 1, "one command at a time")
	require.Equal(t, len(w.queue) == 1, w.c.Open.Op != "", "the open command is the one that is queued")
}

func (w *world) checkCommand(t require.TestingT, cmd Command) {
	require.False(t, w.keys[cmd.Key], "rule 5: key %s comes twice", cmd.Key)
	require.LessOrEqual(t, len(cmd.Key), 50)
	w.keys[cmd.Key] = true
	switch cmd.Op {
	case OpDestroy:
		require.True(t, w.wishes[cmd.ID], "rule 1: %s is destroyed and nobody asked", cmd.ID)
	case OpCreate:
		require.NotContains(t, w.c.dead(), cmd.ID, "rule 2: %s is created again", cmd.ID)
	}
	if cmd.ID == w.neighbour && !w.adopted[cmd.ID] {
		require.Contains(t, []Op{OpCreate}, cmd.Op, "rule 4: another car's code is touched")
	}
}

// deliver is one try of the head of the queue.
func (w *world) deliver(t require.TestingT, loseRequest, loseAnswer bool) {
	if len(w.queue) == 0 || loseRequest {
		return
	}
	cmd := w.queue[0]
	e := w.call(cmd)
	if loseAnswer {
		w.sent = true
		return
	}
	w.answer(t, e)
}

func (w *world) answer(t require.TestingT, e Event) {
	w.queue, w.sent = nil, false
	w.stale = append(w.stale, e)
	w.step(t, e)
}

// call has the effect at the API and gives the event that the answer means.
func (w *world) call(cmd Command) Event {
	target, exists := w.codes[cmd.ID]
	if w.hidden && cmd.Op != OpCreate && cmd.Op != OpDestroy {
		return Gone{cmd.N}
	}
	switch {
	case cmd.Op == OpCreate && exists:
		return Made{N: cmd.N, Target: target, Existed: true}
	case cmd.Op == OpCreate && w.dead[cmd.ID]:
		return Failed{N: cmd.N, Code: "dead"}
	case cmd.Op == OpCreate:
		w.codes[cmd.ID] = cmd.Target
		return Made{N: cmd.N, Target: cmd.Target, Existed: w.sent}
	case cmd.Op == OpDestroy:
		w.kill(cmd.ID)
		return Gone{cmd.N}
	case !exists:
		return Gone{cmd.N}
	case cmd.Op == OpRetarget:
		w.codes[cmd.ID] = cmd.Target
		return Retargeted{cmd.N, cmd.Target}
	}
	return Fetched{cmd.N, target, svg, text}
}

func (w *world) kill(id string) {
	delete(w.codes, id)
	w.dead[id] = true
}

// refuse ends the head of the queue without effect.
func (w *world) refuse(t require.TestingT) {
	if len(w.queue) > 0 && !w.sent {
		w.answer(t, Failed{N: w.queue[0].N, Code: "400"})
	}
}

// drain lets the network be well and people try again.
func (w *world) drain(t require.TestingT) {
	w.hidden = false
	for range 3 {
		for range 100 {
			w.deliver(t, false, false)
		}
		require.Empty(t, w.queue, "commands come to an end: %s", describe(w.c))
		w.step(t, RetryAsked{})
	}
	for range 100 {
		w.deliver(t, false, false)
	}
}

// TestMain raises the number of random histories from the library's default of 100.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("2000")
	}
	os.Exit(m.Run())
}

func TestRulesHoldOverAnyOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		ids := rapid.SampledFrom([]string{id, id, "taxi-T122-000001", "taxi-T122-000002", plainID})
		targets := rapid.SampledFrom([]string{here, there, "https://taxi.example/e/T122/8H2KQ0V5XN3M7RTD"})
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				w.step(t, CodeAsked{"T122", "K7Q2X", ids.Draw(t, "id"), targets.Draw(t, "target"), rapid.IntRange(0, 5).Draw(t, "adopt") == 0})
			},
			"retarget": func(t *rapid.T) { w.step(t, TargetAsked{targets.Draw(t, "target")}) },
			"destroy": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "really") == 0 {
					w.step(t, DestroyAsked{ids.Draw(t, "id")})
				}
			},
			"retry":  func(t *rapid.T) { w.step(t, RetryAsked{}) },
			"refuse": func(t *rapid.T) { w.refuse(t) },
			"portal": func(t *rapid.T) { // somebody works on the code by hand, at the API
				if w.codes[w.c.ID] == "" || w.c.ID == w.neighbour || w.c.Phase != Live {
					return
				}
				if rapid.Bool().Draw(t, "kill") {
					w.kill(w.c.ID)
				} else {
					w.codes[w.c.ID] = targets.Draw(t, "target")
				}
			},
			"deliver": func(t *rapid.T) {
				w.deliver(t, rapid.Bool().Draw(t, "lose request"), rapid.Bool().Draw(t, "lose answer"))
			},
			"keys": func(t *rapid.T) { w.hidden = rapid.IntRange(0, 2).Draw(t, "hidden") == 0 },
			"again": func(t *rapid.T) {
				if len(w.stale) > 0 {
					w.step(t, w.stale[0])
					w.stale = w.stale[1:]
				}
			},
		})
		w.drain(t)
		w.checkEnd(t)
	})
}

// checkEnd: what is believed is what the API has, and what is wanted: rule 3.
func (w *world) checkEnd(t require.TestingT) {
	switch w.c.Phase {
	case None:
	case Live:
		require.True(t, w.c.Settled(), describe(w.c))
		require.Equal(t, w.c.Target, w.c.Confirmed)
		require.Equal(t, w.c.Target, w.codes[w.c.ID])
		require.NotEmpty(t, w.c.Version())
		require.Equal(t, text, w.c.Text)
	case Refused:
		require.Equal(t, ProblemConflict, w.c.Problem.Kind)
		require.Equal(t, w.neighbour, w.c.ID)
	case Destroyed, Vanished:
		require.True(t, w.wishes[w.c.ID] || w.c.Phase == Vanished)
		require.Contains(t, w.c.dead(), w.c.ID)
		require.Empty(t, w.c.Version(), "a dead code is not shown")
		require.NotContains(t, w.codes, w.c.ID)
	default:
		require.Fail(t, "does not come to rest", describe(w.c))
	}
	if !w.adopted[w.neighbour] {
		require.Equal(t, foreign, w.codes[w.neighbour], "rule 4")
	}
}
