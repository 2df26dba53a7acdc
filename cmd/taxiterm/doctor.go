package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/terminal/control"
)

func newDoctor(o *options) *cobra.Command {
	var listen time.Duration
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything that a technician can mend",
		Long: `Look at everything that a technician can mend: serial line, meter, screen, payment API,
clock, disk. Each line says how it is, and what to do next. The command fails if a fault
is found.

The running terminal is asked, which disturbs nothing. Without one, or if it cannot use its
outbox, the same is looked at from outside: the port is opened for some seconds and the driver listens, which may make it
ask the meter. Run it as the terminal's user (sudo -u taxiterm), whose rights count.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			checks, err := o.client().Doctor(cmd.Context())
			if errors.Is(err, control.ErrNotRunning) || errors.Is(err, control.ErrUnusable) {
				checks, err = o.examine(cmd.Context(), err, listen), nil
			}
			if err != nil {
				return err
			}
			if err := o.print(cmd.OutOrStdout(), checks, func(w io.Writer) { printChecks(w, checks) }); err != nil {
				return err
			}
			return faultsIn(checks)
		},
	}
	cmd.Flags().DurationVar(&listen, "listen", 5*time.Second, "how long the meter is listened to, if the terminal is not running")
	return cmd
}

var checkWords = map[control.CheckState]string{
	control.CheckOK: "OK", control.CheckFault: "FAULT", control.CheckSkipped: "-",
}

func printChecks(w io.Writer, checks []control.Check) {
	for _, c := range checks {
		fmt.Fprintf(w, "%-6s %-13s  %s\n", checkWords[c.State], c.Name, c.Detail)
		if c.Do != "" {
			fmt.Fprintf(w, "%-6s %-13s  -> %s\n", "", "", c.Do)
		}
	}
}

func faultsIn(checks []control.Check) error {
	n := 0
	for _, c := range checks {
		if c.State == control.CheckFault {
			n++
		}
	}
	if n > 0 {
		return fmt.Errorf("%d of %d checks found a fault", n, len(checks))
	}
	return nil
}

// okay, fault and skipped make checks.
func okay(name control.CheckName, format string, args ...any) control.Check {
	return control.Check{Name: name, State: control.CheckOK, Detail: fmt.Sprintf(format, args...)}
}

func fault(name control.CheckName, do, format string, args ...any) control.Check {
	return control.Check{Name: name, State: control.CheckFault, Detail: fmt.Sprintf(format, args...), Do: do}
}

func skipped(name control.CheckName, do, format string, args ...any) control.Check {
	return control.Check{Name: name, State: control.CheckSkipped, Detail: fmt.Sprintf(format, args...), Do: do}
}

// step runs one check, unless time is up.
func step(ctx context.Context, name control.CheckName, check func() control.Check) control.Check {
	if ctx.Err() != nil {
		return skipped(name, "", "no time was left")
	}
	return check()
}
