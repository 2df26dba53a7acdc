package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"taxiterminal/config"
)

var quiet = slog.New(slog.DiscardHandler)

func newRun(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the terminal",
		Long: `Run the terminal until it is told to stop. It starts without a network, a meter or
merchant keys, and says on the screens which is missing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(o.config)
			if err != nil {
				return err
			}
			if o.socket != "" {
				c.Control.Socket = o.socket
			}
			log := newLog(cmd.ErrOrStderr(), c.Log)
			credentials, err := config.LoadCredentials(o.config)
			if c.Fleet.Enabled {
				credentials, err = fleetCredentials(log, credentials, err)
			}
			reportCredentials(log, c.Fleet.Enabled, credentials, err)
			err = newDaemon(c, credentials, log).run(cmd.Context())
			if errors.Is(err, context.Canceled) {
				return nil // told to stop
			}
			return err
		},
	}
}

// fleetCredentials are what a car of a fleet may use: it needs no file, and no merchant
// keys.
func fleetCredentials(log *slog.Logger, c config.Credentials, err error) (config.Credentials, error) {
	if errors.Is(err, config.ErrNoCredentials) {
		err = nil
	}
	if c.HasMerchant() {
		log.Error("merchant keys are in a car that does not use them", "file", c.File, "hint", "remove them: in a fleet they belong to the gateway alone")
	}
	return c.WithoutMerchant(), err
}

func reportCredentials(log *slog.Logger, inFleet bool, c config.Credentials, err error) {
	switch {
	case inFleet && err != nil:
		log.Error("no driver's PIN and no key for numbers without credentials", "err", err)
	case inFleet:
		log.Info("credentials", "file", c.File, "keys", c)
	case err != nil:
		log.Error("payments are not possible without credentials", "err", err)
	case len(c.Missing()) > 0:
		log.Error("payments are not possible without all merchant keys", "file", c.File, "missing", c.Missing())
	default:
		log.Info("credentials", "file", c.File, "keys", c)
	}
}

func newLog(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		panic(fmt.Sprintf("log level %q was checked", c.Level))
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
