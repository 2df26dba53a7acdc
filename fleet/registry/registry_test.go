package registry_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/hub/hubtest"
	"taxiterminal/fleet/registry"
	"taxiterminal/money"
)

// clock is the server's, moved by hand.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0) }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d / time.Second)) }

var north = registry.Merchant{
	Name: "north", MSN: "123456", Currency: money.NOK, Environment: registry.Test, AmountLimit: 1_000_000,
}

// open makes a registry with a merchant and the car T122.
func open(t *testing.T) (*registry.Registry, *clock) {
	t.Helper()
	h := hubtest.Start(t)
	c := &clock{}
	c.at.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).Unix())
	r, err := registry.Open(t.Context(), h.JetStream(), c.now)
	require.NoError(t, err)
	require.NoError(t, r.AddMerchant(t.Context(), "kari", north))
	_, err = r.AddVehicle(t.Context(), "kari", "T122", "north")
	require.NoError(t, err)
	return r, c
}

func terminal(t *testing.T) string {
	t.Helper()
	pair, err := nkeys.CreateUser()
	require.NoError(t, err)
	public, err := pair.PublicKey()
	require.NoError(t, err)
	return public
}

func hash(n byte) string { return strings.Repeat(hex.EncodeToString([]byte{n}), 32) }

// refused asserts a code, and that there is a hint.
func refused(t *testing.T, err error, code registry.Code) {
	t.Helper()
	var no *registry.Refusal
	require.ErrorAs(t, err, &no)
	require.Equal(t, code, no.Code, err)
	require.NotEmpty(t, no.Hint)
}

func TestMerchantsAndVehicles(t *testing.T) {
	r, _ := open(t)
	ctx := t.Context()
	refused(t, r.AddMerchant(ctx, "kari", north), registry.Exists)
	changed := north
	changed.AmountLimit = 500_000
	require.NoError(t, r.ChangeMerchant(ctx, "kari", changed))
	m, err := r.Merchant(ctx, "north")
	require.NoError(t, err)
	require.EqualValues(t, 500_000, m.AmountLimit)
	require.False(t, m.Added.IsZero())
	changed.Name = "south"
	refused(t, r.ChangeMerchant(ctx, "kari", changed), registry.NotFound)

	_, err = r.AddVehicle(ctx, "kari", "T123", "west")
	refused(t, err, registry.NotFound)
	_, err = r.AddVehicle(ctx, "kari", "t122", "north")
	refused(t, err, registry.Exists)
	_, err = r.AddVehicle(ctx, "kari", "1", "north")
	refused(t, err, registry.Malformed)
	v, err := r.Vehicle(ctx, "t122")
	require.NoError(t, err)
	require.Equal(t, "T122", v.ID)

	byCode, err := r.ByCode(ctx, v.Code)
	require.NoError(t, err)
	require.Equal(t, v, byCode)
	after, err := r.NewCode(ctx, "kari", "t122")
	require.NoError(t, err)
	require.NotEqual(t, v.Code, after.Code)
	for _, code := range []string{v.Code, "", "*", ">", strings.Repeat("A", 26), after.Code + "A"} {
		_, err = r.ByCode(ctx, code)
		refused(t, err, registry.NotFound)
	}
	_, err = r.SetQRID(ctx, "kari", "T122", "taxi-T122-7GK2QX")
	require.NoError(t, err)
	require.NoError(t, r.AddMerchant(ctx, "kari", changed))
	_, err = r.MoveVehicle(ctx, "kari", "T122", "south")
	require.NoError(t, err)
	v, err = r.Vehicle(ctx, "T122")
	require.NoError(t, err)
	require.Equal(t, "south", v.Merchant)
	require.Equal(t, "taxi-T122-7GK2QX", v.QRID)
	require.Equal(t, after.Code, v.Code)
}

func TestMerchantsThatCannotBe(t *testing.T) {
	r, _ := open(t)
	for _, change := range []func(*registry.Merchant){
		func(m *registry.Merchant) { m.Name = "North!" },
		func(m *registry.Merchant) { m.MSN = "12" },
		func(m *registry.Merchant) { m.Currency = "XXX" },
		func(m *registry.Merchant) { m.Environment = "live" },
		func(m *registry.Merchant) { m.Environment = registry.Simulator },
		func(m *registry.Merchant) { m.URL = "http://127.0.0.1" },
		func(m *registry.Merchant) { m.AmountLimit = 0 },
	} {
		m := north
		m.Name = "other"
		change(&m)
		refused(t, r.AddMerchant(t.Context(), "kari", m), registry.Malformed)
	}
	all, err := r.Merchants(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func TestATokenIsGoodOnce(t *testing.T) {
	r, c := open(t)
	ctx := t.Context()
	first, second := terminal(t), terminal(t)
	require.NoError(t, r.AddToken(ctx, "kari", "T122", hash(1), time.Hour, false))

	_, err := r.Enrol(ctx, hash(9), first, "")
	refused(t, err, registry.Unknown)
	car, err := r.Enrol(ctx, hash(1), first, "box 1")
	require.NoError(t, err)
	require.Equal(t, "T122", car)
	car, err = r.Active(ctx, first)
	require.NoError(t, err)
	require.Equal(t, "T122", car)
	_, err = r.Enrol(ctx, hash(1), second, "")
	refused(t, err, registry.Used)
	_, err = r.Active(ctx, second)
	refused(t, err, registry.NotFound)

	// The answer was lost, and it was a long time ago.
	c.forward(2 * time.Hour)
	_, err = r.Enrol(ctx, hash(1), first, "box 1")
	require.NoError(t, err)

	refused(t, r.AddToken(ctx, "kari", "T122", hash(2), time.Hour, false), registry.Occupied)
}

func TestATokenExpires(t *testing.T) {
	r, c := open(t)
	ctx := t.Context()
	require.NoError(t, r.AddToken(ctx, "kari", "T122", hash(1), time.Hour, false))
	c.forward(time.Hour)
	_, err := r.Enrol(ctx, hash(1), terminal(t), "")
	refused(t, err, registry.Expired)
	refused(t, r.AddToken(ctx, "kari", "T122", hash(2), time.Second, false), registry.Malformed)
	refused(t, r.AddToken(ctx, "kari", "T122", hash(2), 1000*time.Hour, false), registry.Malformed)

	require.NoError(t, r.AddToken(ctx, "kari", "T122", hash(2), time.Hour, false))
	require.NoError(t, r.AddToken(ctx, "kari", "T122", hash(3), time.Hour, false))
	_, err = r.Enrol(ctx, hash(2), terminal(t), "")
	refused(t, err, registry.Expired)
	_, err = r.Enrol(ctx, hash(3), terminal(t), "")
	require.NoError(t, err)
}

func TestReplaceAndRevoke(t *testing.T) {
	r, _ := open(t)
	ctx := t.Context()
	first, second := terminal(t), terminal(t)
	require.NoError(t, r.AddToken(ctx, "kari", "T122", hash(1), time.Hour, false))
	_, err := r.Enrol(ctx, hash(1), first, "")
	require.NoError(t, err)

	require.NoError(t, r.AddToken(ctx, "kari", "T122", hash(2), time.Hour, true))
	_, err = r.Active(ctx, first)
	require.NoError(t, err, "works until the new one is in")
	_, err = r.Enrol(ctx, hash(2), second, "")
	require.NoError(t, err)
	_, err = r.Active(ctx, second)
	require.NoError(t, err)
	_, err = r.Active(ctx, first)
	refused(t, err, registry.Revoked)
	_, err = r.Enrol(ctx, hash(1), first, "")
	refused(t, err, registry.Revoked)

	require.NoError(t, r.Revoke(ctx, "kari", second, "stolen"))
	require.NoError(t, r.Revoke(ctx, "ola", second, "again"))
	_, err = r.Active(ctx, second)
	refused(t, err, registry.Revoked)
	got, err := r.Terminal(ctx, second)
	require.NoError(t, err)
	require.Equal(t, "kari", got.RevokedBy)
	require.Equal(t, "stolen", got.Reason)
	refused(t, r.Revoke(ctx, "kari", terminal(t), ""), registry.NotFound)

	// The car is free, but the keys are burnt, for other cars too.
	require.NoError(t, r.AddToken(ctx, "kari", "T122", hash(3), time.Hour, false))
	_, err = r.Enrol(ctx, hash(3), second, "")
	refused(t, err, registry.Revoked)
	third := terminal(t)
	_, err = r.Enrol(ctx, hash(3), third, "")
	require.NoError(t, err)
	_, err = r.AddVehicle(ctx, "kari", "T123", "north")
	require.NoError(t, err)
	require.NoError(t, r.AddToken(ctx, "kari", "T123", hash(4), time.Hour, false))
	_, err = r.Enrol(ctx, hash(4), third, "")
	refused(t, err, registry.OtherCar)
	_, err = r.Enrol(ctx, hash(4), terminal(t), "")
	require.NoError(t, err, "the refusal did not use the token up")
}

// Many computers bring the same token, and different tokens for the same car, all at
// once: one of them is the terminal, and it is the one that is told so.
func TestOneOfManyIsLetIn(t *testing.T) {
	r, _ := open(t)
	ctx := t.Context()
	for round := range byte(3) {
		vehicle := fmt.Sprintf("R%d", round)
		_, err := r.AddVehicle(ctx, "kari", vehicle, "north")
		require.NoError(t, err)
		require.NoError(t, r.AddToken(ctx, "kari", vehicle, hash(100+round), time.Hour, false))
		var in atomic.Int32
		var winner atomic.Value
		var wg sync.WaitGroup
		for range 8 {
			id := terminal(t)
			wg.Go(func() {
				if _, err := r.Enrol(ctx, hash(100+round), id, ""); err == nil {
					in.Add(1)
					winner.Store(id)
				} else if !errors.As(err, new(*registry.Refusal)) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, in.Load())
		v, err := r.Vehicle(ctx, vehicle)
		require.NoError(t, err)
		require.Equal(t, winner.Load(), v.Terminal)
		_, err = r.Active(ctx, v.Terminal)
		require.NoError(t, err)
	}
}

func TestChangesAtTheSameTimeAreAllMade(t *testing.T) {
	r, _ := open(t)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			if _, err := r.SetQRID(t.Context(), "kari", "T122", fmt.Sprintf("code-%d", i)); err != nil {
				t.Error(err)
			}
			if _, err := r.NewCode(t.Context(), "kari", "T122"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	v, err := r.Vehicle(t.Context(), "T122")
	require.NoError(t, err)
	require.Contains(t, v.QRID, "code-")
	same, err := r.ByCode(t.Context(), v.Code)
	require.NoError(t, err)
	require.Equal(t, v, same)
}

func TestEverythingIsOnTheRecord(t *testing.T) {
	r, c := open(t)
	ctx := t.Context()
	token, err := r.AddAdmin(ctx, "root", "ola", registry.Operate)
	require.NoError(t, err)
	c.forward(time.Minute)
	require.NoError(t, r.AddToken(ctx, "ola", "T122", hash(1), time.Hour, false))
	id := terminal(t)
	_, err = r.Enrol(ctx, hash(1), id, "")
	require.NoError(t, err)
	require.NoError(t, r.Revoke(ctx, "ola", id, "stolen"))
	refused(t, r.Revoke(ctx, "ola", terminal(t), ""), registry.NotFound)

	entries, err := r.Audit(ctx, 100)
	require.NoError(t, err)
	var lines []string
	for _, e := range entries {
		lines = append(lines, e.By+" "+string(e.What)+" "+e.Subject)
		require.Empty(t, e.Failed)
		require.NotContains(t, fmt.Sprint(e), token)
		require.NotContains(t, fmt.Sprint(e), hash(1))
	}
	require.Equal(t, []string{
		"ola vehicle_freed T122",
		"ola terminal_revoked " + id,
		"enrolment terminal_added " + id,
		"enrolment vehicle_taken T122",
		"enrolment token_used T122",
		"ola token_made T122",
		"root admin_added ola",
		"kari vehicle_added T122",
		"kari code_added T122",
		"kari merchant_added north",
	}, lines)
	require.Equal(t, time.Minute, entries[0].At.Sub(entries[6].At))
	few, err := r.Audit(ctx, 2)
	require.NoError(t, err)
	require.Equal(t, entries[:2], few)
}

func TestAdministrators(t *testing.T) {
	r, _ := open(t)
	ctx := t.Context()
	token, err := r.AddAdmin(ctx, "root", "ola", registry.Read)
	require.NoError(t, err)
	_, err = r.AddAdmin(ctx, "root", "ola", registry.Operate)
	refused(t, err, registry.Exists)
	_, err = r.AddAdmin(ctx, "root", "per", "owner")
	refused(t, err, registry.Malformed)
	a, err := r.Admin(ctx, token)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%+v", a), token)
	require.NoError(t, a.May(registry.Read))
	refused(t, a.May(registry.Operate), registry.Forbidden)
	for _, wrong := range []string{"", token + "x", a.Hash, "*"} {
		_, err = r.Admin(ctx, wrong)
		refused(t, err, registry.Revoked)
	}
	require.NoError(t, r.RemoveAdmin(ctx, "root", "ola"))
	_, err = r.Admin(ctx, token)
	refused(t, err, registry.Revoked)
	refused(t, r.RemoveAdmin(ctx, "root", "ola"), registry.NotFound)
	_, err = r.AddAdmin(ctx, "root", "ola", registry.Operate)
	require.NoError(t, err)
}
