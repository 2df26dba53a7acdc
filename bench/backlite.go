package main

import (
	"context"
	"database/sql"
	"time"

	"github.com/mikestefanello/backlite"
)

// backliteQueue is told of each task that is added, so it does not poll. What is
// done is deleted.
type backliteQueue struct {
	db     *sql.DB
	client *backlite.Client
	done   chan struct{} // on the disk
}

// backliteTask is JSON, in which bytes are base 64: 300 of them are commandSize.
type backliteTask struct{ Body []byte }

func (backliteTask) Config() backlite.QueueConfig {
	return backlite.QueueConfig{Name: "commands", MaxAttempts: 1, Timeout: time.Minute}
}

func newBacklite(path string) (*backliteQueue, error) {
	b := &backliteQueue{done: make(chan struct{}, inFlight)}
	db, err := openSQLite(path, watch{"DELETE FROM backlite_tasks", func() { b.done <- struct{}{} }})
	if err != nil {
		return nil, err
	}
	b.db = db
	// More workers than commands: with none free it sleeps for 100 ms.
	b.client, err = backlite.NewClient(backlite.ClientConfig{DB: db, NumWorkers: 4 * inFlight, ReleaseAfter: time.Hour})
	if err != nil {
		return nil, err
	}
	b.client.Register(backlite.NewQueue(func(context.Context, backliteTask) error {
		return nil
	}))
	if err := b.client.Install(); err != nil {
		return nil, err
	}
	b.client.Start(context.Background())
	return b, nil
}

func (b *backliteQueue) Name() string { return "backlite" }
func (b *backliteQueue) Start() error { return nil }
func (b *backliteQueue) Stop() error  { return nil }

func (b *backliteQueue) Deliver(int) error {
	if _, err := b.client.Add(backliteTask{Body: make([]byte, commandSize*3/4)}).Save(); err != nil {
		return err
	}
	return await(b.done)
}

func (b *backliteQueue) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	b.client.Stop(ctx)
	return b.db.Close()
}
