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
	"sync"
	"syscall"
	"time"
)

// Process is one of the real programs, as a process that can be killed. It is ready
// when its socket answers.
type Process struct {
	Name    string // in errors
	Program string
	Args    []string
	Under   []string // a program and its arguments that runs this one and gives it its own process id, as strace -D does; nil for none
	Socket  string
	Log     io.Writer
	Env     []string // on top of this program's, e.g. "SSL_CERT_FILE=/ca.pem"

	life *life // the last one; nil before the first
}

// life is a process from its start to its end.
type life struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed at the end
	err   error         // how it ended, once it has
}

// Pid is the process id of the running program.
func (p *Process) Pid() int { return p.life.cmd.Process.Pid }

// readyTimeout is far more than a start takes.
const readyTimeout = 20 * time.Second

// Start runs the program and waits until its socket answers.
func (p *Process) Start(ctx context.Context) error {
	if err := p.Launch(); err != nil {
		return err
	}
	return p.Answers(ctx)
}

// Launch runs the program and waits for nothing.
func (p *Process) Launch() error {
	line := append(append(p.Under[:len(p.Under):len(p.Under)], p.Program), p.Args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stdout, cmd.Stderr = p.Log, p.Log
	cmd.Env = append(os.Environ(), p.Env...)
	// The program must not outlive a simulator that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s start: %w", p.Name, err)
	}
	l := &life{cmd: cmd, ended: make(chan struct{})}
	go func() {
		l.err = cmd.Wait()
		close(l.ended)
	}()
	p.life = l
	return nil
}

// Answers waits until the program's socket answers.
func (p *Process) Answers(ctx context.Context) error {
	l := p.life
	return poll(ctx, readyTimeout, time.Millisecond, p.Name+" ready", func() (bool, error) {
		select {
		case <-l.ended:
			return false, fmt.Errorf("%s ended at its start: %w", p.Name, errors.Join(l.err, errEnded))
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

// Ended is closed when the program that was launched last has ended, by Kill or by itself.
func (p *Process) Ended() <-chan struct{} { return p.life.ended }

// Killed is true of a program that has ended by SIGKILL.
func (p *Process) Killed() bool {
	status, ok := p.life.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// Kill ends the program as a pulled plug does.
func (p *Process) Kill() error {
	if p.life == nil {
		return nil
	}
	err := p.life.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-p.life.ended
	return err
}

// Stop ends the program in its orderly way, and says if it did not manage. It does
// nothing if the program has ended already.
func (p *Process) Stop() error {
	l := p.life
	if l == nil {
		return nil
	}
	select {
	case <-l.ended:
		return nil
	default:
	}
	if err := l.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-l.ended:
		if l.err != nil {
			return fmt.Errorf("%s stop: %w", p.Name, l.err)
		}
		return nil
	case <-time.After(10 * time.Second):
		return errors.Join(fmt.Errorf("%s stop: took longer than 10 s", p.Name), l.cmd.Process.Kill())
	}
}

// Fixed is an address with a port that is free now, so that it stays over restarts. It is
// not one of those that the system gives to outgoing connections: while nobody listens
// there, it would be taken by one sooner or later. Nor does another simulator get it for as
// long as this process lives, whether somebody listens there or not.
func Fixed(listen string) (string, error) {
	const first, last = 20000, 32000
	if listen != "" && !strings.HasSuffix(listen, ":0") {
		return listen, nil
	}
	for tries := 0; ; tries++ {
		addr, err := reserve(first + rand.IntN(last-first))
		if err == nil || tries == 100 {
			return addr, err
		}
	}
}

// reserve takes a port if it is free. What says so to other simulators is a socket with its
// number in the abstract namespace, which ends with the process.
func reserve(port int) (string, error) {
	sign, err := net.Listen("unix", fmt.Sprintf("@taxisim-port-%d", port))
	if err != nil {
		return "", err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", errors.Join(err, sign.Close())
	}
	signs.Store(port, sign)
	return addr, l.Close()
}

var signs sync.Map // of the ports of this process, so that they are not collected

// Poll asks again and again, because processes have no other way to tell.
func Poll(ctx context.Context, limit time.Duration, what string, done func() (bool, error)) error {
	return poll(ctx, limit, 5*time.Millisecond, what, done)
}

func poll(ctx context.Context, limit, pause time.Duration, what string, done func() (bool, error)) error {
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
		case <-time.After(pause):
		}
	}
}
