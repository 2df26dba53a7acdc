package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/terminal/control"
)

func newMeterWatch(o *options) *cobra.Command {
	var f lineFlags
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Show what the meter tells, as it tells it",
		Long: `Show what the meter tells until interrupted: positions, fares, records, and how the
line and the conversation go. With --json one value a line.

If the terminal is running it is asked, and its work is not disturbed. Else, or if it
cannot use its outbox, or with flags that name another meter, the port is opened with the configured driver; that
driver may ask the meter for what it needs, and leaves all records with the meter for
the terminal to collect.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := limited(cmd.Context(), limit)
			defer cancel()
			show := o.eventPrinter(cmd.OutOrStdout())
			if !f.given() {
				err := o.client().WatchMeter(ctx, show)
				switch {
				case errors.Is(err, io.EOF):
					return errors.New("the terminal ended")
				case !errors.Is(err, control.ErrNotRunning) && !errors.Is(err, control.ErrUnusable):
					return watched(ctx, err)
				}
			}
			s, err := o.setup(f)
			if err != nil {
				return err
			}
			return watched(ctx, s.listen(ctx, nil, show))
		},
	}
	f.add(cmd)
	addLimit(cmd, &limit)
	return cmd
}

func addLimit(cmd *cobra.Command, limit *time.Duration) {
	cmd.Flags().DurationVar(limit, "for", 0, "end after this time, such as 10m")
}

func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// watched is nil for what ends a command that only its user or its limit ends.
func watched(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return nil
	}
	return err
}

// listen runs the driver on its line until ctx ends, and shows what happens. What waiting
// does not mend is an error.
func (s meterSetup) listen(ctx context.Context, tape *serialport.Recorder, show func(control.MeterEvent) error) error {
	if err := s.needPort(); err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	tell := func(e control.MeterEvent) {
		if err := show(e); err != nil {
			fail(err)
		}
	}
	supervisor := serialport.New(serialport.Config{Path: s.port, Line: s.line, Log: quiet, Tape: tape, OnState: func(st serialport.Status) {
		tell(lineEvent(st, time.Now()))
		switch st.State {
		case serialport.Busy, serialport.Denied, serialport.NotTTY:
			fail(fmt.Errorf("%s: %w; %s", s.port, st.Err, st.Hint))
		}
	}})
	err := supervisor.Run(ctx, func(ctx context.Context, port *serialport.Port) error {
		// Nobody calls Committed: what is only watched stays with the meter.
		return s.driver.Run(ctx, port, func(e meter.Event) { tell(meterEvent(e, time.Now())) })
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// create makes a file that is not there yet, for its owner only.
func create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already: choose another name", path)
	}
	return f, err
}
