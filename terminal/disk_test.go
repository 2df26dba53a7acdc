package terminal

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/outbox"
	"taxiterminal/vipps/vippstest"
)

func TestEachTroubleOfTheDiskHasAFaultOfItsOwn(t *testing.T) {
	for condition, fault := range map[error]display.Fault{
		outbox.ErrFull: display.FaultDiskFull, outbox.ErrReadOnly: display.FaultReadOnly, outbox.ErrDisk: display.FaultDisk,
		outbox.ErrCorrupt: display.FaultDamaged, outbox.ErrNewer: display.FaultNewer, outbox.ErrForeign: display.FaultForeign,
		outbox.ErrGone: display.FaultDiskGone, outbox.ErrInUse: display.FaultDisk, errors.New("anything"): display.FaultDisk,
	} {
		require.Equal(t, fault, DiskFault(fmt.Errorf("outbox open: %w: disk I/O error", condition)), condition)
		require.True(t, fault.Blocking(), condition)
	}
	require.Equal(t, display.FaultDiskGone, DiskFault(fmt.Errorf("%w: cannot be put back: %w", outbox.ErrGone, outbox.ErrFull)))
}

// TestADiskThatIsBackIsFoundOut: nothing waits to be written, and no meter says anything.
func TestADiskThatIsBackIsFoundOut(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.tamper(`CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk trouble'); END;
			CREATE TRIGGER probed BEFORE UPDATE ON file BEGIN SELECT RAISE(ABORT, 'disk trouble'); END`)
		_, err := c.term.EndShift(t.Context())
		require.Error(t, err)
		c.pass(time.Minute)
		require.Equal(t, display.OutOfOrder, c.screen().Screen)
		c.tamper("DROP TRIGGER full; DROP TRIGGER probed")
		c.pass(2 * time.Second)
		require.Equal(t, display.Idle, c.screen().Screen)
		require.Empty(t, c.screen().Faults)
	})
}

// TestDamageThatWasFoundStaysOnTheScreen although commits go through: the office must
// look at it.
func TestDamageThatWasFoundStaysOnTheScreen(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.term.do(func() { c.term.wrote(fmt.Errorf("%w: page 7", outbox.ErrCorrupt)) })
		c.hired()
		c.stopped(25000)
		c.scan(1)
		require.Equal(t, display.Due, c.screen().Screen, "a trip that can be recorded goes its way")
		require.Equal(t, []display.Fault{display.FaultDamaged}, c.screen().Faults)
	})
}
