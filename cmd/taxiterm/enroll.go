package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/config"
	"taxiterminal/fleet/enrol/ticket"
	"taxiterminal/fleet/link"
)

// enrolTimeout is how long the gateway may take to answer.
const enrolTimeout = 30 * time.Second

func newEnroll(o *options) *cobra.Command {
	var e enrolling
	cmd := &cobra.Command{
		Use:   "enroll --server URL",
		Short: "Let the fleet's gateway know this terminal, with a token from the office",
		Long: `Let the fleet's gateway know this terminal, with a one-time token from the office.
The token is read from standard input unless it is given with --token, where others on
this computer can see it. The terminal makes itself a key, which never leaves it.

When the network fails in the middle, run the same command again: the token is still
good for this computer.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(o.config)
			if err != nil {
				return err
			}
			if e.token == "" {
				if e.token, err = readToken(cmd.InOrStdin(), cmd.ErrOrStderr()); err != nil {
					return err
				}
			}
			e.vehicle, e.file = c.Vehicle, stateFile{c.Fleet.State}
			who, err := e.run(cmd.Context())
			if err != nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), map[string]string{"terminal": who.Terminal, "vehicle": who.Vehicle, "server": who.Server}, func(w io.Writer) {
				printEnrolled(w, who, c, o.config)
			})
		},
	}
	cmd.Flags().StringVar(&e.server, "server", "", `address of the gateway, "https://fleet.example.com"`)
	cmd.Flags().StringVar(&e.token, "token", "", "the token (default: a line of standard input)")
	cmd.Flags().BoolVar(&e.force, "force", false, "even if this terminal is enrolled already; the old enrolment is kept aside")
	_ = cmd.MarkFlagRequired("server")
	return cmd
}

func readToken(in io.Reader, prompt io.Writer) (string, error) {
	fmt.Fprint(prompt, "token: ")
	line, err := bufio.NewReader(io.LimitReader(in, 256)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("token read: %w", err)
	}
	if strings.TrimSpace(line) == "" {
		return "", usageError{errors.New("no token: give the one from the office on standard input or with --token")}
	}
	return strings.TrimSpace(line), nil
}

func printEnrolled(w io.Writer, who enrolment, c config.Config, path string) {
	fmt.Fprintf(w, "%s is enrolled with %s\nterminal %s\n", who.Vehicle, who.Server, who.Terminal)
	if !c.Fleet.Enabled {
		fmt.Fprintf(w, "next: set enabled = true under [fleet] in %s\n", path)
	}
	fmt.Fprint(w, "next: sudo systemctl restart taxiterm\nthen: taxiterm status\n")
}

// enrolling is one enrolment under way.
type enrolling struct {
	server, token, vehicle string
	force                  bool
	file                   stateFile
}

func (e enrolling) run(ctx context.Context) (enrolment, error) {
	if e.file.exists() && !e.force {
		return enrolment{}, hinted{errors.New("this terminal is enrolled already"),
			"taxiterm status says how it stands; to enrol it anew: taxiterm enroll --force"}
	}
	if _, err := ticket.Hash(e.token); err != nil {
		return enrolment{}, hinted{err, "type it again as the office gave it"}
	}
	if _, err := ticket.Server(e.server); err != nil {
		return enrolment{}, hinted{err, "use the address as the office gave it"}
	}
	key, err := e.file.pending()
	if err != nil {
		return enrolment{}, onDisk(err)
	}
	who, err := e.ask(ctx, key)
	if err != nil {
		return enrolment{}, err
	}
	if err := e.file.take(who); err != nil {
		return enrolment{}, onDisk(err)
	}
	return who, nil
}

// ask lets the gateway take this terminal in.
func (e enrolling) ask(ctx context.Context, key deviceKey) (enrolment, error) {
	client := &http.Client{Timeout: enrolTimeout}
	defer client.CloseIdleConnections()
	w, err := ticket.Enrol(ctx, client, e.server, e.token, computerName(), key.pair)
	if err != nil {
		return enrolment{}, e.refused(err)
	}
	if w.Vehicle != e.vehicle {
		return enrolment{}, hinted{fmt.Errorf("the token is for vehicle %s, this car is configured as %s", w.Vehicle, e.vehicle),
			fmt.Sprintf("if this is %s, set vehicle = %q in the configuration and enrol again with the same token; if not, ask the office to revoke terminal %s and for a token for %s",
				w.Vehicle, w.Vehicle, w.Terminal, e.vehicle)}
	}
	who := enrolment{Server: w.Server, URLs: w.URLs, CA: w.CA, Terminal: w.Terminal, Vehicle: w.Vehicle, Secret: w.Secret}
	var settings link.Settings
	if len(w.Settings) > 0 {
		if err := json.Unmarshal(w.Settings, &settings); err != nil {
			return enrolment{}, errors.New("the gateway's settings cannot be read; update the terminal or the gateway, whichever is older")
		}
	}
	who = who.told(settings)
	return who, who.check(key)
}

// refused says what to do about an enrolment that did not come about.
func (e enrolling) refused(err error) error {
	var no *ticket.Refusal
	if !errors.As(err, &no) {
		return unreached(err, time.Now())
	}
	switch no.Code {
	case "revoked", "other_car": // the key is spent, and the next try needs another
		if path, ok := credentialKey(); ok {
			return hinted{errors.New(no.Text), "put another key in place of " + path}
		}
		e.file.discard()
		return hinted{errors.New(no.Text), "run the same command again: this computer makes itself a new key"}
	case "used":
		return hinted{errors.New(no.Text), "ask the office for another token; if it was not you who used it, tell them so"}
	}
	return hinted{errors.New(no.Text), no.Hint}
}

// computerName is for the office's list; empty if the computer has none.
func computerName() string {
	name, err := os.Hostname()
	if err != nil || len(name) > 64 {
		return ""
	}
	return name
}
