package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Daemon is the real taxiterm, as a process that can be killed.
type Daemon struct {
	program string
	dir     string
	listen  string
	log     io.Writer

	cmd    *exec.Cmd
	exited chan error
}

// newDaemon writes the files that the daemon needs. It chooses the port of the
// screens once, so that pages find the daemon again after a restart.
func newDaemon(o Options, meterPort, apiURL string) (*Daemon, error) {
	if o.Listen == "" || strings.HasSuffix(o.Listen, ":0") {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		o.Listen = l.Addr().String()
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	d := &Daemon{program: o.Terminal, dir: o.Dir, listen: o.Listen, log: o.Log}
	return d, writeFiles(o.Dir, map[string]string{
		"taxiterm.toml":    configuration(o, meterPort, apiURL),
		"credentials.toml": credentials(o),
	})
}

// URL is where the passenger's page is; the driver's is at /driver below it.
func (d *Daemon) URL() string { return "http://" + d.listen }

// Outbox is the daemon's file.
func (d *Daemon) Outbox() string { return filepath.Join(d.dir, "outbox.db") }

// Pid is the process id of the running daemon.
func (d *Daemon) Pid() int { return d.cmd.Process.Pid }

// readyTimeout is far more than a start takes.
const readyTimeout = 20 * time.Second

// Start runs the program and waits until its control socket answers.
func (d *Daemon) Start(ctx context.Context) error {
	d.cmd = exec.Command(d.program, "run", "--config", filepath.Join(d.dir, "taxiterm.toml"))
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	// The daemon must not outlive a simulator that is killed.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.cmd.Start(); err != nil {
		return fmt.Errorf("daemon start: %w", err)
	}
	exited := make(chan error, 1)
	cmd := d.cmd
	go func() { exited <- cmd.Wait() }()
	d.exited = exited
	return poll(ctx, readyTimeout, "daemon ready", func() (bool, error) {
		select {
		case err := <-d.exited:
			d.exited <- err
			return false, fmt.Errorf("daemon ended at its start: %w", errors.Join(err, errEnded))
		default:
		}
		conn, err := net.Dial("unix", filepath.Join(d.dir, "control.sock"))
		if err != nil {
			return false, nil
		}
		return true, conn.Close()
	})
}

var errEnded = errors.New("see its log")

// Kill ends the daemon as a pulled plug does.
func (d *Daemon) Kill() error {
	if d.cmd == nil {
		return nil
	}
	err := d.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-d.exited
	d.cmd = nil
	return err
}

// Stop ends the daemon in its orderly way, and says if it did not manage.
func (d *Daemon) Stop() error {
	if d.cmd == nil {
		return nil
	}
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	defer func() { d.cmd = nil }()
	select {
	case err := <-d.exited:
		if err != nil {
			return fmt.Errorf("daemon stop: %w", err)
		}
		return nil
	case <-time.After(10 * time.Second):
		return errors.Join(errors.New("daemon stop: took longer than 10 s"), d.cmd.Process.Kill())
	}
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

// poll asks again and again, because processes have no other way to tell.
func poll(ctx context.Context, limit time.Duration, what string, done func() (bool, error)) error {
	deadline := time.Now().Add(limit)
	for {
		ok, err := done()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %s", what, limit)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
