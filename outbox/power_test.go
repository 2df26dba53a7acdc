package outbox

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/outbox/disktest"
)

var (
	cuts    = flag.Int("cuts", 25, "how often TestThePowerIsCut cuts the power")
	cutSeed = flag.Uint64("cut-seed", 0, "of TestThePowerIsCut; 0 draws one")
)

// powered is what the child of the power tests does: all kinds of commits, small and
// large, and often what moves the log into the file.
func powered(path string, seed uint64, setting string) {
	random := rand.New(rand.NewPCG(seed, 3))
	ctx := context.Background()
	fail := func(err error) {
		if err != nil {
			fmt.Printf("error %q\n", err.Error())
			os.Exit(1)
		}
	}
	s, err := Open(ctx, path, Options{Key: bytes.Repeat([]byte{7}, KeySize)})
	fail(err)
	_, err = s.writer.Exec("PRAGMA wal_autocheckpoint = 12; " + setting)
	fail(err)
	// A commit that is refused is made again, as its owner does, until it is on the disk.
	commit := func(f func(*Tx) error) {
		for s.Commit(ctx, f) != nil {
			fmt.Println("refused")
			<-time.After(time.Millisecond)
		}
	}
	go func() {
		_ = s.Run(ctx, func(_ context.Context, d Delivery) Verdict {
			commit(func(tx *Tx) error {
				if _, err := tx.Append(d.Stream, "delivered", []byte(d.Key)); err != nil {
					return err
				}
				return tx.Finish(d.ID, Done, "")
			})
			fmt.Println("delivered", d.Key)
			return Finished()
		})
	}()
	for {
		var key string
		var kept int64
		commit(func(tx *Tx) error {
			stream, err := tx.Begin()
			if err != nil {
				return err
			}
			key = fmt.Sprintf("k%d", stream)
			if _, err := tx.Append(stream, "begun", make([]byte, random.IntN(9000))); err != nil {
				return err
			}
			if kept, err = tx.Keep("number", []byte(key)); err != nil {
				return err
			}
			return tx.Enqueue(stream, Command{Kind: "send", Key: key, Body: []byte(key), Private: random.IntN(2) == 0})
		})
		fmt.Println("committed", key)
		if random.IntN(3) == 0 {
			commit(func(tx *Tx) error { return tx.Forget("number", kept) })
			fmt.Println("forgotten", kept)
		}
		if random.IntN(8) == 0 {
			_ = s.Scrub(ctx)
		}
	}
}

// promises are what a store has said, by word and key.
type promises map[string]map[string]int

// work lets a child work on the disk until the power goes, and adds what it said.
func (p promises) work(t *testing.T, disk *disktest.Disk, path string, seed uint64, setting string) {
	p.workAnd(t, disk, path, seed, setting, func(string) {})
}

// workAnd is work, with somebody who hears each word as the child says it.
func (p promises) workAnd(t *testing.T, disk *disktest.Disk, path string, seed uint64, setting string, hear func(word string)) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path, childEnv+"_POWERED="+strconv.FormatUint(seed, 10), childEnv+"_SETTING="+setting)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	dead := disk.Dead()
	go func() { <-dead; _ = cmd.Process.Kill() }()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word, key, _ := strings.Cut(lines.Text(), " ")
		hear(word)
		if word == "error" {
			select {
			case <-dead: // as it must
			default:
				t.Errorf("with power: %s", key)
				disk.CutAfter(1)
			}
			continue
		}
		if p[word] == nil {
			p[word] = map[string]int{}
		}
		p[word][key]++
	}
	_ = cmd.Wait()
}

// broken is the first promise that the file does not keep, or nil.
func (p promises) broken(ctx context.Context, path string) error {
	s, err := Open(ctx, path, Options{Key: bytes.Repeat([]byte{7}, KeySize)})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Verify(ctx); err != nil {
		return err
	}
	items, err := s.List(ctx, Filter{})
	if err != nil {
		return err
	}
	state := map[string]State{}
	for _, i := range items {
		state[i.Key] = i.State
	}
	for key := range p["committed"] {
		if state[key] == "" {
			return fmt.Errorf("%s was committed and is lost", key)
		}
	}
	for key, n := range p["delivered"] {
		if state[key] != Done || n != 1 {
			return fmt.Errorf("%s was delivered %d times and is %q", key, n, state[key])
		}
	}
	private, err := s.Privates(ctx, "number")
	if err != nil {
		return err
	}
	for _, v := range private {
		if p["forgotten"][strconv.FormatInt(v.ID, 10)] > 0 {
			return fmt.Errorf("private value %d was forgotten and is back", v.ID)
		}
	}
	return nil
}

// onePicture writes what a disk holds to an ordinary folder.
func onePicture(t *testing.T, disk *disktest.Disk) (path string) {
	dir := t.TempDir()
	require.NoError(t, disk.Save(dir))
	return filepath.Join(dir, "outbox.db")
}

// TestThePowerIsCut lets a process work on a disk that forgets what was not flushed,
// or keeps any part of it, and cuts the power at a change that the seed decides.
// Everything that the process said is true afterwards. "make power CUTS=1000" is the
// long form.
func TestThePowerIsCut(t *testing.T) {
	if *cutSeed == 0 {
		*cutSeed = rand.Uint64()
	}
	t.Logf("seed %d, %d cuts", *cutSeed, *cuts)
	random := rand.New(rand.NewPCG(*cutSeed, 4))
	changes, said := 0, map[string]int{}
	const life = 40 // cuts of one file
	for done := 0; done < *cuts; done += life {
		disk := disktest.New(random.Uint64())
		path := filepath.Join(disk.Mount(t), "outbox.db")
		p := promises{}
		for cut := done; cut < min(done+life, *cuts); cut++ {
			disk.CutAfter(1 + random.IntN(700))
			p.work(t, disk, path, random.Uint64(), "")
			keeps := disktest.Keeps(random.IntN(3))
			require.NoError(t, disk.Cut(keeps))
			require.NoError(t, p.broken(t.Context(), onePicture(t, disk)), "seed %d, cut %d, what survives: %d", *cutSeed, cut, keeps)
			require.False(t, t.Failed())
		}
		changes += disk.Changes()
		for word, keys := range p {
			said[word] += len(keys)
		}
	}
	require.Greater(t, said["delivered"], *cuts, "the child hardly got to work")
	t.Logf("%d cuts in %d changes of the disk; promises, all kept: %v", *cuts, changes, said)
}

// TestAPowerCutIsNoticedWhereFlushesAreMissing is the test of the test: without
// flushes, or with a disk that lies about them, promises are broken and it shows.
func TestAPowerCutIsNoticedWhereFlushesAreMissing(t *testing.T) {
	for name, weak := range map[string]struct {
		lies    bool
		setting string
	}{
		"a disk that lies":   {lies: true},
		"synchronous=NORMAL": {setting: "PRAGMA synchronous = NORMAL"},
		"synchronous=OFF":    {setting: "PRAGMA synchronous = OFF"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := disktest.New(1)
			path := filepath.Join(disk.Mount(t), "outbox.db")
			p := promises{}
			disk.CutAfter(400)
			p.work(t, disk, path, 1, "")
			require.NoError(t, disk.Cut(disktest.Nothing))
			require.NoError(t, p.broken(t.Context(), onePicture(t, disk)))

			disk.Lie(weak.lies)
			for seed := uint64(1); ; seed++ {
				require.Less(t, seed, uint64(20), "promises are kept without flushes")
				disk.CutAfter(450)
				p.work(t, disk, path, seed, weak.setting)
				require.NoError(t, disk.Cut(disktest.Nothing))
				if err := p.broken(t.Context(), onePicture(t, disk)); err != nil {
					t.Logf("noticed, as it must be: %v", err)
					return
				}
			}
		})
	}
}

// TestAFlushThatFailedIsNotBelievedLater lets flushes and writes fail now and then under
// a process that tries again. A flush that fails has lost its pages for good, and the
// next one says nothing of it: a commit that then counted would be gone after the cut.
func TestAFlushThatFailedIsNotBelievedLater(t *testing.T) {
	for name, c := range map[string]struct {
		op  disktest.Op
		err syscall.Errno
	}{
		"flush": {disktest.Flush, syscall.EIO}, "write": {disktest.Write, syscall.EIO}, "room": {disktest.Write, syscall.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 7))
			disk := disktest.New(7)
			path := filepath.Join(disk.Mount(t), "outbox.db")
			p := promises{}
			failing, refused := false, 0
			fail := func(yes bool) {
				if failing = yes; yes {
					disk.Fail(c.op, c.err)
				} else {
					disk.Fail(c.op, 0)
				}
			}
			for range 5 {
				disk.CutAfter(900)
				p.workAnd(t, disk, path, random.Uint64(), "", func(word string) {
					switch {
					case word == "refused" && failing:
						refused++
						fail(false)
					case random.IntN(3) == 0:
						fail(true)
					}
				})
				fail(false)
				require.NoError(t, disk.Cut(disktest.Keeps(random.IntN(3))))
				require.NoError(t, p.broken(t.Context(), onePicture(t, disk)))
			}
			t.Logf("%d commits refused, %d committed", refused, len(p["committed"]))
			require.Greater(t, refused, 10)
		})
	}
}
