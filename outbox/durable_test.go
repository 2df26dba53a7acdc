package outbox

import (
	"net/url"
	"testing"

	"github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
)

func TestAConnectionThatWouldNotSurviveAPowerCutIsRefused(t *testing.T) {
	for _, weak := range []struct{ parameter, value, pragma string }{
		{"_synchronous", "NORMAL", "synchronous"},
		{"_synchronous", "OFF", "synchronous"},
		{"_journal_mode", "MEMORY", "journal_mode"},
		{"_foreign_keys", "0", "foreign_keys"},
		{"_busy_timeout", "1", "busy_timeout"},
	} {
		q := url.Values{}
		for _, d := range durable {
			q.Set(d.parameter, d.value)
		}
		q.Set(weak.parameter, weak.value)
		c := &connector{dsn: dsn(tempFile(t), q), driver: &sqlite3.SQLiteDriver{ConnectHook: verifySettings}}
		_, err := c.Connect(t.Context())
		require.ErrorIs(t, err, ErrNotDurable, weak.value)
		require.ErrorContains(t, err, weak.pragma)
	}
}

func TestTheOpenFileHasTheSettingsAndStrictTables(t *testing.T) {
	s := open(t, tempFile(t))
	for _, d := range durable {
		var got string
		require.NoError(t, s.writer.QueryRow("PRAGMA "+d.pragma).Scan(&got))
		require.Equal(t, d.want, got, d.pragma)
	}
	rows, err := s.writer.Query("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'")
	require.NoError(t, err)
	defer rows.Close()
	tables := 0
	for rows.Next() {
		var name string
		var strict bool
		require.NoError(t, rows.Scan(&name, &strict))
		require.True(t, strict, name)
		tables++
	}
	require.Equal(t, 8, tables)
}

func TestReadersCannotWrite(t *testing.T) {
	s := open(t, tempFile(t))
	_, err := s.reader.Exec("INSERT INTO stream (id) VALUES (1)")
	require.Error(t, err)
}

func TestAnAlteredJournalShows(t *testing.T) {
	for name, tamper := range map[string]string{
		"changed": "DROP TRIGGER journal_is_append_only; UPDATE journal SET body = x'00' WHERE seq = 3",
		"renamed": "DROP TRIGGER journal_is_append_only; UPDATE journal SET kind = 'other' WHERE seq = 3",
		"moved":   "DROP TRIGGER journal_is_append_only; UPDATE journal SET stream = 1 WHERE seq = 3",
		"redated": "DROP TRIGGER journal_is_append_only; UPDATE journal SET at = at + 1 WHERE seq = 3",
		"deleted": "DROP TRIGGER journal_is_kept; DELETE FROM journal WHERE seq = 2",
		"put in":  "DROP TRIGGER journal_is_append_only; UPDATE journal SET seq = 9 WHERE seq = 5; INSERT INTO journal SELECT 5, stream, at, kind, body, hash FROM journal WHERE seq = 4",
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, tempFile(t))
			for range 5 {
				begin(t, s)
			}
			n, err := s.Verify(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 5, n)
			_, err = s.writer.Exec(tamper)
			require.NoError(t, err)
			_, err = s.Verify(t.Context())
			var broken *ChainError
			require.ErrorAs(t, err, &broken)
			require.Contains(t, []int64{3, 5}, broken.Seq)
		})
	}
}

func TestTheChainGoesOnAfterARestart(t *testing.T) {
	path := tempFile(t)
	for range 3 {
		s := open(t, path)
		begin(t, s)
		require.NoError(t, s.Close())
	}
	n, err := open(t, path).Verify(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, n)
}
