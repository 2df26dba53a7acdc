package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"taxiterminal/config/gateway"
	"taxiterminal/fleet"
)

func newServe(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := gateway.Load(o.config)
			if err != nil {
				return err
			}
			keys, err := gateway.LoadKeys(o.config)
			if err != nil {
				return keysError{err}
			}
			log := newLog(cmd.ErrOrStderr(), c.Log)
			log.Info("taxifleet", "version", version, "operator", c.Operator, "keys", keys)
			g, err := fleet.New(fleet.Options{Config: c, Keys: keys, Version: version, Log: log, Ready: func(a fleet.Addresses) {
				log.Info("gateway is ready", "http", a.HTTP, "cars", a.NATS)
				_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
			}})
			if err != nil {
				return err
			}
			err = g.Run(cmd.Context())
			if errors.Is(err, context.Canceled) {
				return nil // told to stop
			}
			return err
		},
	}
}

func newLog(w io.Writer, c gateway.Log) *slog.Logger {
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
