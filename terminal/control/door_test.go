package control

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
)

// TestWhoIsBehindTheDoorChanges: the commands of a daemon without an outbox hear why, and
// later, on the same socket, a terminal.
func TestWhoIsBehindTheDoorChanges(t *testing.T) {
	t.Parallel()
	ctx, socket := t.Context(), filepath.Join(t.TempDir(), "s")
	view := display.View{Screen: display.OutOfOrder, Vehicle: "T122", Faults: []display.Fault{display.FaultDamaged}}
	door, err := Open(socket, Unusable{View: view, Err: errors.New("outbox open x: database is damaged"), Do: "restore it", Version: "v1"})
	require.NoError(t, err)
	info, err := os.Stat(socket)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	c := NewClient(socket)
	s, err := c.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, []any{"T122", display.OutOfOrder, "outbox open x: database is damaged", "restore it"}, []any{s.Vehicle, s.Screen, s.Unusable, s.Do})
	require.Equal(t, []display.Fault{display.FaultDamaged}, s.Faults)
	_, doctor := c.Doctor(ctx)
	for _, err := range []error{c.Act(ctx, display.ActionCash, "1"), c.WatchMeter(ctx, nil), doctor, c.call(ctx, http.MethodGet, "/healthz", nil, nil)} {
		var refused *Error
		require.ErrorAs(t, err, &refused)
		require.ErrorIs(t, err, ErrUnusable)
		require.Equal(t, Error{Status: 503, Message: "the terminal cannot use its outbox (D4): outbox open x: database is damaged", Fault: "D4", Do: "restore it"}, *refused)
	}

	door.Lead(New(Options{Examine: nil}))
	_, err = c.Doctor(ctx)
	require.ErrorContains(t, err, "nothing can be examined")
	require.NotErrorIs(t, err, ErrUnusable)

	_, err = Open(socket, Unusable{})
	require.ErrorContains(t, err, "another taxiterm is running")
	require.NoError(t, door.Close())
	require.NoError(t, door.Close())
	_, err = net.Dial("unix", socket)
	require.Error(t, err)
}
