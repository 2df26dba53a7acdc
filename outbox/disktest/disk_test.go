package disktest

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// put writes a file and flushes what is asked.
func put(t *testing.T, dir, name, text string, file, folder bool) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	if file {
		require.NoError(t, f.Sync())
	}
	require.NoError(t, f.Close())
	if folder {
		flushFolder(t, dir)
	}
}

func flushFolder(t *testing.T, dir string) {
	f, err := os.Open(dir)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
}

func read(t *testing.T, dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return "gone"
	}
	return string(b)
}

func TestOnlyWhatWasFlushedIsThereAfterACut(t *testing.T) {
	d := New(1)
	dir := d.Mount(t)
	put(t, dir, "all", "one", true, true)
	put(t, dir, "no-bytes", "one", false, true)
	put(t, dir, "no-name", "one", true, false)
	put(t, dir, "all", "two, longer", false, false)
	require.Equal(t, "two, longer", read(t, dir, "all"))
	require.NoError(t, d.Cut(Nothing))
	require.Equal(t, []string{"one", "", "gone"}, []string{read(t, dir, "all"), read(t, dir, "no-bytes"), read(t, dir, "no-name")})

	require.NoError(t, os.Rename(filepath.Join(dir, "all"), filepath.Join(dir, "other")))
	require.NoError(t, d.Cut(Nothing))
	require.Equal(t, []string{"one", "gone"}, []string{read(t, dir, "all"), read(t, dir, "other")})
	require.NoError(t, os.Rename(filepath.Join(dir, "all"), filepath.Join(dir, "other")))
	flushFolder(t, dir)
	require.NoError(t, os.Remove(filepath.Join(dir, "other")))
	require.NoError(t, d.Cut(Nothing))
	require.Equal(t, []string{"gone", "one"}, []string{read(t, dir, "all"), read(t, dir, "other")})
}

// TestWhatSurvivesIsAnything lets unflushed writes survive whole and in pieces, in all
// combinations that there are, and the same seed the same ones.
func TestWhatSurvivesIsAnything(t *testing.T) {
	for keeps, pictures := range map[Keeps]int{Nothing: 1, Writes: 4, Sectors: 5} {
		seen := map[string]bool{}
		for seed := range uint64(60) {
			leave := func() string {
				d := New(seed)
				f := &file{id: 2}
				d.now["f"], d.safe["f"] = f, f
				f.change(change{0, []byte(strings.Repeat("a", 2*sector))})
				f.flush()
				f.change(change{0, []byte(strings.Repeat("b", 2*sector))})
				f.change(change{sector, []byte(strings.Repeat("c", sector))})
				d.forget(keeps)
				return string(d.now["f"].now[:1]) + string(d.now["f"].now[sector:sector+1])
			}
			picture := leave()
			require.Equal(t, picture, leave())
			seen[picture] = true
		}
		require.GreaterOrEqual(t, len(seen), pictures, "%v", seen)
		require.Equal(t, keeps == Sectors, seen["ba"], "%v", seen)
	}
}

func TestThePowerGoesAtTheChangeThatWasChosen(t *testing.T) {
	d := New(1)
	dir := d.Mount(t)
	put(t, dir, "f", "one", true, true)
	d.CutAfter(2)
	f, err := os.OpenFile(filepath.Join(dir, "f"), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteString("two")
	require.NoError(t, err)
	require.ErrorIs(t, f.Sync(), syscall.EIO)
	<-d.Dead()
	_, err = f.WriteString("three")
	require.ErrorIs(t, err, syscall.EIO)
	require.NoError(t, f.Close())
	require.NoError(t, d.Cut(Nothing))
	require.Equal(t, "one", read(t, dir, "f"))
}

func TestAFlushThatFailedHasLostWhatItWasToFlush(t *testing.T) {
	d := New(1)
	dir := d.Mount(t)
	put(t, dir, "f", "one", true, true)
	f, err := os.OpenFile(filepath.Join(dir, "f"), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteString("two")
	require.NoError(t, err)
	d.Fail(Flush, syscall.EIO)
	require.ErrorIs(t, f.Sync(), syscall.EIO)
	d.Fail(Flush, 0)
	require.NoError(t, f.Sync(), "says nothing of it")
	require.NoError(t, f.Close())
	require.Equal(t, "two", read(t, dir, "f"))
	require.NoError(t, d.Cut(Sectors))
	require.Equal(t, "one", read(t, dir, "f"))
}

func TestALyingDiskFlushesNothing(t *testing.T) {
	d := New(1)
	dir := d.Mount(t)
	put(t, dir, "f", "one", true, true)
	d.Lie(true)
	put(t, dir, "f", "two", true, true)
	require.NoError(t, d.Cut(Nothing))
	require.Equal(t, "one", read(t, dir, "f"))
}

func TestOperationsFailAsAsked(t *testing.T) {
	d := New(1)
	dir := d.Mount(t)
	put(t, dir, "f", "one", true, true)
	d.Fail(Write, syscall.EROFS)
	require.ErrorIs(t, os.WriteFile(filepath.Join(dir, "g"), nil, 0o600), syscall.EROFS)
	require.ErrorIs(t, os.Remove(filepath.Join(dir, "f")), syscall.EROFS)
	d.Fail(Write, 0)
	require.NoError(t, d.Cut(Nothing)) // nothing is remembered by the kernel
	d.Fail(Read, syscall.EIO)
	_, err := os.ReadFile(filepath.Join(dir, "f"))
	require.ErrorIs(t, err, syscall.EIO)
	d.Fail(Read, 0)
	require.Equal(t, "one", read(t, dir, "f"))
}
