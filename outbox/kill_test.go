package outbox

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The test binary runs itself again as a process that commits and delivers for
// ever and says so after each commit.
const childEnv = "OUTBOX_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if seed := os.Getenv(childEnv + "_POWERED"); seed != "" {
			n, _ := strconv.ParseUint(seed, 10, 64)
			powered(path, n, os.Getenv(childEnv+"_SETTING"))
		}
		if os.Getenv(childEnv+"_FLUSHES") != "" {
			flushes(path)
			return
		}
		if os.Getenv(childEnv+"_SERVES") != "" {
			serveFiles()
			return
		}
		rounds, _ := strconv.Atoi(os.Getenv(childEnv + "_ROUNDS"))
		child(path, rounds)
		return
	}
	os.Exit(m.Run())
}

func child(path string, rounds int) {
	ctx := context.Background()
	s, err := Open(ctx, path, Options{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ready")
	handled := make(chan struct{})
	go func() {
		_ = s.Run(ctx, func(_ context.Context, d Delivery) Verdict {
			if err := s.Commit(ctx, func(tx *Tx) error {
				if _, err := tx.Append(d.Stream, "delivered", []byte(d.Key)); err != nil {
					return err
				}
				return tx.Finish(d.ID, Done, "")
			}); err != nil {
				panic(err)
			}
			fmt.Println("delivered", d.Key)
			handled <- struct{}{}
			return Finished()
		})
	}()
	for range s.Depth().Pending {
		<-handled
	}
	for n := s.Next(); rounds == 0 || n <= int64(rounds); n++ {
		key := fmt.Sprintf("k%d", n)
		if err := s.Commit(ctx, func(tx *Tx) error {
			stream, err := tx.Begin()
			if err != nil {
				return err
			}
			if _, err = tx.Append(stream, "begun", []byte(key)); err != nil {
				return err
			}
			return tx.Enqueue(stream, Command{Kind: "send", Key: key, Body: []byte(key)})
		}); err != nil {
			panic(err)
		}
		fmt.Println("committed", key)
		<-handled
	}
}

// TestKilledAtAnyMomentKeepsWhatItAcknowledged kills a process that works on the
// file, again and again. What it said was committed is there, what it said was
// delivered is not delivered again, and the file is sound.
func TestKilledAtAnyMomentKeepsWhatItAcknowledged(t *testing.T) {
	path := tempFile(t)
	committed, delivered := map[string]bool{}, map[string]int{}
	for round := range 25 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			word, key, _ := strings.Cut(lines.Text(), " ")
			require.NotEqual(t, "error", word, key)
			switch word {
			case "committed":
				committed[key] = true
			case "delivered":
				delivered[key]++
			}
			if n == 3+round%7 {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait()
	}
	require.Greater(t, len(committed), 40)

	s := open(t, path)
	_, err := s.Verify(t.Context())
	require.NoError(t, err)
	items, err := s.List(t.Context(), Filter{})
	require.NoError(t, err)
	state := map[string]State{}
	for _, i := range items {
		state[i.Key] = i.State
	}
	for key := range committed {
		require.Contains(t, state, key, "committed, then lost")
	}
	for key, n := range delivered {
		require.Equal(t, Done, state[key], "%s: delivered, then forgotten", key)
		require.Equal(t, 1, n, "%s: delivered twice", key)
	}
}

// TestADeliveredCommandCostsTwoFlushes counts the system calls that wait for the
// disk: one to enqueue, one to finish.
func TestADeliveredCommandCostsTwoFlushes(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("SKIPPED LOUDLY: strace is not installed, the number of flushes was not checked")
	}
	count := func(rounds int) int {
		trace := tempFile(t)
		cmd := exec.Command(strace, "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range", "-o", trace, os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+tempFile(t), childEnv+"_ROUNDS="+strconv.Itoa(rounds))
		out, err := cmd.CombinedOutput()
		if err != nil && strings.Contains(string(out), "ptrace") {
			t.Skipf("SKIPPED LOUDLY: strace may not trace here: %s", out)
		}
		require.NoError(t, err, string(out))
		text, err := os.ReadFile(trace)
		require.NoError(t, err)
		return strings.Count(string(text), "sync(")
	}
	// The difference leaves out what opening and closing the file costs.
	require.Equal(t, 2*50, count(60)-count(10))
}
