package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"taxiterminal/fleet/office"
)

func newWebhook(o *options) *cobra.Command {
	return group("webhook", "Registrations at the payment API, of all merchants or of one",
		webhookCommand(o, "list [MERCHANT]", "List them", (*office.Client).Webhooks),
		webhookCommand(o, "register [MERCHANT]", "Look now, and register what is missing", (*office.Client).CheckWebhooks),
		&cobra.Command{
			Use:   "delete MERCHANT ID",
			Short: "End one, such as another system's that gets in the way",
			Args:  cobra.ExactArgs(2),
			RunE: ask(o, func(cmd *cobra.Command, c *office.Client, args []string) (map[string]string, error) {
				return map[string]string{"deleted": args[1]}, c.DeleteWebhook(cmd.Context(), args[0], args[1])
			}, func(w io.Writer, v map[string]string) {
				fmt.Fprintf(w, "%s is deleted; the gateway makes its own again within minutes, unless webhooks = false\n", v["deleted"])
			}),
		})
}

func printWebhooks(w io.Writer, list []office.Webhooks) {
	for _, m := range list {
		fmt.Fprintf(w, "%s (msn %s): %s\n", m.Merchant, m.MSN, dash(m.State))
		if m.Problem != "" {
			fmt.Fprintln(w, "  problem:", m.Problem)
		}
		for _, r := range m.Registrations {
			whose := "another system's"
			if r.Ours {
				whose = "ours"
			}
			fmt.Fprintf(w, "  %s  %s  %s\n      %s\n", r.ID, whose, r.URL, strings.Join(r.Events, " "))
		}
	}
}

func webhookCommand(o *options, use, short string, do func(*office.Client, context.Context, string) ([]office.Webhooks, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.MaximumNArgs(1),
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, args []string) ([]office.Webhooks, error) {
			merchant := ""
			if len(args) > 0 {
				merchant = args[0]
			}
			return do(c, cmd.Context(), merchant)
		}, printWebhooks),
	}
}
