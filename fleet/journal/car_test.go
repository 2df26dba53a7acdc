package journal_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/link"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

var start = time.Date(2026, 10, 12, 14, 0, 0, 0, time.UTC)

// car writes a journal in memory as a terminal does.
type car struct {
	t       testing.TB
	file    string
	vehicle string
	now     time.Time
	end     outbox.Chain
	rows    []link.Row
	trips   []trip.State
}

func newCar(t testing.TB, vehicle, file string) *car {
	return &car{t: t, file: file, vehicle: vehicle, now: start}
}

func (c *car) row(stream int64, kind string, body any) {
	b, err := json.Marshal(body)
	require.NoError(c.t, err)
	c.now = c.now.Add(time.Second)
	e := outbox.Entry{Seq: c.end.Seq + 1, Stream: stream, At: c.now, Kind: kind, Body: b}
	c.end = c.end.Follow(e)
	c.rows = append(c.rows, link.RowOf(c.file, outbox.Link{Entry: e, Hash: c.end.Hash}))
}

// happens lets events happen to a trip, numbered from 1.
func (c *car) happens(number int, events ...trip.Event) {
	for _, e := range events {
		c.row(int64(number), string(e.Kind()), e)
		c.trips[number-1], _ = trip.Step(c.trips[number-1], c.now, e)
	}
}

func (c *car) begin() int {
	c.trips = append(c.trips, trip.State{})
	n := len(c.trips)
	c.happens(n, trip.Begun{ID: trip.ID{Vehicle: c.vehicle, File: c.file, Number: int64(n)}, Currency: money.NOK})
	return n
}

// paid is a trip that the passenger pays with the app, from beginning to end.
func (c *car) paid(total money.Minor) int {
	n := c.begin()
	c.happens(n,
		trip.FareShown{Fare: trip.Fare{Total: total, Fare: total}},
		trip.Created{N: 1, RedirectURL: "https://example.com/?token=made-up"},
		trip.Observed{N: 1, Payment: trip.Payment{State: "AUTHORIZED", Authorized: total}},
		trip.Observed{N: 1, Payment: trip.Payment{State: "AUTHORIZED", Authorized: total, Captured: total}, Ends: trip.OpCapture},
		trip.Vacated{})
	require.True(c.t, c.trips[n-1].Closed())
	return n
}

func (c *car) cash(total money.Minor) int {
	n := c.begin()
	c.happens(n, trip.FareShown{Fare: trip.Fare{Total: total, Fare: total}}, trip.SettledBy{Means: trip.Cash}, trip.CreateVoided{N: 1}, trip.Vacated{})
	require.True(c.t, c.trips[n-1].Closed())
	return n
}

func (c *car) refund(n int, amount money.Minor) {
	a := c.trips[n-1].Attempts[0]
	c.happens(n, trip.RefundAsked{Amount: amount},
		trip.Observed{N: 1, Payment: trip.Payment{State: "AUTHORIZED", Authorized: a.Authorized, Captured: a.Captured, Refunded: a.Refunded + amount}, Ends: trip.OpRefund})
}

func openStore(t testing.TB, path string, o outbox.Options) *outbox.Store {
	s, err := outbox.Open(context.Background(), path, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// write commits n more paid trips to a store.
func write(t testing.TB, s *outbox.Store, vehicle string, n int) {
	for range n {
		require.NoError(t, s.Commit(context.Background(), func(tx *outbox.Tx) error {
			stream, err := tx.Begin()
			if err != nil {
				return err
			}
			for _, e := range []trip.Event{
				trip.Begun{ID: trip.ID{Vehicle: vehicle, File: s.ID(), Number: stream}, Currency: money.NOK},
				trip.FareShown{Fare: trip.Fare{Total: 25000, Fare: 25000}},
				trip.Created{N: 1},
				trip.Observed{N: 1, Payment: trip.Payment{State: "AUTHORIZED", Authorized: 25000}},
				trip.Observed{N: 1, Payment: trip.Payment{State: "AUTHORIZED", Authorized: 25000, Captured: 25000}, Ends: trip.OpCapture},
				trip.Vacated{},
			} {
				body, err := json.Marshal(e)
				if err != nil {
					return err
				}
				if _, err := tx.Append(stream, string(e.Kind()), body); err != nil {
					return err
				}
			}
			return tx.SetOpen(stream, false)
		}))
	}
}

func tempFile(t testing.TB) string { return filepath.Join(t.TempDir(), "outbox.db") }
