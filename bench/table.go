package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// row is a figure beside its goal. Ratio is that of the two where the goal is a figure, and
// what the goal is about where it is a ratio itself.
type row struct{ What, Goal, Measured, Ratio, Verdict string }

// peer is one of the contest, measured in the same run.
type peer struct{ Contest, Name, Took, Flushes, Against string }

// figure is a row of something that should be at most limit.
func figure(what, goal string, measured, limit float64, unit string) row {
	return row{
		What: what, Goal: goal, Measured: short(measured) + unit,
		Ratio: fmt.Sprintf("%.2f", measured/limit), Verdict: verdict(measured, limit, unit),
	}
}

func verdict(measured, limit float64, unit string) string {
	if measured <= limit {
		return "met"
	}
	return "MISSED by " + short(measured-limit) + unit
}

// short is a figure with as many digits as it deserves.
func short(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// missing is a row of what could not be measured here.
func missing(what, goal string) row {
	return row{What: what, Goal: goal, Verdict: "NOT MEASURED"}
}

// contestRows compare the first score with the peers. Old is the outbox with a million
// finished commands, bare the floor; without them there is no goal, and no row.
func contestRows(what string, own score, old, bare *score, peers []score) (rows []row, beside []peer) {
	for i, p := range append([]score{own}, peers...) {
		one := peer{Contest: what, Name: p.Name, Took: took(p), Flushes: fmt.Sprintf("%.1f", mean(p.Flushes))}
		if i > 0 {
			one.Against = fmt.Sprintf("%.2f", own.against(p))
		}
		beside = append(beside, one)
	}
	if bare == nil {
		return nil, beside
	}
	goqite, floor, grown := own.against(peers[0]), own.against(*bare), old.against(own)
	return []row{
		{"outbox: command from first to last", "0.5 x goqite", took(own), fmt.Sprintf("%.2f", goqite), verdict(goqite, 0.5, "")},
		{"the same, flushes alone", "", fmt.Sprintf("%.1f", mean(own.Flushes)), fmt.Sprintf("%.2f", mean(own.Flushes)/mean(peers[0].Flushes)), ""},
		{"the same, beside two bare appends", "1.6 x " + took(*bare), took(own), fmt.Sprintf("%.2f", floor), verdict(floor, 1.6, "")},
		{"the same after 1,000,000 finished", "1.2 x " + took(own), took(*old), fmt.Sprintf("%.2f", grown), verdict(grown, 1.2, "")},
	}, beside
}

func took(s score) string { return median(s.Took).Round(time.Microsecond).String() }

// suiteRows are the rows of what "go test -bench" has measured.
func suiteRows(r results) []row {
	var rows []row
	add := func(what, goal, key, unit string, limit float64) {
		if v, ok := r[key]; ok {
			rows = append(rows, figure(what, goal, v, limit, unit))
		} else {
			rows = append(rows, missing(what, goal))
		}
	}
	add("STOPPED to amount on screen, p50", "5 ms", "sim StoppedToScreen ms-shown-p50", " ms", 5)
	add("the same, p99", "25 ms", "sim StoppedToScreen ms-shown-p99", " ms", 25)
	// What the programs do between the round trips, flushes included, may cost a twentieth.
	const own = 1.05
	const poll = 1000
	paid := own * (poll + 2*r["sim ApprovalToPaid ms-call-p50"])
	add("approval to PAID, car alone, p99", short(paid)+" ms (1)", "sim ApprovalToPaid ms-paid-p99", " ms", paid)
	paid = own * (r["sim/fleet ApprovalToPaid ms-pushed-p50"] + 2*r["sim/fleet ApprovalToPaid ms-call-p50"])
	add("approval to PAID, fleet, p50", short(paid)+" ms (2)", "sim/fleet ApprovalToPaid ms-paid-p50", " ms", paid)
	add("daemon: memory after a day's work", "30 MB", "sim Daemon MB-RSS", " MB", 30)
	add("daemon: memory with a year on file", "30 MB", "sim Daemon MB-RSS-year", " MB", 30)
	add("daemon: program", "20 MB", "sim Daemon MB-binary", " MB", 20)
	add("daemon: ready, a year on file, p99", "100 ms", "sim Daemon ms-ready-p99", " ms", 100)
	add("daemon: processor when idle", "0.5 % of a core", "sim Daemon %CPU-idle", " %", 0.5)
	add("flushes for a paid trip", "10", "flushes", "", 10)
	return rows
}

// notes belong to the goals that have a number in brackets.
const notes = `
(1) the poll interval and two round trips to the API, plus 5 %
(2) a push of the gateway and two round trips to the API, plus 5 %
`

// printReport prints what was promised, and the contest, as Markdown that can be read as it
// is, in a terminal of 100 columns.
func printReport(w io.Writer, rows []row, peers []peer) {
	lines := [][]string{{"What", "Goal, at most", "Measured", "Ratio", "Verdict"}}
	for _, r := range rows {
		lines = append(lines, []string{r.What, r.Goal, r.Measured, r.Ratio, r.Verdict})
	}
	printTable(w, lines)
	fmt.Fprint(w, notes, "\n")
	lines = [][]string{{"Contest, in the same run", "Who", "Took", "Flushes", "Outbox's ratio"}}
	for _, p := range peers {
		lines = append(lines, []string{p.Contest, p.Name, p.Took, p.Flushes, p.Against})
	}
	printTable(w, lines)
}

func printTable(w io.Writer, lines [][]string) {
	width := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for n, line := range lines {
		for i, cell := range line {
			fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)))
		}
		fmt.Fprintln(w, "|")
		if n == 0 {
			for i := range line {
				fmt.Fprintf(w, "|%s", strings.Repeat("-", width[i]+2))
			}
			fmt.Fprintln(w, "|")
		}
	}
}
