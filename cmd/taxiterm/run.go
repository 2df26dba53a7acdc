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
			reportCredentials(log, credentials, err)
			err = newDaemon(c, credentials, log).run(cmd.Context())
			if errors.Is(err, context.Canceled) {
				return nil // told to stop
			}
			return err
		},
	}
}

func reportCredentials(log *slog.Logger, c config.Credentials, err error) {
	switch {
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
