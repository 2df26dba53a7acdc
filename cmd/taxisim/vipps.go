package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/money"
	"taxiterminal/vipps/vippstest"
)

func newVipps() *cobra.Command {
	var listen, admin, currency string
	var habit time.Duration
	cmd := &cobra.Command{
		Use:   "vipps",
		Short: "The payment API alone, for a terminal of your own",
		Long: `vipps serves the simulated payment API, and on a second port its control panel: faults,
the network, the clock, the passenger and the ledger, as JSON under /_sim/.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := money.ParseCurrency(currency)
			if err != nil {
				return err
			}
			s := vippstest.New(vippstest.Options{Currency: c})
			defer s.Close()
			if habit > 0 {
				s.SetHabit(vippstest.Habit{Action: vippstest.Approve, After: vippstest.Duration(habit)})
			}
			server, err := s.Listen(listen)
			if err != nil {
				return err
			}
			panel, err := net.Listen("tcp", admin)
			if err != nil {
				return errors.Join(err, server.Close())
			}
			fmt.Fprintf(cmd.OutOrStdout(), "payment API   %s\ncontrol panel http://%s/_sim/payments\n\n", server.URL(), panel.Addr())
			fmt.Fprintf(cmd.OutOrStdout(), "In taxiterm.toml:\n  [payment]\n  environment = \"simulator\"\n  url = %q\n  msn = %q\n\n", server.URL(), vippstest.DefaultMSN)
			fmt.Fprintf(cmd.OutOrStdout(), "In credentials.toml, mode 0600:\n  client_id = %q\n  client_secret = %q\n  subscription_key = %q\n",
				vippstest.DefaultClientID, vippstest.DefaultClientSecret, vippstest.DefaultSubscriptionKey)
			return errors.Join(serveUntil(cmd.Context(), panel, s.Admin()), server.Close())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:4000", "address of the payment API")
	cmd.Flags().StringVar(&admin, "admin", "127.0.0.1:4001", "address of the control panel")
	cmd.Flags().StringVar(&currency, "currency", "NOK", "of the sales unit")
	cmd.Flags().DurationVar(&habit, "approve-after", 0, "approve every payment after this time (default: never by itself)")
	return cmd
}

// serveUntil serves h until ctx ends.
func serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
