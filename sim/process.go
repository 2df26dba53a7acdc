package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Process is one of the real programs, as a process that can be killed. It is ready
// when its socket answers.
type Process struct {
	Name    string // in errors
	Program string
	Args    []string
	Socket  string
	Log     io.Writer
	Env     []string // on top of this program's, e.g. "SSL_CERT_FILE=/ca.pem"

	cmd    *exec.Cmd
	exited chan error
}

// Pid is the process id of the running program.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// readyTimeout is far more than a start takes.
const readyTimeout = 20 * time.Second

// Start runs the program and waits until its socket answers.
func (p *Process) Start(ctx context.Context) error {
	p.cmd = exec.Command(p.Program, p.Args...)
	p.cmd.Stdout, p.cmd.Stderr = p.Log, p.Log
	p.cmd.Env = append(os.Environ(), p.Env...)
	// The program must not outlive a simulator that is killed.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("%s start: %w", p.Name, err)
	}
	exited := make(chan error, 1)
	cmd := p.cmd
	go func() { exited <- cmd.Wait() }()
	p.exited = exited
	return Poll(ctx, readyTimeout, p.Name+" ready", func() (bool, error) {
		select {
		case err := <-p.exited:
			p.exited <- err
			return false, fmt.Errorf("%s ended at its start: %w", p.Name, errors.Join(err, errEnded))
		default:
		}
		conn, err := net.Dial("unix", p.Socket)
		if err != nil {
			return false, nil
		}
		return true, conn.Close()
	})
}

var errEnded = errors.New("see its log")

// Kill ends the program as a pulled plug does.
func (p *Process) Kill() error {
	if p.cmd == nil {
		return nil
	}
	err := p.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-p.exited
	p.cmd = nil
	return err
}

// Stop ends the program in its orderly way, and says if it did not manage.
func (p *Process) Stop() error {
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	defer func() { p.cmd = nil }()
	select {
	case err := <-p.exited:
		if err != nil {
			return fmt.Errorf("%s stop: %w", p.Name, err)
		}
		return nil
	case <-time.After(10 * time.Second):
		return errors.Join(fmt.Errorf("%s stop: took longer than 10 s", p.Name), p.cmd.Process.Kill())
	}
}

// Fixed is an address with a port that is free now, so that it stays over restarts. It is
// not one of those that the system gives to outgoing connections: while nobody listens
// there, it would be taken by one sooner or later.
func Fixed(listen string) (string, error) {
	const first, last = 20000, 32000
	if listen != "" && !strings.HasSuffix(listen, ":0") {
		return listen, nil
	}
	for tries := 0; ; tries++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(last-first)))
		switch {
		case err == nil:
			return l.Addr().String(), l.Close()
		case tries == 100:
			return "", err
		}
	}
}

// Poll asks again and again, because processes have no other way to tell.
func Poll(ctx context.Context, limit time.Duration, what string, done func() (bool, error)) error {
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
