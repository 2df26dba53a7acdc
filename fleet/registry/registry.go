package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// What callers tell apart most often.
var (
	ErrNotFound = &Refusal{Code: NotFound}
	ErrExists   = &Refusal{Code: Exists}
)

// Registry is safe for use by many, in many processes. Errors are a *Refusal, or say
// that the store is away.
type Registry struct {
	js  jetstream.JetStream
	now func() time.Time

	merchants table[Merchant]
	vehicles  table[Vehicle]
	codes     table[codeOf]
	terminals table[Terminal]
	tokens    table[Token]
	admins    table[Admin]
}

// codeOf is which car a page code is of.
type codeOf struct {
	Vehicle string `json:"vehicle"`
}

// Open opens the buckets, which the hub declared. Now is the server's clock.
func Open(ctx context.Context, js jetstream.JetStream, now func() time.Time) (*Registry, error) {
	r := &Registry{js: js, now: now}
	var errs [6]error
	r.merchants, errs[0] = openTable[Merchant](ctx, js, "merchants", "merchant")
	r.vehicles, errs[1] = openTable[Vehicle](ctx, js, "vehicles", "vehicle")
	r.codes, errs[2] = openTable[codeOf](ctx, js, "codes", "code")
	r.terminals, errs[3] = openTable[Terminal](ctx, js, "terminals", "terminal")
	r.tokens, errs[4] = openTable[Token](ctx, js, "tokens", "token")
	r.admins, errs[5] = openTable[Admin](ctx, js, "admins", "administrator")
	return r, errors.Join(errs[:]...)
}

// AddMerchant adds a sales unit; who is on the record.
func (r *Registry) AddMerchant(ctx context.Context, by string, m Merchant) error {
	if err := m.check(); err != nil {
		return err
	}
	m.Added = r.now().UTC()
	return r.merchants.add(ctx, r, Entry{By: by, What: MerchantAdded, Subject: m.Name, Detail: m.detail()}, m.Name, m)
}

// ChangeMerchant replaces all but the name.
func (r *Registry) ChangeMerchant(ctx context.Context, by string, m Merchant) error {
	if err := m.check(); err != nil {
		return err
	}
	e := Entry{By: by, What: MerchantChanged, Subject: m.Name, Detail: m.detail()}
	return r.merchants.change(ctx, r, e, m.Name, func(have *Merchant) error {
		m.Added = have.Added
		*have = m
		return nil
	})
}

func (m Merchant) detail() string {
	return fmt.Sprintf("msn %s, %s, %s, limit %s", m.MSN, m.Environment, m.Currency, m.AmountLimit.Decimal())
}

// Merchant returns one by name.
func (r *Registry) Merchant(ctx context.Context, name string) (Merchant, error) {
	if !validName(name) {
		return Merchant{}, refuse(NotFound, "look at the list", "no merchant %q", shorten(name))
	}
	m, _, err := r.merchants.get(ctx, name, name)
	return m, err
}

// Merchants returns all.
func (r *Registry) Merchants(ctx context.Context) ([]Merchant, error) { return r.merchants.list(ctx) }

// AddVehicle adds a car to a merchant, with a new page code.
func (r *Registry) AddVehicle(ctx context.Context, by, id, merchant string) (Vehicle, error) {
	if err := checkVehicle(id); err != nil {
		return Vehicle{}, err
	}
	if _, err := r.Merchant(ctx, merchant); err != nil {
		return Vehicle{}, err
	}
	if _, _, err := r.vehicles.get(ctx, vehicleKey(id), id); err == nil {
		return Vehicle{}, refuse(Exists, "choose another, or change that one", "there is a vehicle %s already", id)
	}
	v := Vehicle{ID: id, Merchant: merchant, Code: newCode(), Added: r.now().UTC()}
	// The code comes first: one that leads to a car that does not name it leads nowhere.
	if err := r.addCode(ctx, by, v.Code, id); err != nil {
		return Vehicle{}, err
	}
	err := r.vehicles.add(ctx, r, Entry{By: by, What: VehicleAdded, Subject: id, Detail: "merchant " + merchant}, vehicleKey(id), v)
	return v, err
}

// newCode is 128 random bits in base 32.
func newCode() string { return rand.Text() }

func (r *Registry) addCode(ctx context.Context, by, code, vehicle string) error {
	return r.codes.add(ctx, r, Entry{By: by, What: CodeAdded, Subject: vehicle}, code, codeOf{vehicle})
}

// NewCode gives a car a new page code. The former one leads nowhere from then on, and
// whatever it is printed on is waste.
func (r *Registry) NewCode(ctx context.Context, by, id string) (Vehicle, error) {
	code := newCode()
	have, err := r.Vehicle(ctx, id)
	if err == nil {
		err = r.addCode(ctx, by, code, have.ID)
	}
	if err != nil {
		return Vehicle{}, err
	}
	return r.changeVehicle(ctx, Entry{By: by, What: CodeChanged, Subject: have.ID}, func(v *Vehicle) error {
		v.Code = code
		return nil
	})
}

// MoveVehicle binds a car to another merchant.
func (r *Registry) MoveVehicle(ctx context.Context, by, id, merchant string) (Vehicle, error) {
	if _, err := r.Merchant(ctx, merchant); err != nil {
		return Vehicle{}, err
	}
	return r.changeVehicle(ctx, Entry{By: by, What: VehicleMoved, Subject: id, Detail: "merchant " + merchant}, func(v *Vehicle) error {
		v.Merchant = merchant
		return nil
	})
}

// SetQRID says which code at the payment API is the car's; empty for none.
func (r *Registry) SetQRID(ctx context.Context, by, id, qrid string) (Vehicle, error) {
	if qrid != "" && !validQRID(qrid) {
		return Vehicle{}, refuse(Malformed, "want up to 128 letters, digits, hyphens and underscores", "code id %q", shorten(qrid))
	}
	return r.changeVehicle(ctx, Entry{By: by, What: QRChanged, Subject: id, Detail: qrid}, func(v *Vehicle) error {
		v.QRID = qrid
		return nil
	})
}

func (r *Registry) changeVehicle(ctx context.Context, e Entry, f func(*Vehicle) error) (after Vehicle, err error) {
	if err := checkVehicle(e.Subject); err != nil {
		return Vehicle{}, err
	}
	err = r.vehicles.change(ctx, r, e, vehicleKey(e.Subject), func(v *Vehicle) error {
		err := f(v)
		after = *v
		return err
	})
	if err != nil {
		return Vehicle{}, err
	}
	return after, nil
}

// Vehicle returns a car by its id, in capitals or not.
func (r *Registry) Vehicle(ctx context.Context, id string) (Vehicle, error) {
	if err := checkVehicle(id); err != nil {
		return Vehicle{}, err
	}
	v, _, err := r.vehicles.get(ctx, vehicleKey(id), id)
	return v, err
}

// Vehicles returns all.
func (r *Registry) Vehicles(ctx context.Context) ([]Vehicle, error) { return r.vehicles.list(ctx) }

// ByCode returns the car of a page code. Whoever has none learns only NotFound.
func (r *Registry) ByCode(ctx context.Context, code string) (Vehicle, error) {
	none := refuse(NotFound, "scan the code in the car", "no vehicle with this code")
	if !validCode(code) {
		return Vehicle{}, none
	}
	of, _, err := r.codes.get(ctx, code, "")
	if err == nil {
		var v Vehicle
		if v, err = r.Vehicle(ctx, of.Vehicle); err == nil && v.Code == code {
			return v, nil
		}
	}
	if err == nil || errors.Is(err, ErrNotFound) {
		return Vehicle{}, none
	}
	return Vehicle{}, err
}

func validCode(code string) bool {
	for _, c := range code {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return len(code) == 26
}
