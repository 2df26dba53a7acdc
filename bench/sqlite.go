package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// settings are what the outbox insists on for its own file.
const settings = "_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_busy_timeout=5000&_foreign_keys=1"

// openSQLite opens a peer's file with the settings of the outbox, reads them back,
// and has one connection: that is fastest for all of them, there is one writer anyway.
func openSQLite(path string, w watch) (*sql.DB, error) {
	db := sql.OpenDB(&connector{dsn: "file:" + path + "?" + settings + "&_stmt_cache_size=64", watch: w})
	db.SetMaxOpenConns(1)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2"} {
		var got string
		if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		if got != want {
			return nil, errors.Join(fmt.Errorf("%s: %s is %s, want %s", path, pragma, got, want), db.Close())
		}
	}
	return db, nil
}

// watch calls OnDisk once a transaction with this statement in it is on the disk:
// some peers have no other sign of it. The zero watch watches nothing.
type watch struct {
	Statement string
	OnDisk    func()
}

type connector struct {
	dsn   string
	watch watch
}

func (c *connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil || c.watch.OnDisk == nil {
		return conn, err
	}
	return &watched{SQLiteConn: conn.(*sqlite3.SQLiteConn), watch: c.watch}, nil
}

type watched struct {
	*sqlite3.SQLiteConn
	watch watch
	seen  bool
}

func (w *watched) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	w.seen = w.seen || strings.Contains(query, w.watch.Statement)
	return w.SQLiteConn.ExecContext(ctx, query, args)
}

func (w *watched) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	w.seen = false
	tx, err := w.SQLiteConn.BeginTx(ctx, o)
	return &watchedTx{tx, w}, err
}

type watchedTx struct {
	driver.Tx
	conn *watched
}

func (t *watchedTx) Commit() error {
	err := t.Tx.Commit()
	if err == nil && t.conn.seen {
		t.conn.watch.OnDisk()
	}
	return err
}
