package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// flushing is everything that a process does with a store, and how often each may wait
// for the disk.
var flushing = []struct {
	name    string
	flushes int
	do      func(s *Store, n int64) error
}{
	{"begin, append, enqueue", 1, one(func(tx *Tx, n int64) error {
		stream, err := tx.Begin()
		if err != nil {
			return err
		}
		_, err = tx.Append(stream, "begun", make([]byte, 300))
		return errors.Join(err, tx.Enqueue(stream, Command{Kind: "send", Key: fmt.Sprint("a", n), Private: true}))
	})},
	{"append and finish", 1, one(func(tx *Tx, n int64) error {
		_, err := tx.Append(n, "done", nil)
		return errors.Join(err, tx.Finish(n, Done, ""))
	})},
	{"close a stream", 1, one(func(tx *Tx, n int64) error { return tx.SetOpen(n, false) })},
	{"enqueue, to be parked", 1, one(func(tx *Tx, n int64) error {
		return tx.Enqueue(n, Command{Kind: "send", Key: fmt.Sprint("b", n), Lane: "aside"})
	})},
	{"park", 1, one(func(tx *Tx, n int64) error { return tx.Park(rounds+n, "") })},
	{"unpark", 1, one(func(tx *Tx, n int64) error { return tx.Unpark(rounds+n, "") })},
	{"keep", 1, one(func(tx *Tx, n int64) error { _, err := tx.Keep("k", []byte("v")); return err })},
	{"replace", 1, one(func(tx *Tx, n int64) error { return tx.Replace("k", n, []byte("w")) })},
	{"forget", 1, one(func(tx *Tx, n int64) error { return tx.Forget("k", n) })},
	{"probe", 1, func(s *Store, _ int64) error { return s.Probe(context.Background()) }},
	{"nothing", 0, one(func(*Tx, int64) error { return nil })},
	{"a commit that is given up", 0, func(s *Store, n int64) error {
		given := errors.New("given up")
		err := s.Commit(context.Background(), func(tx *Tx) error {
			_, err := tx.Append(n, "never", nil)
			return errors.Join(err, given)
		})
		if !errors.Is(err, given) {
			return fmt.Errorf("gave %v", err)
		}
		return nil
	}},
	{"reading", 0, func(s *Store, n int64) error {
		_, err := s.Events(context.Background(), n)
		_, list := s.List(context.Background(), Filter{Open: true})
		return errors.Join(err, list)
	}},
}

const rounds = 10

func one(f func(*Tx, int64) error) func(*Store, int64) error {
	return func(s *Store, n int64) error {
		return s.Commit(context.Background(), func(tx *Tx) error { return f(tx, n) })
	}
}

// flushes is the child: it does everything, with a system call between that strace sees.
func flushes(path string) {
	s, err := Open(context.Background(), path, Options{Key: bytes.Repeat([]byte{7}, KeySize)})
	if err == nil {
		err = s.Probe(context.Background()) // the first commit also makes the log and its name safe
	}
	for i, f := range flushing {
		_ = os.Remove(fmt.Sprintf("/nowhere/%d.", i))
		for n := int64(1); n <= rounds && err == nil; n++ {
			if err = f.do(s, n); err != nil {
				err = fmt.Errorf("%s: %w", f.name, err)
			}
		}
	}
	_ = os.Remove("/nowhere/end.")
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// TestEachCommitCostsOneFlush counts the system calls that wait for the disk, for each
// kind of commit there is. Nothing else waits.
func TestEachCommitCostsOneFlush(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("SKIPPED LOUDLY: strace is not installed, the number of flushes was not checked")
	}
	trace := tempFile(t)
	cmd := exec.Command(strace, "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,sync,syncfs,msync,unlinkat", "-o", trace, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+tempFile(t), childEnv+"_FLUSHES=1")
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "ptrace") {
		t.Skipf("SKIPPED LOUDLY: strace may not trace here: %s", out)
	}
	require.NoError(t, err, string(out))
	text, err := os.ReadFile(trace)
	require.NoError(t, err)
	parts := regexp.MustCompile(`unlinkat\(AT_FDCWD, "/nowhere/\w+\.", 0\)`).Split(string(text), -1)
	require.Len(t, parts, len(flushing)+2)
	flush := regexp.MustCompile(`\b(f?sync|fdatasync|sync_file_range|syncfs|msync)\(`)
	for i, f := range flushing {
		require.Len(t, flush.FindAllString(parts[i+1], -1), f.flushes*rounds, f.name)
	}
}
