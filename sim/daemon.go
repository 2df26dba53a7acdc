package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Daemon is the real taxiterm, as a process that can be killed.
type Daemon struct {
	*Process
	program string
	dir     string
	outbox  string
	listen  string
}

// newDaemon writes the files that the daemon needs. It chooses the port of the
// screens once, so that pages find the daemon again after a restart.
func newDaemon(o Options, meterTable []string, apiURL string) (*Daemon, error) {
	listen, err := Fixed(o.Listen)
	if err != nil {
		return nil, err
	}
	o.Listen = listen
	if o.Log == nil {
		o.Log = io.Discard
	}
	d := &Daemon{program: o.Terminal, dir: o.Dir, outbox: outboxOf(o), listen: o.Listen}
	d.Process = &Process{
		Name: "daemon", Program: o.Terminal, Args: []string{"run", "--config", filepath.Join(o.Dir, "taxiterm.toml")},
		Socket: filepath.Join(o.Dir, "control.sock"), Log: o.Log, Env: o.Env,
	}
	return d, writeFiles(o.Dir, map[string]string{
		"taxiterm.toml":    configuration(o, meterTable, apiURL),
		"credentials.toml": credentials(o),
	})
}

// URL is where the passenger's page is; the driver's is at /driver below it.
func (d *Daemon) URL() string { return "http://" + d.listen }

// Outbox is the daemon's file.
func (d *Daemon) Outbox() string { return d.outbox }

// Enroll lets the gateway at an address know the terminal, with a one-time token. The
// daemon takes it up at its next start.
func (d *Daemon) Enroll(ctx context.Context, server, token string, flags ...string) error {
	args := append([]string{"enroll", "--server", server, "--config", filepath.Join(d.dir, "taxiterm.toml")}, flags...)
	return d.Type(ctx, token+"\n", args...)
}

// Command runs one of the local commands, as a person in the car would, and decodes
// what it prints with --json. A refusal is an error with its text.
func (d *Daemon) Command(ctx context.Context, out any, args ...string) error {
	return d.commandWith(ctx, "", out, args...)
}

// Type is Command for one that reads what a person types.
func (d *Daemon) Type(ctx context.Context, typed string, args ...string) error {
	return d.commandWith(ctx, typed, nil, args...)
}

func (d *Daemon) commandWith(ctx context.Context, typed string, out any, args ...string) error {
	args = append([]string{"--json", "--socket", filepath.Join(d.dir, "control.sock")}, args...)
	cmd := exec.CommandContext(ctx, d.program, args...)
	cmd.Env = append(os.Environ(), d.Env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(typed), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("taxiterm %s: %w: %s", strings.Join(args[3:], " "), err, strings.TrimSpace(stderr.String()))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(stdout.Bytes(), out); err != nil {
		return fmt.Errorf("taxiterm %s: output: %w", strings.Join(args[3:], " "), err)
	}
	return nil
}
