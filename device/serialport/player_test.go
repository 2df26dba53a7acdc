package serialport

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const anHour = `# began 2026-03-14T23:00:00Z
250 < 0102030405
250 > ff
3600000 < 06
`

// heard is one read of a driver, and when it was.
type heard struct {
	at   time.Duration // on the driver's clock, from its first read
	data string
}

// listen reads like a driver, four bytes at a time.
func listen(t *testing.T, p *Player, now func() time.Time) (all []heard, ticks int) {
	began := now()
	buf := make([]byte, 4)
	for {
		n, err := p.Read(buf)
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			return all, ticks
		}
		if n == 0 {
			ticks++
			continue
		}
		all = append(all, heard{now().Sub(began), string(buf[:n])})
	}
}

func playerOf(t *testing.T, text string) *Player {
	tape, err := ReadTape(strings.NewReader(text))
	require.NoError(t, err)
	return NewPlayer(t.Context(), tape, Line{9600, 8, NoParity, 1})
}

var hour = []heard{{250 * time.Millisecond, "\x01\x02\x03\x04"}, {250 * time.Millisecond, "\x05"}, {time.Hour, "\x06"}}

func TestAPlayerIsAsFastAsADriverThatAsksItForTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := playerOf(t, anHour)
		require.Equal(t, time.Date(2026, 3, 14, 23, 0, 0, 0, time.UTC), p.Now())
		all, ticks := listen(t, p, p.Now)
		require.Equal(t, hour, all)
		require.InDelta(t, 36000, ticks, 100, "timers are looked at as on a line")
		require.Zero(t, time.Since(began))
		require.Equal(t, runOut, p.Now().Sub(time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)), "a silence follows")
		n, err := p.Write([]byte("ask"))
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Equal(t, time.Second/960, p.CharTime())
	})
}

func TestAPlayerKeepsThePaceOtherwise(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*Player){
		"driver with a clock of its own": func(*Player) {},
		"wanted":                         func(p *Player) { p.RealTime = true; p.Now() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := playerOf(t, anHour)
				prepare(p)
				all, _ := listen(t, p, time.Now)
				require.Equal(t, hour, all)
			})
		})
	}
}

func TestAPlayerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tape, err := ReadTape(strings.NewReader(anHour))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p := NewPlayer(ctx, tape, Line{9600, 8, NoParity, 1})
		for err == nil {
			_, err = p.Read(make([]byte, 64))
		}
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestATapeWithoutATimeEndsNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := playerOf(t, "0 < 01\n60000 < 02\n")
		require.Equal(t, time.Minute, time.Since(p.Now()))
		require.Equal(t, []heard{{0, "\x01"}, {time.Minute, "\x02"}}, first(listen(t, p, p.Now)))
		empty := playerOf(t, "")
		require.Empty(t, first(listen(t, empty, empty.Now)))
	})
}

func first(all []heard, _ int) []heard { return all }

func TestAPlayerSkipsWhatIsDull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := playerOf(t, "# began 2000-01-01T00:00:00Z\n0 < 01\n# began 2026-03-14T23:00:00Z\n0 < 02\n40 < 03\n")
		all, ticks := listen(t, p, p.Now)
		require.Equal(t, "\x01\x02\x03", all[0].data+all[1].data+all[2].data)
		require.Equal(t, time.Date(2026, 3, 14, 23, 0, 0, 0, time.UTC), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(all[1].at))
		require.InDelta(t, 36000, ticks, 100)
	})
}
