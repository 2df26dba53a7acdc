package hub_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/hub"
	"taxiterminal/fleet/hub/hubtest"
)

// described are the files in which the server describes its streams, with when they
// were written.
func described(t *testing.T, dir, name string) map[string]time.Time {
	files := map[string]time.Time{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != name || strings.Contains(path, "/obs/") {
			return err
		}
		info, err := d.Info()
		files[path] = info.ModTime()
		return err
	}))
	require.Greater(t, len(files), 5)
	return files
}

// TestAStartLeavesAloneWhatIsAsItHasToBe: a description that is not written cannot be cut.
func TestAStartLeavesAloneWhatIsAsItHasToBe(t *testing.T) {
	for name, key := range map[string]string{"plain": "", "encrypted": storeKey} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			hubtest.Stop(t, hubtest.Open(t, dir, withKey(key)))
			before := described(t, dir, "meta.inf")
			hubtest.Stop(t, hubtest.Open(t, dir, withKey(key)))
			require.Equal(t, before, described(t, dir, "meta.inf"))
		})
	}
}

// TestACutDescriptionIsMended: a kill between a description and its checksum leaves a
// stream that the server does not read. What is in it must be there all the same, and
// the next start must find nothing wrong.
func TestACutDescriptionIsMended(t *testing.T) {
	for name, key := range map[string]string{"plain": "", "encrypted": storeKey} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			h := hubtest.Open(t, dir, withKey(key))
			put(t, h, hub.Claims, "T122-K7Q2X-0001-1", "paid by a phone")
			for range 3 {
				_, err := h.JetStream().Publish(t.Context(), "car.UA.journal", []byte("row"))
				require.NoError(t, err)
			}
			hubtest.Stop(t, h)
			sums := map[string]string{}
			for path := range described(t, dir, "meta.sum") {
				require.NoError(t, os.WriteFile(path, []byte("0123456789abcdef"), 0o600))
				sums[path] = "0123456789abcdef"
			}
			h = hubtest.Open(t, dir, withKey(key))
			require.Equal(t, "paid by a phone", get(t, h, hub.Claims, "T122-K7Q2X-0001-1"))
			stream, err := h.JetStream().Stream(t.Context(), hub.Journals)
			require.NoError(t, err)
			require.EqualValues(t, 3, stream.CachedInfo().State.Msgs)
			for path, cut := range sums {
				sum, err := os.ReadFile(path)
				require.NoError(t, err)
				require.NotEqual(t, cut, string(sum), path)
			}
		})
	}
}

// TestAStreamThatIsHalfMadeIsMadeAnew: the first start was killed between the store of a
// stream and its description, which is when its key would have been written.
func TestAStreamThatIsHalfMadeIsMadeAnew(t *testing.T) {
	for name, key := range map[string]string{"plain": "", "encrypted": storeKey} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, stream := range []string{hub.Journals, "KV_" + hub.Claims} {
				msgs := filepath.Join(dir, "jetstream", hub.FleetAccount, "streams", stream, "msgs")
				require.NoError(t, os.MkdirAll(msgs, 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(msgs, "1.blk"), nil, 0o600))
				require.NoError(t, os.WriteFile(filepath.Join(msgs, "1.key.tmp"), make([]byte, 72), 0o600))
			}
			h := hubtest.Open(t, dir, withKey(key))
			put(t, h, hub.Claims, "T122-K7Q2X-0001-1", "paid by a phone")
			hubtest.Stop(t, h)
			h = hubtest.Open(t, dir, withKey(key))
			require.Equal(t, "paid by a phone", get(t, h, hub.Claims, "T122-K7Q2X-0001-1"))
		})
	}
}
