package main

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notify tells systemd, where there is one.
func (d *terminalDaemon) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		d.log.Warn("systemd cannot be told", "err", err)
	}
}

// watchdog feeds systemd's watchdog for as long as the meter loop, the delivery and
// the outbox answer. When they do not, it says why and lets systemd act.
func (d *terminalDaemon) watchdog(ctx context.Context, alive func(context.Context) error) error {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		return err
	}
	tick := time.NewTicker(interval / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			d.notify(daemon.SdNotifyStopping)
			return ctx.Err()
		case <-tick.C:
		}
		check, cancel := context.WithTimeout(ctx, interval/3)
		err := alive(check)
		cancel()
		if err != nil {
			d.log.Error("watchdog is not fed", "err", err)
			continue
		}
		d.notify(daemon.SdNotifyWatchdog)
	}
}
