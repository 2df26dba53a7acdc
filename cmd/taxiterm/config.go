package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/config"
	"taxiterminal/config/table"
	"taxiterminal/device/meter"
	"taxiterminal/device/printer"
	"taxiterminal/device/serialport"
	"taxiterminal/display/locale"
)

func newConfig(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check and show the configuration",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "check",
			Short: "Report everything that is wrong with configuration and credentials",
			Args:  cobra.NoArgs,
			RunE:  func(cmd *cobra.Command, _ []string) error { return o.checkConfig(cmd.OutOrStdout()) },
		},
		&cobra.Command{
			Use:   "show",
			Short: "Print the configuration in force, defaults included and no secrets",
			Args:  cobra.NoArgs,
			RunE:  func(cmd *cobra.Command, _ []string) error { return o.showConfig(cmd.OutOrStdout()) },
		},
		&cobra.Command{
			Use:   "example",
			Short: "Print a commented configuration to start from",
			Args:  cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := io.WriteString(cmd.OutOrStdout(), config.Example)
				return err
			},
		},
		&cobra.Command{
			Use:   "key",
			Short: "Make a key to keep phone numbers under, as a line for the credentials",
			Args:  cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s = %q\n", config.DataKey, config.NewDataKey())
				return err
			},
		},
	)
	return cmd
}

// load reads the configuration and has every part of the program look at its own
// keys, so that all problems come at once.
func load(path string) (config.Config, error) {
	return config.Load(path, checkLine, checkDriver, checkLanguages, checkPrinter)
}

func checkLine(c config.Config) error {
	if _, err := serialport.ParseLine(c.Meter.Line); err != nil {
		return table.Problem{Key: "meter.line", Text: err.Error(), Hint: `want speed and format such as "9600 8N1"`}
	}
	return nil
}

func checkDriver(c config.Config) error {
	if c.Meter.Driver == "" {
		return nil // reported as missing
	}
	driver, err := meter.New(c.Meter.Driver, c.Meter.Table, quiet)
	var own *table.Error
	switch {
	case errors.As(err, &own):
		for i := range own.Problems {
			own.Problems[i].Key = "meter." + own.Problems[i].Key
		}
		return own
	case err != nil:
		return table.Problem{Key: "meter.driver", Text: err.Error(), Hint: fmt.Sprintf("want one of %v", meter.Types())}
	}
	return checkMeterFits(c, driver)
}

func checkPrinter(c config.Config) error {
	if c.Printer.Port == "" {
		return nil
	}
	if _, err := printer.New((&terminalDaemon{config: c}).printerConfig()); err != nil {
		return table.Problem{Key: "printer", Text: err.Error(), Hint: "see taxiterm config example"}
	}
	return nil
}

func checkLanguages(c config.Config) error {
	if _, err := locale.Load(c.Display.Languages...); err != nil {
		return table.Problem{Key: "display.languages", Text: err.Error(), Hint: fmt.Sprintf("want some of %v", locale.Available())}
	}
	return nil
}

func (o *options) checkConfig(w io.Writer) error {
	c, err := load(o.config)
	credentials, credErr := config.LoadCredentials(o.config)
	if c.Fleet.Enabled {
		return errors.Join(err, o.checkFleet(w, c, credentials, credErr))
	}
	if credErr == nil && len(credentials.Missing()) > 0 {
		credErr = fmt.Errorf("credentials %s: missing %v", credentials.File, credentials.Missing())
	}
	if err := errors.Join(err, credErr); err != nil {
		return err
	}
	return o.print(w, map[string]bool{"ok": true}, func(w io.Writer) {
		fmt.Fprintf(w, "%s is good\n%s: %s\n", o.config, credentials.File, credentials)
	})
}

// checkFleet looks at what a car of a fleet needs beside its configuration.
func (o *options) checkFleet(w io.Writer, c config.Config, credentials config.Credentials, credErr error) error {
	credentials, credErr = fleetCredentials(quiet, credentials, credErr)
	who, _, err := (stateFile{c.Fleet.State}).load()
	if err == nil && who.Vehicle != c.Vehicle {
		err = fmt.Errorf("enrolment %s: is for vehicle %s; put vehicle right, or enrol this terminal anew", c.Fleet.State, who.Vehicle)
	}
	if err := errors.Join(credErr, err); err != nil {
		return err
	}
	return o.print(w, map[string]bool{"ok": true}, func(w io.Writer) {
		fmt.Fprintf(w, "%s is good\n%s: %s\n%s: %s\n", o.config, credentials.File, credentials, c.Fleet.State, who)
	})
}

func (o *options) showConfig(w io.Writer) error {
	c, err := load(o.config)
	if err != nil {
		return err
	}
	credentials, credErr := config.LoadCredentials(o.config)
	if o.json {
		return o.print(w, c, nil)
	}
	fmt.Fprint(w, c.Show())
	if credErr != nil {
		fmt.Fprintf(w, "\n# credentials: %v\n", credErr)
		return nil
	}
	fmt.Fprintf(w, "\n# credentials from %s: %s\n", credentials.File, credentials)
	return nil
}
