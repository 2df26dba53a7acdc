package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// riverQueue runs river in one process, without its polling: a client whose database
// cannot notify tells its own workers when something was inserted, which is the
// fastest way it has. A job is completed in a transaction of the worker's own
// (JobCompleteTx), which does not wait for river's batches of completions.
type riverQueue struct {
	db     *sql.DB
	driver silent
	client *river.Client[*sql.Tx]
	done   [inFlight]chan struct{}
}

// silent is river's driver as one that cannot notify.
type silent struct{ *riversqlite.Driver }

func (silent) SupportsListener() bool     { return false }
func (silent) SupportsListenNotify() bool { return false }

type riverJob struct {
	Lane int
	Body []byte
}

func (riverJob) Kind() string { return "command" }

type riverWorker struct {
	river.WorkerDefaults[riverJob]
	queue *riverQueue
}

func newRiver(path string) (*riverQueue, error) {
	db, err := openSQLite(path, watch{})
	if err != nil {
		return nil, err
	}
	r := &riverQueue{db: db, driver: silent{riversqlite.New(db)}}
	for lane := range inFlight {
		r.done[lane] = make(chan struct{}, 1)
	}
	migrator, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	_, err = migrator.Migrate(context.Background(), rivermigrate.DirectionUp, nil)
	return r, err
}

func (r *riverQueue) Name() string { return "river" }

func (r *riverQueue) Start() (err error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &riverWorker{queue: r})
	r.client, err = river.NewClient(r.driver, &river.Config{
		Logger:                 slog.New(slog.DiscardHandler),
		Queues:                 map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4 * inFlight}},
		Workers:                workers,
		FetchCooldown:          river.FetchCooldownMin,
		FetchPollInterval:      time.Second,
		LeaderElectionDisabled: true, // no housekeeping meanwhile
	})
	if err != nil {
		return err
	}
	return r.client.Start(context.Background())
}

func (r *riverQueue) Stop() error { return r.client.Stop(context.Background()) }

func (r *riverQueue) Deliver(lane int) error {
	if _, err := r.client.Insert(context.Background(), riverJob{lane, make([]byte, commandSize*3/4)}, nil); err != nil {
		return err
	}
	return await(r.done[lane])
}

func (w *riverWorker) Work(ctx context.Context, job *river.Job[riverJob]) error {
	err := w.queue.complete(ctx, job)
	if err == nil {
		w.queue.done[job.Args.Lane] <- struct{}{}
	}
	return err
}

func (r *riverQueue) complete(ctx context.Context, job *river.Job[riverJob]) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := river.JobCompleteTx[silent](ctx, tx, job); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (r *riverQueue) Close() error { return r.db.Close() }
