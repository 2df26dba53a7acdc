package vehicle

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	id      = "taxi-T122-7GK2QX"
	plainID = "car-122"
	here    = "https://taxi.example/c/T122/8H2KQ0V5XN3M7RTD"
	there   = "https://taxi.example/d/T122/8H2KQ0V5XN3M7RTD"
	foreign = "https://taxi.example/c/T999/2C6Y1WJ9QK4PZ8EB"
	svg     = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>`
	text    = "https://qr.example/9f1f0d6e"
)

var asked = CodeAsked{Vehicle: "T122", File: "K7Q2X", ID: id, Target: here}

// A situation is a state that a code can be in, told by the events that lead to it.
// Every phase and every problem is among them.
type situation struct {
	name   string
	events []Event
}

func plain(adopt bool) CodeAsked {
	return CodeAsked{Vehicle: "T122", File: "K7Q2X", ID: plainID, Target: here, Adopt: adopt}
}

func situations() []situation {
	var (
		making     = []Event{asked}
		made       = add(making, Made{N: 1, Target: here})
		live       = add(made, Fetched{N: 2, Target: here, SVG: svg, Text: text})
		elsewhere  = add(live, TargetAsked{there})
		destroying = add(live, DestroyAsked{id})
		exhausted  = made
	)
	for n := range maxFailed {
		exhausted = add(exhausted, Failed{N: 2 + n, Code: "link"})
	}
	return []situation{
		{"none", nil},
		{"making", making},
		{"making, another target by now", add(making, TargetAsked{there})},
		{"making, not wanted any more", add(making, DestroyAsked{id})},
		{"making, a name that any car may have", []Event{plain(false)}},
		{"making, such a name and a person's word", []Event{plain(true)}},
		{"live, without picture", made},
		{"live, picture failed", add(made, Failed{N: 2, Code: "link"})},
		{"live, picture given up", exhausted},
		{"live", live},
		{"live, looked at again", add(live, RetryAsked{})},
		{"live, to lead elsewhere", elsewhere},
		{"live, target refused", add(elsewhere, Failed{N: 3, Code: "400"})},
		{"refused", add(making, Failed{N: 1, Code: "400"})},
		{"refused, somebody else's", []Event{plain(false), Made{N: 1, Target: foreign, Existed: true}}},
		{"destroying", destroying},
		{"destroying, refused", add(destroying, Failed{N: 3, Code: "401"})},
		{"destroyed", add(destroying, Gone{N: 3})},
		{"vanished", add(elsewhere, Gone{N: 3})},
		{"vanished, looked at again", add(elsewhere, Gone{N: 3}, RetryAsked{})},
	}
}

func add(events []Event, more ...Event) []Event {
	return append(append([]Event(nil), events...), more...)
}

type column struct {
	name  string
	event Event
}

// columns are all events; those of the API with the number of the open command.
func columns(n int) []column {
	other := asked
	other.ID = "taxi-T122-000001"
	badTarget, badID, badCar := asked, asked, asked
	badTarget.Target, badID.ID, badCar.Vehicle = "http://taxi.example/", "bil 122", "122"
	moved := asked
	moved.Target = there
	return []column{
		{"code asked", asked},
		{"code asked, other target", moved},
		{"code asked, other id", other},
		{"code asked, plain id, adopt", plain(true)},
		{"code asked, bad target", badTarget},
		{"code asked, bad id", badID},
		{"code asked, bad vehicle", badCar},
		{"target asked, the same", TargetAsked{here}},
		{"target asked, other", TargetAsked{there}},
		{"target asked, bad", TargetAsked{"https://-"}},
		{"destroy asked", DestroyAsked{id}},
		{"destroy asked, plain id", DestroyAsked{plainID}},
		{"retry asked", RetryAsked{}},
		{"made", Made{N: n, Target: here}},
		{"existed, here", Made{N: n, Target: here, Existed: true}},
		{"existed, elsewhere", Made{N: n, Target: foreign, Existed: true}},
		{"retargeted, here", Retargeted{n, here}},
		{"retargeted, there", Retargeted{n, there}},
		{"fetched", Fetched{n, here, svg, text}},
		{"fetched, leads elsewhere", Fetched{n, foreign, svg, text}},
		{"fetched, unusable", Fetched{n, here, "<html></html>", text}},
		{"failed", Failed{n, "418"}},
		{"gone", Gone{n}},
		{"made, another command's", Made{N: n + 7, Target: here}},
		{"retargeted, another command's", Retargeted{n - 1, here}},
		{"fetched, another command's", Fetched{n - 1, here, svg, text}},
		{"failed, another command's", Failed{n - 1, "418"}},
		{"gone, another command's", Gone{n - 1}},
	}
}

// TestEverySituationTimesEveryEvent writes what each event does in each situation
// as a table for people, and compares it with the reviewed one. "ignored" is an
// entry like any other.
func TestEverySituationTimesEveryEvent(t *testing.T) {
	var b strings.Builder
	for _, sit := range situations() {
		c := fold(t, sit.events)
		fmt.Fprintf(&b, "%s: %s\n", sit.name, describe(c))
		for _, col := range columns(c.N) {
			fmt.Fprintf(&b, "    %-30s %s\n", col.name, outcome(c, col.event))
		}
		b.WriteByte('\n')
	}
	const golden = "testdata/table.txt"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String(), "review the difference, then run with -update")
}

func TestTheTableHasEverything(t *testing.T) {
	kinds, phases, problems := map[Kind]bool{}, map[Phase]bool{}, map[ProblemKind]bool{}
	for _, col := range columns(1) {
		kinds[col.event.Kind()] = true
	}
	for _, sit := range situations() {
		c := fold(t, sit.events)
		phases[c.Phase], problems[c.Problem.Kind], problems[c.Picture.Kind] = true, true, true
	}
	for k := range decoders {
		require.True(t, kinds[k], "no column for %s", k)
	}
	for _, p := range []Phase{None, Making, Live, Refused, Destroying, Destroyed, Vanished} {
		require.True(t, phases[p], "no situation in phase %q", p)
	}
	for _, p := range []ProblemKind{ProblemNone, ProblemRefused, ProblemConflict, ProblemTarget, ProblemDestroy, ProblemPicture, ProblemVanished} {
		require.True(t, problems[p], "no situation with problem %q", p)
	}
}

func fold(t require.TestingT, events []Event) Code {
	var c Code
	for _, e := range events {
		require.Equal(t, Allowed, Check(c, e), "%T in %s", e, describe(c))
		c, _ = Step(c, time.Time{}, e)
	}
	return c
}

func outcome(c Code, e Event) string {
	if r := Check(c, e); r != Allowed {
		return "refused: " + string(r)
	}
	after, cmds := Step(c, time.Time{}, e)
	if after.Equal(c) && len(cmds) == 0 {
		return "ignored"
	}
	words := []string{describe(after)}
	for _, cmd := range cmds {
		words = append(words, "=> "+describeCommand(cmd))
	}
	return strings.Join(words, " ")
}

func describe(c Code) string {
	w := []string{"none"}
	if c.Phase != None {
		w = []string{string(c.Phase)}
	}
	for _, p := range []Problem{c.Problem, c.Picture} {
		if p.Kind != ProblemNone {
			w = append(w, "("+strings.TrimSpace(string(p.Kind)+" "+p.Code)+")")
		}
	}
	if c.Target != "" && c.Phase != Making {
		w = append(w, place(c.Confirmed))
	}
	if c.Target != c.Confirmed && c.Target != "" {
		w = append(w, "wanted "+place(c.Target))
	}
	if c.Version() != "" {
		w = append(w, "picture")
	}
	if c.Open.Op != "" {
		w = append(w, fmt.Sprintf("[%d %s]", c.Open.N, c.Open.Op))
	}
	return strings.Join(w, " ")
}

func place(target string) string {
	return map[string]string{here: "here", there: "there", foreign: "elsewhere", "": "nowhere"}[target]
}

func describeCommand(c Command) string {
	w := string(c.Op)
	if c.Target != "" {
		w += " " + place(c.Target)
	}
	if c.After > 0 {
		w += fmt.Sprintf(" in %s", c.After)
	}
	return w
}
