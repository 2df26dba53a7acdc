package outbox

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var testKey = bytes.Repeat([]byte{7}, KeySize)

// onDisk is everything that the file, its log and its index hold.
func onDisk(t *testing.T, s *Store) []byte {
	t.Helper()
	files, err := filepath.Glob(s.Path() + "*")
	require.NoError(t, err)
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		all = append(all, b...)
	}
	return all
}

func openWith(t *testing.T, path string, key []byte) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{Key: key})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestWhatIsForgottenIsGoneFromTheDisk(t *testing.T) {
	t.Parallel()
	s := openWith(t, filepath.Join(t.TempDir(), "o.db"), testKey)
	const secret = "4790000001 and a name that nobody has"
	var id int64
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) (err error) {
		id, err = tx.Keep("contact", []byte(secret))
		return err
	}))
	var sealed []byte
	require.NoError(t, s.reader.QueryRow("SELECT body FROM private WHERE id = ?", id).Scan(&sealed))
	require.NotContains(t, string(onDisk(t, s)), secret[:10], "kept in the clear")
	require.Contains(t, string(onDisk(t, s)), string(sealed))

	all, err := s.Privates(t.Context(), "contact")
	require.NoError(t, err)
	require.Equal(t, secret, string(all[0].Body))

	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Replace("contact", id, []byte(secret+"!")) }))
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Forget("contact", id) }))
	require.NoError(t, s.Scrub(t.Context()))
	require.NotContains(t, string(onDisk(t, s)), string(sealed), "the sealed value can still be found")

	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error {
		_, err := tx.Private("contact", id)
		require.ErrorIs(t, err, ErrNoPrivate)
		again, err := tx.Keep("contact", []byte("x"))
		require.Greater(t, again, id, "a number that the journal names is never used again")
		return err
	}))
}

func TestPrivateValuesNeedTheRightKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.db")
	s := openWith(t, path, nil)
	require.ErrorIs(t, s.CheckKey(t.Context()), ErrNoKey)
	require.ErrorIs(t, s.Commit(t.Context(), func(tx *Tx) error { _, err := tx.Keep("a", nil); return err }), ErrNoKey)
	require.ErrorIs(t, s.Commit(t.Context(), func(tx *Tx) error {
		return tx.Enqueue(0, Command{Kind: "k", Key: "1", Private: true})
	}), ErrNoKey)
	require.NoError(t, s.Close())

	s = openWith(t, path, testKey)
	require.NoError(t, s.CheckKey(t.Context()))
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { _, err := tx.Keep("a", []byte("x")); return err }))
	require.NoError(t, s.CheckKey(t.Context()))
	require.NoError(t, s.Close())

	s = openWith(t, path, bytes.Repeat([]byte{8}, KeySize))
	require.ErrorIs(t, s.CheckKey(t.Context()), ErrWrongKey)
	_, err := s.Privates(t.Context(), "a")
	require.ErrorIs(t, err, ErrWrongKey)
	_, err = Open(t.Context(), filepath.Join(t.TempDir(), "o.db"), Options{Key: []byte("short")})
	require.ErrorContains(t, err, "want 32 bytes")
}

func TestAPrivateCommandIsReadableToItsHandlerOnlyAndErasedAtItsEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.db")
	s := openWith(t, path, testKey)
	const secret = `{"phoneNumber":"4790000001"}`
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error {
		return tx.Enqueue(0, Command{Kind: "push", Key: "1", Body: []byte(secret), Private: true})
	}))
	require.NoError(t, s.Close())
	s = openWith(t, path, testKey) // also after a restart
	require.NotContains(t, string(onDisk(t, s)), "4790000001")
	items, err := s.List(t.Context(), Filter{})
	require.NoError(t, err)
	require.Nil(t, items[0].Body, "a list shows it to nobody")
	require.True(t, items[0].Private)

	ctx, stop := context.WithCancel(t.Context())
	err = s.Run(ctx, func(_ context.Context, d Delivery) Verdict {
		defer stop()
		require.Equal(t, secret, string(d.Body))
		require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Finish(d.ID, Done, "") }))
		return Finished()
	})
	require.ErrorIs(t, err, context.Canceled)
	var left []byte
	require.NoError(t, s.reader.QueryRow("SELECT body FROM command").Scan(&left))
	require.Empty(t, left)
	_, err = s.writer.Exec("UPDATE command SET body = 'x'")
	require.Error(t, err)
}

func TestAPrivateCommandWaitsForItsKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "o.db")
	s := openWith(t, path, testKey)
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error {
		return tx.Enqueue(0, Command{Kind: "push", Key: "1", Body: []byte("x"), Private: true})
	}))
	require.NoError(t, s.Close())
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.Context(), path, Options{})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		_ = s.Run(ctx, func(context.Context, Delivery) Verdict {
			t.Error("delivered sealed")
			return Again(0, nil)
		})
		items, err := s.List(t.Context(), Filter{Open: true})
		require.NoError(t, err)
		require.Equal(t, Pending, items[0].State)
		require.Equal(t, ErrNoKey.Error(), items[0].LastError)
	})
}

// TestLanesDoNotWaitForEachOther: what does not get through in one lane holds up
// neither the stream's empty lane nor, by their number, the places for it.
func TestLanesDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.Context(), filepath.Join(t.TempDir(), "o.db"), Options{Parallel: 2})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error {
			for _, c := range []Command{
				{Kind: "slow", Key: "a1", Lane: "a"}, {Kind: "slow", Key: "b1", Lane: "b"}, {Kind: "slow", Key: "a2", Lane: "a"},
				{Kind: "money", Key: "m1"}, {Kind: "money", Key: "m2"},
			} {
				if err := tx.Enqueue(0, c); err != nil {
					return err
				}
			}
			return nil
		}))
		var order []string
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		_ = s.Run(ctx, func(ctx context.Context, d Delivery) Verdict {
			if d.Kind == "slow" {
				<-ctx.Done() // hangs
				return Unclear(0, nil)
			}
			order = append(order, d.Key)
			require.NoError(t, s.Commit(ctx, func(tx *Tx) error { return tx.Finish(d.ID, Done, "") }))
			return Finished()
		})
		require.Equal(t, "m1 m2", strings.Join(order, " "))
		require.Equal(t, Depth{Aside: 3}, s.Depth())
	})
}

func TestTheFilesOwnStreamIsNotListed(t *testing.T) {
	t.Parallel()
	s := openWith(t, filepath.Join(t.TempDir(), "o.db"), nil)
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error {
		if _, err := tx.Append(0, "own", nil); err != nil {
			return err
		}
		n, err := tx.Begin()
		require.EqualValues(t, 1, n)
		return err
	}))
	recent, err := s.RecentStreams(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Equal(t, []int64{1}, recent)
	open, err := s.OpenStreams(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{1}, open)
	own, err := s.Events(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, own, 1)
}
