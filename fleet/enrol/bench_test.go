package enrol_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/enrol"
	"taxiterminal/fleet/hub"
	"taxiterminal/fleet/hub/hubtest"
	"taxiterminal/fleet/registry"
	"taxiterminal/money"
)

// BenchmarkLetIn is one terminal that connects: a fleet that comes back after the
// gateway was away is as many of them at once.
func BenchmarkLetIn(b *testing.B) {
	h := hubtest.Start(b)
	r, err := registry.Open(b.Context(), h.JetStream(), time.Now)
	require.NoError(b, err)
	require.NoError(b, r.AddMerchant(b.Context(), "kari", registry.Merchant{
		Name: "north", MSN: "123456", Currency: money.NOK, Environment: registry.Test, AmountLimit: 1,
	}))
	_, err = r.AddVehicle(b.Context(), "kari", "A", "north")
	require.NoError(b, err)
	service, err := enrol.Start(b.Context(), enrol.Config{
		Registry: r, Conn: h.Conn(), System: h.System(), Issuer: h.Issuer(), Account: hub.CarsAccount,
		Address: "https://fleet.example.com", URLs: []string{h.URL()}, Log: hubtest.Quiet,
	})
	require.NoError(b, err)
	defer service.Stop()
	const hash = "0000000000000000000000000000000000000000000000000000000000000000"
	require.NoError(b, r.AddToken(b.Context(), "kari", "A", hash, time.Hour, false))
	key, terminal := newKey(b)
	_, err = r.Enrol(b.Context(), hash, terminal, "")
	require.NoError(b, err)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			conn, err := nats.Connect(h.URL(), nats.Nkey(terminal, key.Sign), nats.Timeout(10*time.Second))
			if err != nil {
				b.Error(err)
				return
			}
			conn.Close()
		}
	})
}
