package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// tries is how often a change that somebody else overtook is tried again.
const tries = 16

// table is a bucket whose values are all a T.
type table[T any] struct {
	kv   jetstream.KeyValue
	what string // one of them, for texts
}

func openTable[T any](ctx context.Context, js jetstream.JetStream, bucket, what string) (table[T], error) {
	kv, err := js.KeyValue(ctx, bucket)
	if err != nil {
		return table[T]{}, fmt.Errorf("open bucket %s: %w", bucket, err)
	}
	return table[T]{kv, what}, nil
}

// get returns the value and its revision; NotFound calls it by the name given.
func (t table[T]) get(ctx context.Context, key, name string) (v T, revision uint64, err error) {
	entry, err := t.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return v, 0, refuse(NotFound, "look at the list", "no %s %s", t.what, name)
	}
	if err == nil {
		err = json.Unmarshal(entry.Value(), &v)
	}
	if err != nil {
		return v, 0, fmt.Errorf("read %s: %w", t.what, err)
	}
	return v, entry.Revision(), nil
}

// list returns all, in the order in which they were last changed.
func (t table[T]) list(ctx context.Context) ([]T, error) {
	watch, err := t.kv.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("list %ss: %w", t.what, err)
	}
	defer func() { _ = watch.Stop() }()
	all := []T{}
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("list %ss: %w", t.what, ctx.Err())
		case entry, ok := <-watch.Updates():
			if !ok {
				return nil, fmt.Errorf("list %ss: the store went away; try again", t.what)
			}
			if entry == nil {
				return all, nil
			}
			var v T
			if err := json.Unmarshal(entry.Value(), &v); err != nil {
				return nil, fmt.Errorf("list %ss: %w", t.what, err)
			}
			all = append(all, v)
		}
	}
}

// add puts a value that is not there yet on record and into the bucket.
func (t table[T]) add(ctx context.Context, r *Registry, e Entry, key string, v T) error {
	exists := refuse(Exists, "choose another, or change that one", "there is a %s %s already", t.what, e.Subject)
	switch _, _, err := t.get(ctx, key, e.Subject); {
	case err == nil:
		return exists
	case !errors.Is(err, ErrNotFound):
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("add %s: %w", t.what, err)
	}
	if err := r.record(ctx, e); err != nil {
		return err
	}
	_, err = t.kv.Create(ctx, key, text)
	if errors.Is(err, jetstream.ErrKeyExists) {
		return r.failed(ctx, e, exists)
	}
	if err != nil {
		return r.failed(ctx, e, fmt.Errorf("add %s: %w", t.what, err))
	}
	return nil
}

// change lets f change the value that is there, as often as somebody else was faster.
// What f refuses, and what f leaves as it is, is not on record.
func (t table[T]) change(ctx context.Context, r *Registry, e Entry, key string, f func(*T) error) error {
	recorded := false
	for n := range tries {
		if err := pause(ctx, n); err != nil {
			return err
		}
		v, revision, err := t.get(ctx, key, e.Subject)
		before := v
		if err == nil {
			err = f(&v)
		}
		switch {
		case err != nil && recorded:
			return r.failed(ctx, e, err)
		case err != nil:
			return err
		case reflect.DeepEqual(before, v):
			return nil
		}
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("change %s: %w", t.what, err)
		}
		if !recorded {
			if err := r.record(ctx, e); err != nil {
				return err
			}
			recorded = true
		}
		_, err = t.kv.Update(ctx, key, text, revision)
		if err == nil {
			return nil
		}
		if !errors.Is(err, jetstream.ErrKeyExists) { // the code of a wrong revision
			return r.failed(ctx, e, fmt.Errorf("change %s: %w", t.what, err))
		}
	}
	return r.failed(ctx, e, refuse(Conflict, "try again", "%s %s is being changed by somebody else", t.what, e.Subject))
}

// pause lets the one who was faster finish, who often has more to change. There is none
// before the first look.
func pause(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	timer := time.NewTimer(time.Duration(n) * 5 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for another change: %w", ctx.Err())
	case <-timer.C:
		return nil
	}
}
