package main

import (
	"context"
	"errors"
	"strings"

	"taxiterminal/config"
	"taxiterminal/display"
	"taxiterminal/terminal/control"
)

// Exit codes. Scripts and the service unit depend on them.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	// exitConfig is sysexits.h's EX_CONFIG: starting again would not help.
	exitConfig = 78
)

// usageError is a mistake on the command line.
type usageError struct{ error }

// explain turns an error into a message, what to do next, and the exit code.
func explain(err error) (message, hint string, code int) {
	var usage usageError
	var bad *config.Error
	var refused *control.Error
	switch {
	case errors.As(err, &usage):
		return err.Error(), "taxiterm --help lists the commands", exitUsage
	case errors.As(err, &bad):
		return err.Error(), "", exitConfig
	case errors.Is(err, context.Canceled):
		return "interrupted", "", exitFailure
	case errors.Is(err, control.ErrNotRunning):
		return control.ErrNotRunning.Error(), "start it with systemctl start taxiterm, or name its socket with --socket", exitFailure
	case errors.Is(err, control.ErrNotAllowed):
		return control.ErrNotAllowed.Error(), "run this as the daemon's user: sudo -u taxiterm taxiterm ...", exitFailure
	case errors.As(err, &refused):
		return refused.Message, refusalHints[display.Refusal(refused.Reason)], exitFailure
	}
	return err.Error(), "", exitFailure
}

var refusalHints = map[display.Refusal]string{
	display.RefusedNotNow:          "taxiterm status shows what can be done now",
	display.RefusedAlreadyApproved: "the passenger has approved; wait for PAID and take nothing else",
	display.RefusedAlreadyPaid:     "to give money back: taxiterm refund",
	display.RefusedUnknownTrip:     "taxiterm trips lists the trips",
	display.RefusedTooMuch:         "taxiterm trips show TRIP says how much was captured and not refunded yet",
	display.RefusedInternal:        "the daemon's log says what went wrong: journalctl -u taxiterm",
}

// cobraUsage reports whether cobra found a mistake on the command line; it has no
// type for that.
func cobraUsage(err error) bool {
	for _, begin := range []string{"unknown command", "unknown flag", "unknown shorthand", "accepts ", "requires ", "invalid argument", "flag needs", "required flag"} {
		if strings.HasPrefix(err.Error(), begin) {
			return true
		}
	}
	return false
}
