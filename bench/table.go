package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type row struct{ What, Goal, Measured, Ratio, Peers, Verdict string }

// figure is a row of something that should be at most limit.
func figure(what, goal string, measured, limit float64, unit string) row {
	return row{
		What: what, Goal: goal, Measured: short(measured) + unit,
		Ratio: fmt.Sprintf("%.2f of the goal", measured/limit), Verdict: verdict(measured, limit, unit),
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

// contestRows compare the first score with the others. Old is the outbox with a
// million finished commands, bare the floor; both are left out if nil.
func contestRows(what string, own score, old, bare *score, peers []score) []row {
	took := func(s score) string { return median(s.Took).Round(time.Microsecond).String() }
	var beside []string
	for _, p := range peers {
		beside = append(beside, fmt.Sprintf("%s %s, %.1f flushes (%.2f)", p.Name, took(p), mean(p.Flushes), own.against(p)))
	}
	first := row{What: what, Measured: fmt.Sprintf("%s, %.1f flushes", took(own), mean(own.Flushes)), Peers: strings.Join(beside, "; ")}
	if bare == nil {
		return []row{first}
	}
	goqite, floor, grown := own.against(peers[0]), own.against(*bare), old.against(own)
	first.Goal, first.Verdict = "0.5 x goqite", verdict(goqite, 0.5, "")
	first.Ratio = fmt.Sprintf("%.2f (of the flushes alone %.2f)", goqite, mean(own.Flushes)/mean(peers[0].Flushes))
	return []row{
		first,
		{"the same", "1.6 x two bare appends", took(own), fmt.Sprintf("%.2f", floor), "bare " + took(*bare), verdict(floor, 1.6, "")},
		{"the same after 1,000,000 finished", "1.2 x empty", took(*old), fmt.Sprintf("%.2f", grown), "empty " + took(own), verdict(grown, 1.2, "")},
	}
}

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
	add("STOPPED on the line to the amount at the browser, p50", "5 ms", "sim StoppedToScreen ms-shown-p50", " ms", 5)
	add("the same, p99", "25 ms", "sim StoppedToScreen ms-shown-p99", " ms", 25)
	// What the programs do between the round trips, flushes included, may cost a twentieth.
	const own = 1.05
	const poll = 1000
	paid := own * (poll + 2*r["sim ApprovalToPaid ms-call-p50"])
	add("approval at the API to PAID, car alone, p99", fmt.Sprintf("poll interval + 2 round trips, + 5 %%: %s ms", short(paid)),
		"sim ApprovalToPaid ms-paid-p99", " ms", paid)
	paid = own * (r["sim/fleet ApprovalToPaid ms-pushed-p50"] + 2*r["sim/fleet ApprovalToPaid ms-call-p50"])
	add("approval at the API to PAID, fleet, p50", fmt.Sprintf("a push + 2 round trips, + 5 %%: %s ms", short(paid)),
		"sim/fleet ApprovalToPaid ms-paid-p50", " ms", paid)
	add("daemon: memory after a day's work", "30 MB", "sim Daemon MB-RSS", " MB", 30)
	add("daemon: memory with a year on file", "30 MB", "sim Daemon MB-RSS-year", " MB", 30)
	add("daemon: program", "20 MB", "sim Daemon MB-binary", " MB", 20)
	add("daemon: ready with a year on file, p99", "100 ms", "sim Daemon ms-ready-p99", " ms", 100)
	add("daemon: processor when idle", "0.5 % of a core", "sim Daemon %CPU-idle", " %", 0.5)
	add("flushes for a paid trip", "10", "flushes", "", 10)
	return rows
}

// printTable prints Markdown that can be read as it is.
func printTable(w io.Writer, rows []row) {
	lines := [][]string{{"What", "Goal, at most", "Measured", "Ratio", "Peers in the same run (the outbox's ratio)", ""}}
	for _, r := range rows {
		lines = append(lines, []string{r.What, r.Goal, r.Measured, r.Ratio, r.Peers, r.Verdict})
	}
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
