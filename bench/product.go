package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"taxiterminal/outbox"
)

// product is the outbox: each command comes with the event that causes it, each
// outcome with the event that it means, all four in a journal of chained rows.
type product struct {
	name    string
	store   *outbox.Store
	streams [inFlight]int64
	done    [inFlight]chan error
	lanes   map[int64]int // by stream
	sent    [inFlight]int
	stop    context.CancelFunc
	running sync.WaitGroup
}

func newProduct(name, path string) (*product, error) {
	store, err := outbox.Open(context.Background(), path, outbox.Options{Parallel: inFlight})
	if err != nil {
		return nil, err
	}
	p := &product{name: name, store: store, lanes: map[int64]int{}}
	for lane := range inFlight {
		p.done[lane] = make(chan error, 1)
		if err := store.Commit(context.Background(), func(tx *outbox.Tx) (err error) {
			p.streams[lane], err = tx.Begin()
			return err
		}); err != nil {
			return nil, err
		}
		p.lanes[p.streams[lane]] = lane
	}
	return p, nil
}

func (p *product) Name() string { return p.name }

func (p *product) Start() error {
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.running.Go(func() { _ = p.store.Run(ctx, p.handle) })
	return nil
}

func (p *product) handle(_ context.Context, d outbox.Delivery) outbox.Verdict {
	p.done[p.lanes[d.Stream]] <- p.store.Commit(context.Background(), func(tx *outbox.Tx) error {
		if _, err := tx.Append(d.Stream, "delivered", d.Body); err != nil {
			return err
		}
		return tx.Finish(d.ID, outbox.Done, "")
	})
	return outbox.Finished()
}

func (p *product) Deliver(lane int) error {
	p.sent[lane]++
	err := p.store.Commit(context.Background(), func(tx *outbox.Tx) error {
		if _, err := tx.Append(p.streams[lane], "event", make([]byte, eventSize)); err != nil {
			return err
		}
		return tx.Enqueue(p.streams[lane], outbox.Command{Kind: "send", Key: fmt.Sprintf("key-%d-%d", lane, p.sent[lane]), Body: make([]byte, commandSize)})
	})
	if err != nil {
		return err
	}
	return <-p.done[lane]
}

func (p *product) Stop() error {
	p.stop()
	p.running.Wait()
	return nil
}

func (p *product) Close() error { return p.store.Close() }

// newOldProduct is an outbox in which n commands were delivered and finished before.
func newOldProduct(name, path string, n int) (*product, error) {
	store, err := outbox.Open(context.Background(), path, outbox.Options{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(store.Close(), fill(path, n)); err != nil {
		return nil, err
	}
	return newProduct(name, path)
}

// fill writes finished commands and their two events each straight into a file, which
// takes a fifth of the time. Only the chain of hashes is not right, which nobody reads.
func fill(path string, n int) error {
	db, err := openSQLite(path, watch{})
	if err != nil {
		return err
	}
	defer db.Close()
	batch := min(n, 100_000)
	for done := 0; done < n; done += batch {
		for _, query := range []string{
			`INSERT INTO command (stream, kind, key, body, state, created_at, finished_at)
			SELECT 0, 'send', 'old-' || value, zeroblob(@command), 'done', value, value FROM generate`,
			`INSERT INTO journal (seq, stream, at, kind, body, hash)
			SELECT 2 * value - part, 0, value, 'event', zeroblob(iif(part, @event, @command)), randomblob(32) FROM generate, (SELECT 1 AS part UNION ALL SELECT 0) ORDER BY 1`,
		} {
			query = "WITH RECURSIVE generate(value) AS (SELECT @done + 1 UNION ALL SELECT value + 1 FROM generate WHERE value < @done + @batch) " + query
			_, err := db.Exec(query, sql.Named("done", done), sql.Named("batch", batch), sql.Named("command", commandSize), sql.Named("event", eventSize))
			if err != nil {
				return fmt.Errorf("fill: %w", err)
			}
		}
	}
	// On the disk at last: what is still to be written would take from everybody.
	_, err = db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}
