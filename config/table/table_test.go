package table

import (
	"errors"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/require"
)

// parse gives a table in the very types that the TOML decoder uses.
func parse(t *testing.T, text string) *Table {
	t.Helper()
	var raw map[string]any
	require.NoError(t, toml.Unmarshal([]byte(text), &raw))
	return New(raw)
}

func TestTableReadsEveryKind(t *testing.T) {
	t.Parallel()
	tab := parse(t, `
name = "x"
mode = "tap"
on = true
count = 3
poll = "1m30s"
[money]
currency = "NOK"
[[classify]]
kind = "copy"
[[classify]]
kind = "receipt"
`)
	require.Equal(t, "x", tab.String("name", ""))
	require.Equal(t, "tap", tab.Choice("mode", "listen", "listen", "tap"))
	require.True(t, tab.Bool("on", false))
	require.EqualValues(t, 3, tab.Int("count", 0, 1, 5))
	require.Equal(t, 90*time.Second, tab.Duration("poll", 0, 0, time.Hour))
	require.Equal(t, "NOK", tab.Table("money").String("currency", ""))
	kinds := tab.Tables("classify")
	require.Len(t, kinds, 2)
	require.Equal(t, "copy", kinds[0].String("kind", ""))
	require.Equal(t, "receipt", kinds[1].String("kind", ""))
	require.True(t, tab.Has("name"))
	require.False(t, tab.Has("nothing"))
	require.NoError(t, tab.Err())
}

func TestTableDefaults(t *testing.T) {
	t.Parallel()
	tab := New(nil)
	require.Equal(t, "d", tab.String("a", "d"))
	require.Equal(t, "d", tab.Choice("b", "d", "d", "e"))
	require.True(t, tab.Bool("c", true))
	require.EqualValues(t, 7, tab.Int("d", 7, 0, 9))
	require.Equal(t, time.Second, tab.Duration("e", time.Second, 0, time.Hour))
	require.Equal(t, "d", tab.Table("f").String("g", "d"))
	require.Empty(t, tab.Tables("h"))
	require.NoError(t, tab.Err())
}

func TestTableReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	tab := parse(t, `
name = 1
mode = "typo"
on = "yes"
count = 99
ratio = 1.5
poll = "soon"
long = "9h"
day = 2026-03-14
money = "NOK"
spare = true
[table]
stray = 1
[[list]]
other = 2
`)
	tab.String("name", "")
	tab.Choice("mode", "listen", "listen", "tap", "isu")
	tab.Bool("on", false)
	tab.Int("count", 0, 1, 5)
	tab.Int("ratio", 0, 1, 5)
	tab.Duration("poll", 0, 0, time.Hour)
	tab.Duration("long", 0, 0, time.Hour)
	tab.Duration("day", 0, 0, time.Hour)
	tab.Table("money")
	tab.Table("table").Bool("fine", false)
	tab.Tables("list")
	tab.Problem("mode", "does not fit count", "remove one")
	err := tab.Err()
	var ce *Error
	require.ErrorAs(t, err, &ce)
	var got []string
	for _, p := range ce.Problems {
		require.NotEmpty(t, p.Hint, p.Key)
		got = append(got, p.Error())
	}
	require.Equal(t, []string{
		`count: 99 is out of range (want a whole number from 1 to 5)`,
		`day: the value is a date or time (want a duration in quotes such as "30s", from 0s to 1h0m0s)`,
		`list[0].other: unknown key (known here: nothing)`,
		`long: "9h" is no such duration (want a duration in quotes such as "30s", from 0s to 1h0m0s)`,
		`mode: "typo" is not known (want listen, tap or isu)`,
		`mode: does not fit count (remove one)`,
		`money: "NOK" is text (want a table, as in [money])`,
		`name: 1 is a whole number (want text in quotes)`,
		`on: "yes" is text (want true or false)`,
		`poll: "soon" is no such duration (want a duration in quotes such as "30s", from 0s to 1h0m0s)`,
		`ratio: 1.5 is a number with a point (want a whole number from 1 to 5)`,
		`spare: unknown key (known here: count, day, list, long, mode, money, name, on, poll, ratio or table)`,
		`table.stray: unknown key (known here: fine)`,
	}, got)
	require.True(t, errors.Is(err, ce.Problems[3]), "each problem can be found in the error")
}

func TestTableRequiredStringsAndRest(t *testing.T) {
	t.Parallel()
	tab := parse(t, `
name = "x"
empty = ""
number = 3
langs = ["nb", "en"]
tips = [5, 10]
too_much = [5, 80]
mixed = ["nb", 3]
profile = "tap"
`)
	require.Equal(t, "x", tab.Required("name", "want a name"))
	require.Empty(t, tab.Required("empty", "want a name"))
	require.Empty(t, tab.Required("number", "want a name"))
	require.Empty(t, tab.Required("absent", "want a name"))
	require.Equal(t, []string{"nb", "en"}, tab.Strings("langs"))
	require.Equal(t, []int64{5, 10}, tab.Ints("tips", 1, 50))
	require.Equal(t, []int64{7}, tab.Ints("too_much", 1, 50, 7))
	require.Empty(t, tab.Ints("no_tips", 1, 50))
	require.Equal(t, []string{"da"}, tab.Strings("mixed", "da"))
	require.Equal(t, []string{"fi"}, tab.Strings("nothing", "fi"))
	require.Equal(t, map[string]any{"profile": "tap"}, tab.Rest())
	err := tab.Err()
	require.ErrorContains(t, err, "empty: missing (want a name)")
	require.ErrorContains(t, err, "number: 3 is a whole number (want a name)")
	require.ErrorContains(t, err, "absent: missing")
	require.ErrorContains(t, err, "too_much: 80 is none of them")
	require.ErrorContains(t, err, "mixed: 3 is a whole number")
	require.NotContains(t, err.Error(), "profile", "somebody else reads it")
}
