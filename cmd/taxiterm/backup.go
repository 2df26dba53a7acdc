package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"taxiterminal/config"
	"taxiterminal/outbox"
)

// backupResult is what backup and restore print with --json.
type backupResult struct {
	File    string `json:"file"`              // what the outbox is called in the backup
	Name    string `json:"name,omitempty"`    // what a restored one is called now
	Entries int64  `json:"entries"`           // of the journal, verified
	Pruned  int64  `json:"pruned,omitempty"`  // older ones that are not on file
	Newest  int64  `json:"newest"`            // number of the newest trip
	Open    int    `json:"open"`              // trips that are not over
	Aside   string `json:"aside,omitempty"`   // where the former file is kept
	Written string `json:"written,omitempty"` // the backup
}

func newBackup(o *options) *cobra.Command {
	var replace bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the outbox to a file while the terminal runs, and verify the copy",
		Long: `Copy everything that this terminal has on file (trips, payments on their way, sealed
numbers of passengers) to one file, as it is at one moment. The terminal goes on
meanwhile; it can also be stopped. The copy is verified before it gets its name.

Keep it as safe as the computer itself. The keys are not in it: keep credentials.toml,
above all its data_key, with it; without that key the numbers of passengers cannot be
read.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := config.Load(o.config)
			if err != nil {
				return err
			}
			to, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			got, err := outbox.Backup(cmd.Context(), c.Storage.Path, to, replace)
			if err != nil {
				return explainFile(err, c.Storage.Path, "backup")
			}
			r := backupResult{File: got.File, Entries: got.Entries, Pruned: got.Pruned.Entries, Newest: got.Newest, Open: got.Open, Written: to}
			return o.print(cmd.OutOrStdout(), r, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %s, %d journal entries verified, %s, %d open\n", to, r.File, r.Entries, newestTrip(r.Newest), r.Open)
			})
		},
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "replace FILE if it exists")
	return cmd
}

func newRestore(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the outbox; the terminal must be stopped",
		Long: `Put a backup in the place of the outbox. The terminal must be stopped, and this must
be run as its user. The backup is verified first, and the present file is kept aside.

What was done after the backup is not in it. So the file gets a new name: references
of new trips never repeat one that was used since. Trips that were open in the backup
keep their references; what is pending for them is asked for at the payment API before
anything is sent. Payments that were made after the backup are not known here: look
for them in the business portal, and capture or release what is still reserved.

Passengers who asked to be forgotten after the backup are in it: forget them again.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := config.Load(o.config)
			if err != nil {
				return err
			}
			if err := ownFolder(c.Storage.Path); err != nil {
				return err
			}
			got, err := outbox.Restore(cmd.Context(), args[0], c.Storage.Path)
			if err != nil {
				return explainFile(err, c.Storage.Path, "restore")
			}
			r := backupResult{File: got.File, Name: got.Name, Entries: got.Entries, Pruned: got.Pruned.Entries, Newest: got.Newest, Open: got.Open, Aside: got.Aside}
			return o.print(cmd.OutOrStdout(), r, func(w io.Writer) { printRestore(w, c, r) })
		},
	}
}

func printRestore(w io.Writer, c config.Config, r backupResult) {
	fmt.Fprintf(w, "restored: %d journal entries verified, %s, %d open\n", r.Entries, newestTrip(r.Newest), r.Open)
	if r.Aside != "" {
		fmt.Fprintln(w, "the former file is kept:", r.Aside)
	}
	fmt.Fprintf(w, "new trips are called %s-%s-%04d and on; until the backup it was %s\n", c.Vehicle, r.Name, r.Newest+1, r.File)
	fmt.Fprintf(w, "look in the business portal for payments %s-%s-... of trips after %04d that are still reserved: this terminal does not know them\n", c.Vehicle, r.File, r.Newest)
}

func newestTrip(n int64) string {
	if n == 0 {
		return "no trips"
	}
	return fmt.Sprintf("newest trip %04d", n)
}

// ownFolder: a file that root puts in place could not be opened by the daemon.
func ownFolder(path string) error {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return explainFile(err, path, "restore")
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return hinted{fmt.Errorf("%s belongs to another user", filepath.Dir(path)), "run this as the daemon's user: sudo -u taxiterm taxiterm restore FILE"}
	}
	return nil
}

// explainFile says what to do when a backup cannot be made or put back.
func explainFile(err error, path, command string) error {
	var chain *outbox.ChainError
	switch {
	case errors.Is(err, outbox.ErrItself) && command == "restore":
		return hinted{err, "nothing was changed; name a backup, which taxiterm backup FILE makes, or a copy"}
	case errors.Is(err, outbox.ErrItself), errors.Is(err, outbox.ErrNoFile):
		return hinted{err, "nothing was changed; name another file"}
	case errors.Is(err, outbox.ErrEmpty):
		return hinted{err, "nothing was changed, and nothing is lost without it; taxiterm outbox set-aside lets a new one be made"}
	case errors.Is(err, outbox.ErrExists):
		return hinted{err, "name another file, or say --replace"}
	case errors.Is(err, outbox.ErrInUse):
		return hinted{err, "stop the terminal first, when no passenger is in the car: systemctl stop taxiterm"}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, outbox.ErrReadOnly):
		return hinted{err, "run this as the daemon's user: sudo -u taxiterm taxiterm " + command + " FILE"}
	case errors.Is(err, outbox.ErrFull):
		return hinted{err, "make room: df -h, journalctl --vacuum-size=100M, apt clean"}
	case errors.Is(err, fs.ErrNotExist):
		return hinted{err, "[storage] path is " + path + "; do it, FILE and their folders exist?"}
	case command == "backup" && (errors.As(err, &chain) || errors.Is(err, outbox.ErrCorrupt) || errors.Is(err, outbox.ErrForeign)):
		return hinted{err, "what is wrong is the outbox, not the copy; taxiterm doctor says what to do"}
	case errors.As(err, &chain), errors.Is(err, outbox.ErrCorrupt), errors.Is(err, outbox.ErrForeign):
		return hinted{err, "it is not usable as it is; nothing was changed, take an older backup"}
	}
	return err
}
