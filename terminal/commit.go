package terminal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// source gives the events of a commit from inside its transaction, for those that
// name something that is written in it. Its error is a *Refused unless the disk is
// to blame.
type source func(*commit) ([]trip.Event, error)

// commit is one change of a trip being written.
type commit struct {
	*outbox.Tx
	t        *Terminal
	stream   int64
	state    trip.State
	commands []trip.Command
	kept     []int64  // private recipients that this commit has written
	done     []func() // what memory learns once the disk has it
}

// then lets f run on the loop once the commit is on the disk.
func (c *commit) then(f func()) { c.done = append(c.done, f) }

// apply is the one way in which a trip changes: events through trip.Step, committed
// with their commands and with the end of the command that they answer. If the
// commit fails nothing has changed.
func (t *Terminal) apply(r *ride, answered *answered, events ...trip.Event) error {
	if answered == nil && !changes(r.state, events) {
		return nil
	}
	return t.commit(r, answered, func(*commit) ([]trip.Event, error) { return events, nil })
}

func (t *Terminal) commit(r *ride, answered *answered, events source) error {
	var c *commit
	err := t.store.Commit(context.Background(), func(tx *outbox.Tx) error {
		c = &commit{Tx: tx, t: t, stream: r.stream, state: r.state}
		if err := c.write(events); err != nil {
			return err
		}
		if err := c.people(r.state); err != nil {
			return err
		}
		if was, is := r.state.Closed(), c.state.Closed(); was != is {
			if err := tx.SetOpen(c.stream, !is); err != nil {
				return err
			}
		}
		return answered.finish(tx)
	})
	var refused *Refused
	if errors.As(err, &refused) {
		return refused
	}
	t.wrote(err)
	if err != nil {
		return fmt.Errorf("trip %s commit: %w", cmp.Or(r.state.ID.Short(), "(new)"), err)
	}
	before := r.state
	r.state, r.stream = c.state, c.stream
	for _, learn := range c.done {
		learn()
	}
	t.follow(r, before)
	return nil
}

// write appends the events that mean something and enqueues their commands.
func (c *commit) write(events source) (err error) {
	if c.stream == 0 {
		if c.stream, err = c.Begin(); err != nil {
			return err
		}
	}
	list, err := events(c)
	if err != nil {
		return err
	}
	for _, e := range list {
		if b, ok := e.(trip.Begun); ok {
			b.ID.Number = c.stream
			e = b
		}
		if err := c.step(e); err != nil {
			return err
		}
	}
	for _, cmd := range c.commands {
		order, err := c.encode(cmd)
		if err != nil {
			return err
		}
		if err := c.Enqueue(c.stream, order); err != nil {
			return err
		}
	}
	return nil
}

func (c *commit) step(e trip.Event) error {
	after, cmds := trip.Step(c.state, c.Now(), e)
	if after.Equal(c.state) && len(cmds) == 0 {
		return nil
	}
	c.state, c.commands = after, append(c.commands, cmds...)
	return appendEvent(c.Tx, c.stream, string(e.Kind()), e)
}

// changes reports whether any of the events means something. Most answers to a poll
// do not, and cost no commit.
func changes(s trip.State, events []trip.Event) bool {
	for _, e := range events {
		if after, cmds := trip.Step(s, time.Time{}, e); len(cmds) > 0 || !after.Equal(s) {
			return true
		}
	}
	return false
}

func appendEvent(tx *outbox.Tx, stream int64, kind string, e any) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = tx.Append(stream, kind, body)
	return err
}
