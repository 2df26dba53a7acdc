package registry

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Revoke puts a terminal out for ever. Doing it twice is no error.
func (r *Registry) Revoke(ctx context.Context, by, terminal, reason string) error {
	t, err := r.Terminal(ctx, terminal)
	if err != nil {
		return err
	}
	e := Entry{By: by, What: TerminalRevoked, Subject: terminal, Detail: shorten(reason)}
	err = r.terminals.change(ctx, r, e, terminal, func(t *Terminal) error {
		if t.Revoked.IsZero() {
			t.Revoked, t.RevokedBy, t.Reason = r.now().UTC(), by, shorten(reason)
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = r.changeVehicle(ctx, Entry{By: by, What: VehicleFreed, Subject: t.Vehicle}, func(v *Vehicle) error {
		if v.Terminal == terminal {
			v.Terminal = ""
		}
		return nil
	})
	return err
}

// Active returns the car of a terminal that is to be let in, or why it is not.
func (r *Registry) Active(ctx context.Context, terminal string) (vehicle string, err error) {
	t, err := r.Terminal(ctx, terminal)
	if err != nil {
		return "", err
	}
	if !t.Revoked.IsZero() {
		return "", refuse(Revoked, "enrol the computer again, with a new key", "terminal was revoked")
	}
	v, err := r.Vehicle(ctx, t.Vehicle)
	if err == nil && v.Terminal != terminal {
		err = refuse(NotInCar, "enrol the computer again, with a new key", "vehicle %s has another terminal", v.ID)
	}
	if err != nil {
		return "", err
	}
	return v.ID, nil
}

// Terminal returns one by its public key.
func (r *Registry) Terminal(ctx context.Context, id string) (Terminal, error) {
	if err := checkTerminal(id); err != nil {
		return Terminal{}, err
	}
	t, _, err := r.terminals.get(ctx, id, id)
	return t, err
}

// Terminals returns all, revoked ones too.
func (r *Registry) Terminals(ctx context.Context) ([]Terminal, error) { return r.terminals.list(ctx) }

// Changes sends whenever a terminal or its car changed, until ctx ends, then closes.
// Whoever is slow misses some, never the last one: what arrives means "look again".
func (r *Registry) Changes(ctx context.Context) (<-chan struct{}, error) {
	out := make(chan struct{}, 1)
	watches := make([]jetstream.KeyWatcher, 0, 2)
	for _, kv := range []jetstream.KeyValue{r.terminals.kv, r.vehicles.kv} {
		w, err := kv.WatchAll(ctx, jetstream.UpdatesOnly(), jetstream.MetaOnly())
		if err != nil {
			return nil, fmt.Errorf("watch terminals: %w", err)
		}
		watches = append(watches, w)
	}
	go func() {
		defer close(out)
		for {
			var ok bool
			select {
			case <-ctx.Done():
				return
			case _, ok = <-watches[0].Updates():
			case _, ok = <-watches[1].Updates():
			}
			if !ok {
				return
			}
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out, nil
}
