package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"taxiterminal/device/serialport"
)

func newMeterPorts(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "ports",
		Short: "List the serial ports, and which are free",
		Long: `List the serial ports of this computer by the name that belongs in the configuration:
one that stays the same when the adapter comes back under another number. No port is
opened, so that nothing that is connected is disturbed.

Who holds a port that another user's program has open is seen by root only.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := serialport.Ports()
			if err != nil {
				return err
			}
			if list == nil {
				list = []serialport.Found{}
			}
			return o.print(cmd.OutOrStdout(), list, func(w io.Writer) { printPorts(w, list) })
		},
	}
}

func printPorts(w io.Writer, list []serialport.Found) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no serial ports: plug the adapter in; dmesg shows whether the kernel sees it")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PORT\tDEVICE\tADAPTER\tUSE")
	for _, f := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Port, f.Device, adapterText(f), useText(f))
	}
	_ = t.Flush()
}

func adapterText(f serialport.Found) string {
	words := strings.TrimSpace(f.Maker + " " + f.Product)
	switch {
	case f.USB == "":
		return "built in"
	case words == "":
		words = "unnamed"
	}
	if f.Serial == "" {
		return words + " (" + f.USB + ", no serial number)"
	}
	return words + " (" + f.USB + ")"
}

func useText(f serialport.Found) string {
	switch f.Use {
	case serialport.Held:
		var names []string
		for _, h := range f.Holders {
			names = append(names, strings.TrimSpace(fmt.Sprintf("%s %d", h.Name, h.PID)))
		}
		return "held by " + strings.Join(names, ", ")
	case serialport.Console:
		return "console of this computer"
	case serialport.Unseen:
		return "free, as far as this user can see"
	}
	return "free"
}
