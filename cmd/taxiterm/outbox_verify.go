package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"taxiterminal/config"
	"taxiterminal/outbox"
	"taxiterminal/terminal/control"
)

func newOutboxVerify(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Check the whole file: every page, and the journal's chain",
		Long: `Check the whole file: every page, and the journal's chain. The running terminal does it.
If there is none, or it cannot use the file, the file is read as it lies there, which
changes nothing; run it as the terminal's user then (sudo -u taxiterm).`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v, err := o.client().Verify(cmd.Context())
			if errors.Is(err, control.ErrNotRunning) || errors.Is(err, control.ErrUnusable) {
				v, err = o.verifyFile(cmd.Context())
			}
			if err != nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), v, func(w io.Writer) { printVerified(w, v) })
		},
	}
}

// verifyFile does without a terminal.
func (o *options) verifyFile(ctx context.Context) (control.Verified, error) {
	c, err := config.Load(o.config)
	if err != nil {
		return control.Verified{}, err
	}
	path := c.Storage.Path
	got, err := outbox.VerifyFile(ctx, path)
	var chain *outbox.ChainError
	switch {
	case err == nil:
		return control.Verified{Entries: got.Entries, Pruned: got.Pruned.Entries, Last: got.Pruned.Last, File: path}, nil
	case errors.Is(err, fs.ErrPermission):
		err = hinted{err, "run this as the terminal's user: sudo -u taxiterm taxiterm outbox verify"}
	case errors.Is(err, outbox.ErrNone):
		err = hinted{err, "the terminal makes it at its first start; [storage] path says where"}
	case errors.Is(err, outbox.ErrUnfinished):
		err = hinted{err, "start the terminal, and verify again: systemctl start taxiterm"}
	case errors.As(err, &chain):
		err = hinted{err, outboxHint(outbox.ErrCorrupt)}
	default:
		err = hinted{err, outboxHint(err)}
	}
	return control.Verified{}, err
}

func printVerified(w io.Writer, v control.Verified) {
	if v.File != "" {
		fmt.Fprintf(w, "%s, without a terminal:\n", v.File)
	}
	fmt.Fprintf(w, "ok: %d journal entries, each follows from the ones before it\n", v.Entries)
	if v.Pruned > 0 {
		fmt.Fprintf(w, "    %d old ones up to number %d are no longer on file; the chain goes on from the hash of the last of each run\n", v.Pruned, v.Last)
	}
}
