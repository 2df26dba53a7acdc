package main

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"taxiterminal/display"
	"taxiterminal/display/web"
	"taxiterminal/outbox"
	"taxiterminal/terminal"
	"taxiterminal/terminal/control"
)

// unreadable is why a terminal cannot begin with an outbox that opened.
type unreadable struct{ error }

func (u *unreadable) Unwrap() error { return u.error }

// reopenAfter is the pause between two attempts to open an outbox that cannot be
// used; somebody may be putting it right.
const reopenAfter = 5 * time.Second

// openOutbox opens the file, for as long as it takes: nothing can be done without
// it, and a terminal that says why helps more than one that is not there.
func (d *terminalDaemon) openOutbox(ctx context.Context, screens *web.Server) (*outbox.Store, error) {
	for {
		store, err := outbox.Open(ctx, d.config.Storage.Path, outbox.Options{
			Log: part(d.log, "outbox"), OnCommit: d.committed, Key: d.credentials.DataKey(),
		})
		if err == nil {
			return store, nil
		}
		if err := d.cannotUse(ctx, screens, err); err != nil {
			return nil, err
		}
	}
}

// cannotUse says on the screens and at the control socket why nothing can be done, and
// waits a moment.
func (d *terminalDaemon) cannotUse(ctx context.Context, screens *web.Server, err error) error {
	view := display.View{
		Screen: display.OutOfOrder, Vehicle: d.config.Vehicle, Brand: d.config.Payment.Brand,
		Faults: []display.Fault{terminal.DiskFault(err)},
		Driver: display.Driver{Network: display.NetworkUnknown, Meter: display.HealthStarting, Unread: true},
	}
	why := control.Unusable{View: view, Err: err, Do: outboxHint(err), Version: version}
	if d.fleet != nil {
		why.Gateway = d.fleet.status
	}
	// The socket may be on the disk that is in trouble: the screens do without it.
	socketErr := d.openDoor(why)
	if d.trouble.tell(err, time.Now()) {
		d.log.Error("outbox cannot be used", "fault", view.Faults[0], "err", err, "hint", why.Do, "tries", d.trouble.tries, "next_try", reopenAfter)
		if socketErr != nil {
			d.log.Error("commands cannot ask why", "err", socketErr)
		}
	}
	screens.Show(view)
	d.notify(daemon.SdNotifyReady)
	d.notify(daemon.SdNotifyWatchdog)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(reopenAfter):
		return nil
	}
}

// usable ends the trouble, if there was any.
func (d *terminalDaemon) usable() {
	if d.trouble.tries > 0 {
		d.log.Info("outbox can be used again", "tries", d.trouble.tries)
	}
	d.trouble = trouble{}
}

// openDoor has b answer at the control socket.
func (d *terminalDaemon) openDoor(b control.Behind) (err error) {
	if d.door != nil {
		d.door.Lead(b)
		return nil
	}
	d.door, err = control.Open(d.config.Control.Socket, b)
	return err
}

func (d *terminalDaemon) closeDoor() {
	if d.door != nil {
		_ = d.door.Close()
	}
}

// trouble is an outbox that cannot be used, as far as the log has heard of it.
type trouble struct {
	tries int
	told  string    // why, when it was told last
	at    time.Time // and when that was; monotonic
}

// tellAgainAfter is how long the log is not told what it knows.
const tellAgainAfter = 10 * time.Minute

// tell counts a try that failed, and says whether the log is to hear of it: what is new,
// and what is old from time to time.
func (t *trouble) tell(err error, now time.Time) bool {
	t.tries++
	if err.Error() == t.told && now.Sub(t.at) < tellAgainAfter {
		return false
	}
	t.told, t.at = err.Error(), now
	return true
}
