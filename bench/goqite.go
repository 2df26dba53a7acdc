package main

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"maragu.dev/goqite"
	"maragu.dev/goqite/jobs"
)

// goqiteSchema is what goqite tells its users to run (schema_sqlite.sql of v0.4.0).
const goqiteSchema = `create table goqite (
  id text primary key default ('m_' || lower(hex(randomblob(16)))),
  created text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  updated text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  queue text not null,
  body blob not null,
  timeout text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  received integer not null default 0,
  priority integer not null default 0
) strict;
create trigger goqite_updated_timestamp after update on goqite begin
  update goqite set updated = strftime('%Y-%m-%dT%H:%M:%fZ') where id = old.id;
end;
create index goqite_queue_priority_created_idx on goqite (queue, priority desc, created);`

// goqiteQueue calls goqite's queue directly, without its polling runner: a message
// is received the moment it has been sent, and nothing is handed to another goroutine.
// That is faster than goqite can be used for commands; what it costs in use is
// goqiteRunner.
type goqiteQueue struct {
	db    *sql.DB
	queue *goqite.Queue
}

func newGoqite(path string, w watch) (*goqiteQueue, error) {
	db, err := openSQLite(path, w)
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(goqiteSchema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &goqiteQueue{db, goqite.New(goqite.NewOpts{DB: db, Name: "commands", Timeout: time.Minute})}, nil
}

func (g *goqiteQueue) Name() string { return "goqite" }
func (g *goqiteQueue) Start() error { return nil }
func (g *goqiteQueue) Stop() error  { return nil }
func (g *goqiteQueue) Close() error { return g.db.Close() }

func (g *goqiteQueue) Deliver(int) error {
	ctx := context.Background()
	if err := g.queue.Send(ctx, goqite.Message{Body: make([]byte, commandSize)}); err != nil {
		return err
	}
	m, err := g.queue.Receive(ctx)
	if err != nil {
		return err
	}
	return g.queue.Delete(ctx, m.ID)
}

// goqiteRunner is goqite as its manual has it: a runner that looks for messages. It
// looks every millisecond here, 100 times as often as it does by itself.
type goqiteRunner struct {
	*goqiteQueue
	done    chan struct{} // deleted, on the disk
	stop    context.CancelFunc
	running sync.WaitGroup
}

func newGoqiteRunner(path string) (*goqiteRunner, error) {
	done := make(chan struct{}, inFlight)
	queue, err := newGoqite(path, watch{"delete from goqite", func() { done <- struct{}{} }})
	return &goqiteRunner{goqiteQueue: queue, done: done}, err
}

func (g *goqiteRunner) Name() string { return "goqite, its runner" }

func (g *goqiteRunner) Start() error {
	runner := jobs.NewRunner(jobs.NewRunnerOpts{Queue: g.queue, Limit: 4 * inFlight, PollInterval: time.Millisecond, Extend: time.Minute})
	runner.Register("command", func(context.Context, []byte) error { return nil })
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	g.running.Go(func() { runner.Start(ctx) })
	return nil
}

func (g *goqiteRunner) Stop() error {
	g.stop()
	g.running.Wait()
	return nil
}

func (g *goqiteRunner) Deliver(int) error {
	if _, err := jobs.Create(context.Background(), g.queue, "command", goqite.Message{Body: make([]byte, commandSize)}); err != nil {
		return err
	}
	return await(g.done)
}
