package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/outbox"
)

// outboxHints say what to do about an outbox that cannot be used, in the order in which
// they count: an error may be several.
var outboxHints = []struct {
	condition error
	hint      string
}{
	{outbox.ErrGone, "look for it and put it back, or stop the terminal and put a backup in its place (taxiterm restore FILE); if it is lost for good, taxiterm outbox set-aside lets a new one be made"},
	{outbox.ErrCorrupt, "stop the terminal and put a backup in its place (taxiterm restore FILE); without one, taxiterm outbox set-aside keeps it and lets a new one be made, and what was open in it must be settled in the merchant portal"},
	{outbox.ErrForeign, "see what it is; taxiterm outbox set-aside keeps it and lets a new one be made"},
	{outbox.ErrNewer, "install the newer program; nothing was changed"},
	{outbox.ErrInUse, "commands such as restore let go by themselves; the terminal does with systemctl stop taxiterm"},
	{outbox.ErrFull, "make room: df -h, journalctl --vacuum-size=100M, apt clean"},
	{outbox.ErrReadOnly, "dmesg says why the disk was made read-only; mend it and mount it again; the folder must belong to the terminal's user"},
	{outbox.ErrDisk, "dmesg says what the disk does; back up what can be read and fit another"},
	{outbox.ErrNotDurable, "see docs/decisions/fdatasync.md and the options that the disk is mounted with"},
}

func outboxHint(err error) string {
	return cmp.Or(knownHint(err), "taxiterm doctor looks at the disk")
}

// knownHint is empty for an error that none of them is about.
func knownHint(err error) string {
	for _, h := range outboxHints {
		if errors.Is(err, h.condition) {
			return h.hint
		}
	}
	return ""
}

func newOutboxSetAside(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "set-aside",
		Short: "Put a damaged or foreign file out of the way, or give a lost one up",
		Long: `Put a file that is damaged or not the terminal's out of the way, or give one up that is
lost, so that the terminal makes a new one. Nothing is deleted: what is there is renamed to
.aside-1, .aside-2 and so on. A file that is sound is left alone.

The new file has another name in its references, so nothing is asked for twice. What was
open in the old one is not carried on: end the trip that is on the meter first, take cash
or card for it, and look at open payments in the merchant portal.

The terminal need not run. Use its user: sudo -u taxiterm taxiterm outbox set-aside`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(o.config)
			if err != nil {
				return err
			}
			kept, why, err := outbox.SetAside(cmd.Context(), c.Storage.Path)
			switch {
			case errors.Is(err, outbox.ErrSound):
				return hinted{err, "it stays where it is; taxiterm doctor looks at everything else"}
			case err != nil:
				return hinted{err, outboxHint(err)}
			}
			done := struct {
				Kept string `json:"kept"`
				Why  string `json:"why"`
			}{kept, why.Error()}
			return o.print(cmd.OutOrStdout(), done, func(w io.Writer) {
				fmt.Fprintln(w, "because:", done.Why)
				if kept == "" {
					fmt.Fprintln(w, "nothing was there to be kept")
				} else {
					fmt.Fprintln(w, "kept as:", kept)
				}
				fmt.Fprintln(w, "the terminal makes a new file at its next try; look at open payments in the merchant portal")
			})
		},
	}
}
