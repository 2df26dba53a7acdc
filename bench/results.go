package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// results are the figures of "go test -bench" by package, benchmark and unit.
type results map[string]float64

// suites are the benchmarks that lie with the code, and the test that counts flushes.
var suites = [][]string{
	{"-run", "TestAPaidTripCostsFewFlushes", "-v", "./sim"},
	{"-run", "^$", "-bench", ".", "-benchtime", "1x", "-timeout", "20m", "./sim", "./sim/fleet"},
	{"-run", "^$", "-bench", ".", "./device/...", "./display/...", "./fleet/webhook", "./fleet/claim", "./fleet/enrol"},
	{"-run", "^$", "-bench", ".", "-benchtime", "1x", "-timeout", "20m", "./fleet/journal"},
}

// runSuites shows the output of all and reads it. What fails is missing in the table,
// and an error at the end.
func runSuites(raw io.Writer, root string) (results, error) {
	var output bytes.Buffer
	var failed []string
	for _, args := range suites {
		cmd := exec.Command("go", append([]string{"test", "-count=1"}, args...)...)
		cmd.Dir = root
		cmd.Stdout, cmd.Stderr = io.MultiWriter(raw, &output), os.Stderr
		fmt.Fprintf(raw, "\n== %s\n", strings.Join(cmd.Args, " "))
		if err := cmd.Run(); err != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", strings.Join(cmd.Args, " "), err))
		}
	}
	r := parse(output.String())
	if failed != nil {
		return r, fmt.Errorf("not all of it was measured:\n%s", strings.Join(failed, "\n"))
	}
	return r, nil
}

var (
	packageLine   = regexp.MustCompile(`^pkg: taxiterminal/(\S+)`)
	benchmarkLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)
	flushesLine   = regexp.MustCompile(`([0-9.]+) flushes for a paid trip`)
)

func parse(output string) results {
	r := results{}
	pkg := ""
	for line := range strings.Lines(output) {
		if m := packageLine.FindStringSubmatch(line); m != nil {
			pkg = m[1]
		}
		if m := flushesLine.FindStringSubmatch(line); m != nil {
			r["flushes"], _ = strconv.ParseFloat(m[1], 64)
		}
		m := benchmarkLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		fields := strings.Fields(m[2])
		for i := 0; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				r[pkg+" "+m[1]+" "+fields[i+1]] = v
			}
		}
	}
	return r
}
