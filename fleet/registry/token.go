package registry

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Life of an enrolment token.
const (
	MinTTL = time.Minute
	MaxTTL = 30 * 24 * time.Hour
)

// enrolment is who makes the changes that a token brings about.
const enrolment = "enrolment"

// AddToken lets whoever has the token with this hash (SHA-256 in hex) become the
// terminal of a car. A car that has a terminal needs replace: that one is out as soon
// as the new one is in. Earlier tokens of the car that nobody used are cancelled.
func (r *Registry) AddToken(ctx context.Context, by, vehicle, hash string, ttl time.Duration, replace bool) error {
	if !validHash(hash) {
		return refuse(Malformed, "want SHA-256 in hex", "hash of a token")
	}
	if ttl < MinTTL || ttl > MaxTTL {
		return refuse(Malformed, fmt.Sprintf("want %s to %s", MinTTL, MaxTTL), "token for %s", ttl)
	}
	v, err := r.Vehicle(ctx, vehicle)
	if err != nil {
		return err
	}
	if err := r.free(ctx, v, ""); err != nil && !replace {
		return err
	}
	if err := r.CancelTokens(ctx, by, v.ID); err != nil {
		return err
	}
	t := Token{Hash: hash, Vehicle: v.ID, By: by, Expires: r.now().UTC().Add(ttl)}
	e := Entry{By: by, What: TokenMade, Subject: v.ID, Detail: "until " + t.Expires.Format(time.RFC3339)}
	if replace {
		t.Replaces = v.Terminal
		e.Detail += ", replaces " + v.Terminal
	}
	return r.tokens.add(ctx, r, e, hash, t)
}

// CancelTokens makes worthless the tokens of a car that nobody used.
func (r *Registry) CancelTokens(ctx context.Context, by, vehicle string) error {
	tokens, err := r.tokens.list(ctx)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if vehicleKey(t.Vehicle) != vehicleKey(vehicle) || t.Terminal != "" || !r.now().Before(t.Expires) {
			continue
		}
		e := Entry{By: by, What: TokenCancelled, Subject: t.Vehicle}
		err := r.tokens.change(ctx, r, e, t.Hash, func(t *Token) error {
			if t.Terminal == "" {
				t.Expires = r.now().UTC()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Tokens returns those of the last 90 days.
func (r *Registry) Tokens(ctx context.Context) ([]Token, error) { return r.tokens.list(ctx) }

// free tells whether a car can take a terminal: it has none, that one already, the one
// that is to be replaced, or one that is revoked.
func (r *Registry) free(ctx context.Context, v Vehicle, replaces string, terminal ...string) error {
	if v.Terminal == "" || v.Terminal == replaces || len(terminal) > 0 && v.Terminal == terminal[0] {
		return nil
	}
	switch t, _, err := r.terminals.get(ctx, v.Terminal, v.Terminal); {
	case err != nil && !errors.Is(err, ErrNotFound):
		return err
	case err == nil && !t.Revoked.IsZero():
		return nil
	}
	return refuse(Occupied, "revoke that one, or make a token that replaces it", "vehicle %s has a terminal", v.ID)
}

// Enrol makes the terminal with this public key the one of the car that the token was
// made for, and returns the car's id. Whoever calls has seen proof that the terminal
// holds the key. The same terminal may come again with the same token, for when the
// answer was lost; each step can be done twice, so that a gateway that dies halfway
// leaves nothing that the next try does not complete.
func (r *Registry) Enrol(ctx context.Context, hash, terminal, name string) (vehicle string, err error) {
	if err := checkTerminal(terminal); err != nil {
		return "", err
	}
	if len(name) > 64 {
		return "", refuse(Malformed, "want at most 64 bytes", "name of a terminal with %d bytes", len(name))
	}
	token, err := r.mayEnrol(ctx, hash, terminal)
	if err != nil {
		return "", err
	}
	steps := []func(context.Context, Token, string) error{r.useToken, r.takeVehicle, r.addTerminal(name), r.revokeReplaced}
	for _, step := range steps {
		if err := step(ctx, token, terminal); err != nil {
			return "", err
		}
	}
	return token.Vehicle, nil
}

// mayEnrol looks at everything before anything is changed, so that a token is not used
// up for nothing.
func (r *Registry) mayEnrol(ctx context.Context, hash, terminal string) (Token, error) {
	unknown := refuse(Unknown, "check it, or ask the operator for a new one", "enrolment token is not known here")
	if !validHash(hash) {
		return Token{}, unknown
	}
	token, _, err := r.tokens.get(ctx, hash, "")
	if errors.Is(err, ErrNotFound) {
		return Token{}, unknown
	}
	if err == nil {
		err = r.usable(token, terminal)
	}
	if err == nil {
		err = r.mayBelong(ctx, terminal, token.Vehicle)
	}
	if err != nil {
		return Token{}, err
	}
	v, err := r.Vehicle(ctx, token.Vehicle)
	if err == nil {
		err = r.free(ctx, v, token.Replaces, terminal)
	}
	return token, err
}

func (r *Registry) usable(t Token, terminal string) error {
	switch {
	case t.Terminal == terminal:
		return nil
	case t.Terminal != "":
		return refuse(Used, "ask the operator for a new one", "enrolment token was used already")
	case !r.now().Before(t.Expires):
		return refuse(Expired, "ask the operator for a new one", "enrolment token expired")
	}
	return nil
}

// mayBelong tells whether a terminal that is known already may come (again) to a car.
func (r *Registry) mayBelong(ctx context.Context, terminal, vehicle string) error {
	t, _, err := r.terminals.get(ctx, terminal, terminal)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case !t.Revoked.IsZero():
		return refuse(Revoked, "let the computer make a new key", "the key of this terminal was revoked")
	case t.Vehicle != vehicle:
		return refuse(OtherCar, "revoke it there, and let the computer make a new key", "this terminal belongs to vehicle %s", t.Vehicle)
	}
	return nil
}

func (r *Registry) useToken(ctx context.Context, token Token, terminal string) error {
	e := Entry{By: enrolment, What: TokenUsed, Subject: token.Vehicle, Detail: terminal}
	return r.tokens.change(ctx, r, e, token.Hash, func(t *Token) error {
		if err := r.usable(*t, terminal); err != nil || t.Terminal == terminal {
			return err
		}
		t.Terminal, t.Used = terminal, r.now().UTC()
		return nil
	})
}

func (r *Registry) takeVehicle(ctx context.Context, token Token, terminal string) error {
	e := Entry{By: enrolment, What: VehicleTaken, Subject: token.Vehicle, Detail: terminal}
	_, err := r.changeVehicle(ctx, e, func(v *Vehicle) error {
		if err := r.free(ctx, *v, token.Replaces, terminal); err != nil {
			return err
		}
		v.Terminal = terminal
		return nil
	})
	return err
}

func (r *Registry) addTerminal(name string) func(context.Context, Token, string) error {
	return func(ctx context.Context, token Token, terminal string) error {
		t := Terminal{ID: terminal, Vehicle: token.Vehicle, Name: name, Enrolled: r.now().UTC()}
		e := Entry{By: enrolment, What: TerminalAdded, Subject: terminal, Detail: "vehicle " + token.Vehicle}
		if err := r.terminals.add(ctx, r, e, terminal, t); !errors.Is(err, ErrExists) {
			return err
		}
		return nil
	}
}

func (r *Registry) revokeReplaced(ctx context.Context, token Token, terminal string) error {
	if token.Replaces == "" || token.Replaces == terminal {
		return nil
	}
	err := r.Revoke(ctx, enrolment, token.Replaces, "replaced by "+terminal)
	if errors.Is(err, ErrNotFound) {
		return nil // it never finished its own enrolment
	}
	return err
}
