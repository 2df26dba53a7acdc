package journal_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
	"taxiterminal/money"
	"taxiterminal/trip"
)

// fed are journals by hand, with a record of their alarms.
func fed(cfg journal.Config) (*journal.Fed, *[]journal.Alarm) {
	var alarms []journal.Alarm
	cfg.Alarm = func(a journal.Alarm) { alarms = append(alarms, a) }
	return journal.NewFed(cfg), &alarms
}

func feed(t require.TestingT, j *journal.Fed, terminal string, rows ...link.Row) {
	for _, r := range rows {
		require.NoError(t, j.Feed(terminal, r.Encode(), start.Add(time.Minute)))
	}
}

func TestTheOfficeSeesWhatTheCarSaw(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	c := newCar(t, "T122", "K7Q2X")
	c.paid(25000)
	c.cash(10000)
	n := c.begin()
	c.happens(n, trip.FareShown{Fare: trip.Fare{Total: 12000, Fare: 12000}})
	c.row(0, "shift_ended", struct{}{})
	c.row(int64(n), "outbox.parked", struct{}{})
	j, alarms := fed(journal.Config{})
	feed(t, j, one, c.rows...)
	require.Empty(t, *alarms)

	trips := j.Trips(journal.Query{})
	require.Len(t, trips, 3)
	require.Equal(t, "T122-K7Q2X-0003", trips[0].Reference, "newest first")
	require.True(t, trips[0].Open)
	require.Equal(t, money.Minor(12000), trips[0].Due)
	require.Equal(t, money.Minor(10000), trips[1].ByHand)
	require.Equal(t, trip.Paid, trips[2].Settlement)
	require.Equal(t, money.Minor(25000), trips[2].App)
	require.False(t, trips[2].Open)
	require.Len(t, j.Trips(journal.Query{Open: true}), 1)
	require.Len(t, j.Trips(journal.Query{Limit: 2}), 2)
	require.Empty(t, j.Trips(journal.Query{Vehicle: "T123"}))
	require.Empty(t, j.Trips(journal.Query{From: start.AddDate(0, 0, 1)}))
	require.Empty(t, j.Trips(journal.Query{To: start}))

	c.refund(1, 5000)
	feed(t, j, one, c.rows[len(c.rows)-2:]...)
	require.Equal(t, money.Minor(5000), j.Trips(journal.Query{})[2].Refunded, "a closed trip is read again")

	totals := journal.Totals(j.Trips(journal.Query{}), time.UTC)
	require.Equal(t, []journal.Total{{Day: "2026-10-12", Vehicle: "T122", Currency: money.NOK, Trips: 3, Total: 47000,
		App: 25000, Refunded: 5000, Cash: 10000, Due: 12000, Open: 1}}, totals)
	require.Equal(t, link.Known{Seq: c.end.Seq, Hash: c.end.Hash[:]}, j.Known(one, "K7Q2X"))
}

func TestOneCarsJournalDoesNotTouchAnothers(t *testing.T) {
	thief, honest := linktest.NewTerminal(t).ID, linktest.NewTerminal(t).ID
	c := newCar(t, "T122", "K7Q2X")
	c.paid(25000)
	forged := newCar(t, "T122", "K7Q2X")
	forged.cash(1)
	strange := newCar(t, "T122", "AAAAA")
	strange.row(1, "begun", trip.Begun{ID: trip.ID{Vehicle: "T122", File: "K7Q2X", Number: 1}, Currency: money.NOK})
	j, _ := fed(journal.Config{Bound: func(terminal, vehicle string) (bool, error) { return terminal == honest, nil }})
	feed(t, j, thief, forged.rows...)
	feed(t, j, thief, strange.rows...)
	feed(t, j, honest, c.rows...)
	problems := map[string]string{}
	for _, tr := range j.Trips(journal.Query{}) {
		problems[tr.Terminal+" "+tr.Reference] = tr.Problem
	}
	require.Equal(t, map[string]string{
		honest + " T122-K7Q2X-0001": "",
		thief + " T122-K7Q2X-0001":  "is of a vehicle that this terminal is not in",
		thief + " ?-AAAAA-0001":     "is not named after its journal",
	}, problems)
	for _, s := range journal.Totals(j.Trips(journal.Query{Vehicle: "T122"}), time.UTC) {
		require.Equal(t, money.Minor(25000), s.Total)
		require.Equal(t, 1, s.Problems)
	}
}

func TestARowThatDoesNotFollowBreaksTheJournal(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	for name, spoil := range map[string]func(r *link.Row){
		"amount": func(r *link.Row) { r.Body = bytes.Replace(r.Body, []byte("25000"), []byte("15000"), 1) },
		"kind":   func(r *link.Row) { r.Kind = "resumed" },
		"time":   func(r *link.Row) { r.AtUS++ },
		"stream": func(r *link.Row) { r.Stream++ },
		"hash":   func(r *link.Row) { r.Hash = append([]byte{r.Hash[0] + 1}, r.Hash[1:]...) },
		"short":  func(r *link.Row) { r.Hash = r.Hash[:8] },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCar(t, "T122", "K7Q2X")
			c.paid(25000)
			rows := slices.Clone(c.rows)
			spoil(&rows[1])
			j, alarms := fed(journal.Config{})
			feed(t, j, one, rows...)
			require.Equal(t, []journal.Alarm{{Kind: journal.Broken, Terminal: one, File: "K7Q2X", Seq: 2}}, *alarms)
			known := j.Known(one, "K7Q2X")
			require.True(t, known.Broken)
			require.EqualValues(t, 1, known.Seq)
			require.Equal(t, trip.Hired, j.Trips(journal.Query{})[0].Phase, "what came before stands")
			require.EqualValues(t, 4, j.Files()[0].Beyond)
		})
	}
}

func TestWhatIsNotARowIsCounted(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	j, alarms := fed(journal.Config{})
	for _, data := range []string{"", "{}", `{"v":1,"file":"k7q2x","seq":1}`, `{"v":1,"file":"K7Q2X","seq":0}`, `{"v":1,"file":"../..","seq":1}`} {
		require.NoError(t, j.Feed(one, []byte(data), start))
	}
	require.Len(t, *alarms, 5)
	require.Empty(t, j.Files())

	c := newCar(t, "T122", "K7Q2X")
	c.begin()
	c.row(1, "teleported", struct{}{})
	c.happens(1, trip.Vacated{})
	c.cash(1000)
	feed(t, j, one, c.rows...)
	require.Equal(t, journal.Unreadable, (*alarms)[5].Kind)
	trips := j.Trips(journal.Query{})
	require.NotEmpty(t, trips[1].Problem)
	require.Empty(t, trips[0].Problem, "the others go on")
	require.Equal(t, c.end.Seq, j.Files()[0].Seq)
}

func TestNothingGrowsWithoutBound(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	j, alarms := fed(journal.Config{})
	for i := range 100 {
		feed(t, j, one, link.Row{File: "AAA" + string(rune('A'+i/20)) + string("0123456789ABCDEFGHJK"[i%20]), Seq: 5, Hash: make([]byte, 32)})
	}
	require.Len(t, j.Files(), 32)
	require.Equal(t, journal.TooMany, (*alarms)[0].Kind)

	c := newCar(t, "T122", "K7Q2X")
	for range 100 {
		c.cash(100)
	}
	k, alarms := fed(journal.Config{})
	feed(t, k, one, c.rows[1:]...)
	require.Equal(t, []journal.Alarm{{Kind: journal.Missing, Terminal: one, File: "K7Q2X", Seq: 1}}, *alarms)
	require.Equal(t, journal.MaxHeld, k.Files()[0].Waiting)
	feed(t, k, one, c.rows...) // the car sends again what is not known
	require.Equal(t, c.end.Seq, k.Files()[0].Seq)
	require.False(t, k.Files()[0].Missing)
}

func TestOldTripsAreForgotten(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	c := newCar(t, "T122", "K7Q2X")
	c.paid(1000)
	open := c.begin()
	j, alarms := fed(journal.Config{Keep: 30 * 24 * time.Hour})
	feed(t, j, one, c.rows...)
	c.now = start.AddDate(0, 0, 31)
	c.refund(1, 500)
	c.happens(open, trip.FareShown{Fare: trip.Fare{Total: 100, Fare: 100}})
	for _, r := range c.rows[len(c.rows)-3:] {
		require.NoError(t, j.Feed(one, r.Encode(), c.now))
	}
	require.Empty(t, *alarms)
	trips := j.Trips(journal.Query{})
	require.Len(t, trips, 1)
	require.Equal(t, "T122-K7Q2X-0002", trips[0].Reference)
	require.Equal(t, c.end.Seq, j.Files()[0].Seq)
}

func TestAClockThatCannotBeRightIsNotBelieved(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	for now, guessed := range map[time.Time]bool{
		start: false, start.Add(-72 * time.Hour): false, time.Unix(0, 0): true, start.AddDate(3, 0, 0): true,
	} {
		c := newCar(t, "T122", "K7Q2X")
		c.now = now
		c.cash(1000)
		j, _ := fed(journal.Config{})
		feed(t, j, one, c.rows...)
		tr := j.Trips(journal.Query{})[0]
		require.Equal(t, guessed, tr.Guessed)
		if guessed {
			require.Equal(t, start.Add(time.Minute), tr.At)
		}
	}
}

// Rows may come in any order within a window, and any number of times: the copy is
// the same, and every trip is what folding the car's journal gives.
func TestAnyOrderOfArrivalGivesTheSameCopy(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	rapid.Check(t, func(rt *rapid.T) {
		c := newCar(t, "T122", "K7Q2X")
		for range rapid.IntRange(1, 12).Draw(rt, "trips") {
			n := rapid.SampledFrom([]func(money.Minor) int{c.paid, c.cash}).Draw(rt, "how")(money.Minor(rapid.IntRange(100, 90000).Draw(rt, "total")))
			if paid := c.trips[n-1].Captured(); paid > 0 && rapid.Bool().Draw(rt, "refund") {
				c.refund(n, paid/2)
			}
		}
		want, _ := fed(journal.Config{})
		feed(rt, want, one, c.rows...)

		rows := slices.Clone(c.rows)
		for from := 0; from < len(rows); from += link.Window {
			part := rows[from:min(from+link.Window, len(rows))]
			copy(part, rapid.Permutation(slices.Clone(part)).Draw(rt, "order"))
		}
		for range rapid.IntRange(0, 20).Draw(rt, "twice") {
			r := rows[rapid.IntRange(0, len(rows)-1).Draw(rt, "which")]
			rows = slices.Insert(rows, rapid.IntRange(0, len(rows)).Draw(rt, "where"), r)
		}
		got, alarms := fed(journal.Config{})
		feed(rt, got, one, rows...)
		require.Empty(rt, *alarms)
		require.Equal(rt, want.Trips(journal.Query{}), got.Trips(journal.Query{}))
		require.Equal(rt, want.Known(one, "K7Q2X"), got.Known(one, "K7Q2X"))
		for i, tr := range slices.Backward(got.Trips(journal.Query{})) {
			s := c.trips[len(c.trips)-1-i]
			require.Equal(rt, []any{s.ID.String(), s.Phase, s.Settlement, s.Captured(), s.Refunded(), s.Owed()},
				[]any{tr.Reference, tr.Phase, tr.Settlement, tr.App, tr.Refunded, tr.Total})
		}
	})
}

func TestReports(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	c := newCar(t, "T122", "K7Q2X")
	c.paid(25050)
	c.cash(10000)
	j, _ := fed(journal.Config{})
	feed(t, j, one, c.rows...)
	var b strings.Builder
	require.NoError(t, journal.WriteCSV(&b, j.Trips(journal.Query{})))
	table, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	require.NoError(t, err)
	require.Len(t, table, 3)
	require.Equal(t, []string{"T122-K7Q2X-0001", "T122", "2026-10-12T14:00:01Z", "car", "paid", "", "NOK", "250.50", "0.00", "250.50", "0.00", "0.00", "0.00", "0.00", "false", ""}, table[2])
	for _, row := range table {
		for _, cell := range row {
			require.Equal(t, strings.TrimLeft(cell, "=+-@\t"), cell)
		}
	}
	text, err := json.Marshal(j.Trips(journal.Query{}))
	require.NoError(t, err)
	require.Contains(t, string(text), `"total":25050`)
	require.NotContains(t, string(text), "made-up")
}
