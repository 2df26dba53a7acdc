package main

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"taxiterminal/config"
	"taxiterminal/device/vehicle"
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
	var help hinted
	switch {
	case errors.As(err, &usage):
		errors.As(usage.error, &help)
		return err.Error(), cmp.Or(help.hint, "taxiterm --help lists the commands"), exitUsage
	case errors.As(err, &bad):
		return err.Error(), "", exitConfig
	case errors.As(err, &help):
		return err.Error(), help.hint, exitFailure
	case errors.Is(err, context.Canceled):
		return "interrupted", "", exitFailure
	case errors.Is(err, control.ErrNotRunning):
		return err.Error(), "start it with systemctl start taxiterm, or name its socket with --socket", exitFailure
	case errors.Is(err, control.ErrNotAllowed):
		return err.Error(), "run this as the daemon's user: sudo -u taxiterm taxiterm ...", exitFailure
	case errors.As(err, &refused) && codeHints[vehicle.Refusal(refused.Reason)] != "" && strings.HasPrefix(refused.Message, "code:"):
		return refused.Message, codeHints[vehicle.Refusal(refused.Reason)], exitFailure
	case errors.As(err, &refused) && refused.Do != "":
		return refused.Message, refused.Do, exitFailure
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
	display.RefusedGone:            "old trips leave this computer, see [storage] keep_days; to give money back use the business portal, or ask the office",
	display.RefusedTooMuch:         "taxiterm trips show TRIP says how much was captured and not refunded yet",
	display.RefusedTooOld:          "the API gives money back for a year; settle it with the passenger in another way",
	display.RefusedBadNumber:       "want a phone number with or without country code",
	display.RefusedNoContact:       "taxiterm contacts list lists the passengers who shared their number",
	display.RefusedNoPush:          "set [send] enabled and data_key; if the sales unit was refused before: taxiterm pay allow-push",
	display.RefusedNoPrinter:       "set [printer] port in the configuration",
	display.RefusedPrinter:         "look at paper and cover; the daemon's log says more: journalctl -u taxiterm",
	display.RefusedNotAllowed:      "the configuration does not allow it, or the meter is there; taxiterm config show",
	display.RefusedInternal:        "the daemon's log says what went wrong: journalctl -u taxiterm",
}

var codeHints = map[vehicle.Refusal]string{
	vehicle.NotNow:    "taxiterm qr show says how the code is",
	vehicle.BadID:     "want a name of a-z, A-Z, 0-9, hyphen and underscore",
	vehicle.BadTarget: "want an https address with letters, digits and _.#!:?+=&%@-/ only",
	vehicle.HasCode:   "the car has a code already: taxiterm qr retarget URL needs no new print",
	vehicle.DeadID:    "a code that was destroyed stays dead; leave --id out for a new one",
	vehicle.WrongID:   "that is not the car's code: taxiterm qr show",
}
