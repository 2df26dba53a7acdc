package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

func main() {
	root := flag.String("root", "..", "where the product's module is")
	only := flag.Bool("outbox", false, "only the outbox and its peers")
	finished := flag.Int("finished", 1_000_000, "how many commands the long file has finished before")
	rounds := flag.Int("rounds", 80, "turns of each in the contest")
	flag.Parse()
	if err := run(os.Stdout, *root, *only, *finished, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, root string, only bool, finished, rounds int) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	rows, peers, failed := contests(out, dir, finished, rounds)
	if !only {
		r, err := runSuites(out, root)
		rows, failed = append(rows, suiteRows(r)...), errors.Join(failed, err)
	}
	fmt.Fprintln(out)
	printReport(out, rows, peers)
	if inMemory(dir) {
		fmt.Fprintf(out, "\n*** %s IS IN MEMORY: flushes cost nothing there. Set TMPDIR to a folder on a disk. ***\n", os.TempDir())
	}
	return failed
}

// contests measures the outbox beside its peers, one command after the other and
// several at once.
func contests(out io.Writer, dir string, finished, rounds int) (rows []row, peers []peer, err error) {
	fmt.Fprintf(out, "== contest: %d rounds\n", rounds)
	all, err := contestants(dir, finished)
	defer func() {
		for _, c := range all {
			_ = c.Close()
		}
	}()
	if err != nil {
		return nil, nil, err
	}
	single, err := contest{Rounds: rounds, Commands: 25, Lanes: 1}.Run(out, all)
	if err != nil {
		return nil, nil, err
	}
	// The old file and the floor are about single commands.
	several, err := contest{Rounds: rounds, Commands: 24, Lanes: inFlight}.Run(out, append(all[:1:1], all[3:]...))
	if err != nil {
		return nil, nil, err
	}
	rows, peers = contestRows("commands one by one", single[0], &single[1], &single[2], single[3:])
	_, beside := contestRows(fmt.Sprintf("%d at once", inFlight), several[0], nil, nil, several[1:])
	return rows, append(peers, beside...), nil
}

// contestants are the outbox, the outbox with a past, the floor, and the peers.
func contestants(dir string, finished int) (all []contestant, err error) {
	for _, open := range []func() (contestant, error){
		func() (contestant, error) { return newProduct("outbox", filepath.Join(dir, "outbox.db")) },
		func() (contestant, error) {
			return newOldProduct("outbox, old file", filepath.Join(dir, "old.db"), finished)
		},
		func() (contestant, error) { return newBare(filepath.Join(dir, "bare")) },
		func() (contestant, error) { return newGoqite(filepath.Join(dir, "goqite.db"), watch{}) },
		func() (contestant, error) { return newGoqiteRunner(filepath.Join(dir, "goqite-runner.db")) },
		func() (contestant, error) { return newBacklite(filepath.Join(dir, "backlite.db")) },
		func() (contestant, error) { return newRiver(filepath.Join(dir, "river.db")) },
	} {
		c, err := open()
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

// inMemory says whether a folder has no disk below it.
func inMemory(dir string) bool {
	const tmpfs = 0x01021994
	var s syscall.Statfs_t
	return syscall.Statfs(dir, &s) == nil && s.Type == tmpfs
}
