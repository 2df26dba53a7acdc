package outbox

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"
)

// durable are the settings without which a commit does not survive a power cut, the
// tables do not keep their promises, or what is forgotten stays in the file. The driver's own default for WAL files is
// synchronous=NORMAL, which may lose the last commits.
var durable = []struct{ pragma, parameter, value, want string }{
	{"journal_mode", "_journal_mode", "WAL", "wal"},
	{"synchronous", "_synchronous", "FULL", "2"},
	{"foreign_keys", "_foreign_keys", "1", "1"},
	{"busy_timeout", "_busy_timeout", "5000", "5000"}, // busyTimeout
	{"secure_delete", "_secure_delete", "1", "1"},
}

// busyTimeout is how long a statement waits for another process.
const busyTimeout = 5 * time.Second

// connector opens connections whose settings were read back and found right.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
	era    *atomic.Int64 // nil: there is only one
}

// openWriter gives the one connection that writes.
func openWriter(path string) *sql.DB {
	return openWriterWith(&connector{driver: &sqlite3.SQLiteDriver{ConnectHook: verifySettings}}, path)
}

func openWriterWith(c *connector, path string) *sql.DB {
	q := url.Values{"_txlock": {"immediate"}, "_stmt_cache_size": {"64"}}
	for _, d := range durable {
		q.Set(d.parameter, d.value)
	}
	c.dsn = dsn(path, q)
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	return db
}

// openReader gives connections that only read, so that a long list never makes a
// commit wait.
func openReader(path string, era *atomic.Int64) *sql.DB {
	q := url.Values{"mode": {"ro"}, "_query_only": {"1"}, "_busy_timeout": {"5000"}}
	db := sql.OpenDB(&connector{dsn(path, q), &sqlite3.SQLiteDriver{}, era})
	db.SetMaxOpenConns(2)
	db.SetMaxIdleConns(1)
	return db
}

// openQuiet reads a whole file that nobody has open, without leaving a trace beside it.
func openQuiet(path string) *sql.DB {
	q := url.Values{"mode": {"ro"}, "immutable": {"1"}}
	return sql.OpenDB(&connector{dsn: dsn(path, q), driver: &sqlite3.SQLiteDriver{}})
}

func dsn(path string, q url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func (c *connector) Driver() driver.Driver { return c.driver }

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	now := int64(0)
	if c.era != nil {
		now = c.era.Load()
	}
	opened, err := c.driver.Open(c.dsn)
	if err != nil || c.era == nil {
		return opened, err
	}
	return &conn{opened.(*sqlite3.SQLiteConn), now, c.era}, nil
}

// conn is a connection of an era: once the files have been put in place anew it is not
// used again.
type conn struct {
	*sqlite3.SQLiteConn
	born int64
	era  *atomic.Int64
}

// ResetSession is asked before each use.
func (c *conn) ResetSession(context.Context) error {
	if c.born != c.era.Load() {
		return driver.ErrBadConn
	}
	return nil
}

// keepLog keeps SQLite from removing the log when the connection closes: that the file
// is whole without it must be said in the mark first.
func keepLog(c *sqlite3.SQLiteConn) error {
	return errors.Join(verifySettings(c), c.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 1))
}

func verifySettings(conn *sqlite3.SQLiteConn) error {
	for _, d := range durable {
		got, err := pragma(conn, d.pragma)
		if err != nil {
			return err
		}
		if got != d.want {
			return fmt.Errorf("%w: %s is %s, want %s", ErrNotDurable, d.pragma, got, d.want)
		}
	}
	return nil
}

func pragma(conn *sqlite3.SQLiteConn, name string) (string, error) {
	rows, err := conn.Query("PRAGMA "+name, nil)
	if err != nil {
		return "", fmt.Errorf("pragma %s: %w", name, err)
	}
	defer rows.Close()
	value := make([]driver.Value, 1)
	if err := rows.Next(value); err != nil {
		return "", fmt.Errorf("pragma %s: %w", name, err)
	}
	return fmt.Sprint(value[0]), nil
}
