package journal_test

import (
	"encoding/hex"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// restored is the car after its file was put back as it is now, under another name.
func (c *car) restored(name string) *car {
	next := *c
	next.file, next.rows = name, nil
	next.row(0, outbox.KindRestored, outbox.Restored{File: c.file, Seq: c.end.Seq, Hash: hex.EncodeToString(c.end.Hash[:]), Name: name})
	next.trips = append([]trip.State{}, c.trips...)
	return &next
}

func TestAJournalThatGoesOnFromABackup(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	c := newCar(t, "T122", "K7Q2X")
	c.paid(25000)
	open := c.begin()
	next := c.restored("ZZZZ2")
	c.cash(7000) // after the backup, and lost with the disk
	next.happens(open, trip.FareShown{Fare: trip.Fare{Total: 12000, Fare: 12000}}, trip.SettledBy{Means: trip.Cash}, trip.CreateVoided{N: 1}, trip.Vacated{})
	next.refund(1, 5000)
	next.cash(9000)

	for name, order := range map[string][]link.Row{
		"in order":  next.rows,
		"out of it": append(append([]link.Row{}, next.rows[3:]...), next.rows[:3]...),
	} {
		j, alarms := fed(journal.Config{})
		feed(t, j, one, c.rows...)
		feed(t, j, one, order...)
		require.Empty(t, *alarms, name)
		trips := map[string]journal.Trip{}
		for _, x := range j.Trips(journal.Query{}) {
			require.Empty(t, x.Problem, name)
			trips[x.Reference] = x
		}
		require.Len(t, trips, 4, name)
		require.Equal(t, money.Minor(5000), trips["T122-K7Q2X-0001"].Refunded, "a trip of before goes on")
		require.Equal(t, money.Minor(12000), trips["T122-K7Q2X-0002"].ByHand)
		require.Equal(t, money.Minor(7000), trips["T122-K7Q2X-0003"].ByHand, "what the car has forgotten stays on record")
		require.Equal(t, money.Minor(9000), trips["T122-ZZZZ2-0003"].ByHand)
		for _, f := range j.Files() {
			if f.File == "ZZZZ2" {
				require.Equal(t, []any{"K7Q2X", int64(5), next.end.Seq}, []any{f.From, f.Lost, f.Seq}, name)
			}
		}
		_, found := j.Line("T122-K7Q2X-0001-1")
		require.True(t, found)
	}
}

func TestAJournalThatOnlySaysThatItGoesOnWaits(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	c := newCar(t, "T122", "K7Q2X")
	c.paid(25000)
	forged := *c
	forged.end.Hash[0]++
	j, _ := fed(journal.Config{})
	feed(t, j, one, c.rows...)
	feed(t, j, one, forged.restored("ZZZZ2").rows...)
	require.Zero(t, j.Known(one, "ZZZZ2").Seq, "not from what the gateway has")
	elsewhere := c.restored("ZZZZ3")
	elsewhere.rows[0].File = "ZZZZ4"
	feed(t, j, one, elsewhere.rows...)
	require.Zero(t, j.Known(one, "ZZZZ4").Seq, "said for another name")
}

func TestATerminalThatWasEnrolledAnewGoesOnWithItsFile(t *testing.T) {
	first, second, stranger := linktest.NewTerminal(t).ID, linktest.NewTerminal(t).ID, linktest.NewTerminal(t).ID
	c := newCar(t, "T122", "K7Q2X")
	c.paid(25000)
	n := c.begin()
	before := len(c.rows)
	c.happens(n, trip.FareShown{Fare: trip.Fare{Total: 12000, Fare: 12000}}, trip.SettledBy{Means: trip.Cash}, trip.CreateVoided{N: 1}, trip.Vacated{})
	c.refund(1, 5000)
	c.cash(700)
	away := errors.New("no quorum")
	var err error
	j, alarms := fed(journal.Config{Bound: func(terminal, vehicle string) (bool, error) { return terminal != stranger, err }})
	feed(t, j, first, c.rows[:before]...)
	require.Equal(t, int64(before), j.Known(second, "K7Q2X").Seq, "it need not send again what the former one has")
	require.Zero(t, j.Known(stranger, "K7Q2X").Seq)
	err = away
	require.ErrorIs(t, j.Feed(second, c.rows[before].Encode(), start), away)
	err = nil
	feed(t, j, second, c.rows[before:]...)
	require.Empty(t, *alarms)
	trips := j.Trips(journal.Query{})
	require.Len(t, trips, 3, "each once")
	for _, x := range trips {
		line, ok := j.Line(x.Reference)
		require.True(t, ok)
		require.Equal(t, x, line)
		require.False(t, x.Open)
	}
	require.Equal(t, c.end.Seq, j.Known(second, "K7Q2X").Seq)

	feed(t, j, stranger, c.rows[before:]...)
	require.Zero(t, j.Known(stranger, "K7Q2X").Seq, "another car's journal is nobody else's")
}

// The real file over a real link: backup, more trips, a lost disk, restore.
func TestARestoredFileIsCopiedOn(t *testing.T) {
	w := linktest.New(t, 1)
	j := office(t, w)
	one := w.Terminals[0]
	car, _ := w.Car(t, one)
	path, backup := tempFile(t), filepath.Join(t.TempDir(), "backup.db")
	s := openStore(t, path, outbox.Options{})
	old := s.ID()
	write(t, s, "T122", 3)
	u, stop := uplink(t, car, s, link.UplinkOptions{})
	linktest.Eventually(t, func() bool { return u.Status().Known == 18 })
	stop() // a tunnel: the next two are not copied, the backup has them
	write(t, s, "T122", 2)
	_, err := outbox.Backup(t.Context(), path, backup, false)
	require.NoError(t, err)
	write(t, s, "T122", 4)
	require.NoError(t, s.Close())
	r, err := outbox.Restore(t.Context(), backup, path)
	require.NoError(t, err)

	s = openStore(t, path, outbox.Options{})
	write(t, s, "T122", 2)
	u, stop = uplink(t, car, s, link.UplinkOptions{})
	linktest.Eventually(t, func() bool {
		return u.Status().Known == 43 && u.Status().Err == nil && j.Known(one.ID, r.Name).Seq == 43
	})
	require.Equal(t, int64(30), j.Known(one.ID, old).Seq, "what the backup has of the old name is copied under it")
	require.Len(t, j.Trips(journal.Query{}), 7)
	for _, x := range j.Trips(journal.Query{}) {
		require.Empty(t, x.Problem)
	}
	stop()

	// Pruned is what the gateway has verified, and the copy goes on.
	u, stop = uplink(t, car, s, link.UplinkOptions{})
	linktest.Eventually(t, func() bool { return u.Status().Verified == 43 })
	gone, err := s.Prune(t.Context(), u.Status().Verified-1, 100)
	require.NoError(t, err)
	require.Len(t, gone, 6)
	stop()
	write(t, s, "T122", 1)
	u, stop = uplink(t, car, s, link.UplinkOptions{})
	linktest.Eventually(t, func() bool { return u.Status().Known == 49 && u.Status().Err == nil })
	stop()
}

func TestAGatewayThatLacksWhatWasPrunedIsNamed(t *testing.T) {
	w := linktest.New(t, 1)
	office(t, w)
	car, _ := w.Car(t, w.Terminals[0])
	s := openStore(t, tempFile(t), outbox.Options{})
	write(t, s, "T122", 3)
	gone, err := s.Prune(t.Context(), 12, 100)
	require.NoError(t, err)
	require.Len(t, gone, 2)
	u, _ := uplink(t, car, s, link.UplinkOptions{})
	linktest.Eventually(t, func() bool { return u.Status().Broken })
	require.ErrorContains(t, u.Status().Err, "too old to be in this car")
	require.Zero(t, u.Status().Verified)
}

// A later part that is whole at the gateway says nothing of an earlier one: what the
// gateway lacks of that is not pruned.
func TestWhatAnEarlierPartLacksIsNotVerified(t *testing.T) {
	w := linktest.New(t, 1)
	office(t, w)
	car, _ := w.Car(t, w.Terminals[0])
	path, backup := tempFile(t), filepath.Join(t.TempDir(), "backup.db")
	s := openStore(t, path, outbox.Options{})
	write(t, s, "T122", 3)
	gone, err := s.Prune(t.Context(), 12, 1)
	require.NoError(t, err)
	require.Len(t, gone, 1)
	_, err = outbox.Backup(t.Context(), path, backup, false)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = outbox.Restore(t.Context(), backup, path)
	require.NoError(t, err)
	s = openStore(t, path, outbox.Options{})
	write(t, s, "T122", 1)
	for range 2 {
		u, stop := uplink(t, car, s, link.UplinkOptions{})
		linktest.Eventually(t, func() bool { return u.Status().Known == s.End().Seq })
		require.Zero(t, u.Status().Verified)
		stop()
	}
}
