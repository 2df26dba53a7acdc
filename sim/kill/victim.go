package kill

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"taxiterminal/sim"
)

// victim is one program that is killed and started again.
type victim struct {
	name    string
	process *sim.Process
	answers func(context.Context) error // waits until it is ready, once its socket answers
	startup time.Duration               // within which a start may be killed
	starts  starts
	tally   *tally
	// look examines what a kill has left; it runs while the program is down.
	look func(context.Context) error

	mu     sync.Mutex
	alive  bool
	life   int     // counts up
	calm   bool    // no more starts and system calls are drawn
	traced *Point  // where this life ends by itself
	struck []Point // all that happened, for when something is found

	died  chan Point
	ready chan struct{} // closed while it is ready; another one after each kill
}

func newVictim(name string, p *sim.Process, s starts, t *tally) *victim {
	ready := make(chan struct{})
	close(ready)
	return &victim{
		name: name, process: p, answers: func(context.Context) error { return nil }, startup: 60 * time.Millisecond, starts: s, tally: t,
		look: func(context.Context) error { return nil }, alive: true, died: make(chan Point, 1), ready: ready,
	}
}

// kill ends the program, and is false if it was dead already.
func (v *victim) kill(p Point) bool { return v.killIn(p, 0) }

// killIn is kill for one life only; 0 is any.
func (v *victim) killIn(p Point, life int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.alive || life != 0 && life != v.life {
		return false
	}
	select {
	case <-v.process.Ended():
		return false // a system call was faster
	default:
	}
	if err := v.process.Kill(); err != nil {
		return false
	}
	v.gone(p)
	return true
}

func (v *victim) gone(p Point) {
	v.alive = false
	v.ready = make(chan struct{})
	v.struck = append(v.struck, p)
	v.died <- p
}

// supervise looks at what each kill has left and starts the program again, until ctx
// ends or something is wrong.
func (v *victim) supervise(ctx context.Context) error {
	for {
		v.mu.Lock()
		var ended <-chan struct{}
		if v.alive {
			ended = v.process.Ended()
		}
		v.mu.Unlock()
		var p Point
		select {
		case <-ctx.Done():
			return nil
		case p = <-v.died:
		case <-ended:
			if err := v.fell(); err != nil {
				return err
			}
			continue
		}
		if err := v.look(ctx); err != nil {
			return fmt.Errorf("after a kill at %q (%+v): %w", p, p, err)
		}
		v.tally.killed(p)
		if err := v.launch(ctx); err != nil {
			return fmt.Errorf("start after a kill at %q (%+v): %w", p, p, err)
		}
	}
}

// fell takes the end of a program that nobody killed: strace did, or it is a crash.
func (v *victim) fell() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.alive {
		return nil // killed meanwhile
	}
	if v.traced == nil || !v.process.Killed() {
		return fmt.Errorf("%s ended by itself", v.name)
	}
	v.gone(*v.traced)
	return nil
}

// launch starts the program and waits until it is ready, unless it is killed before.
func (v *victim) launch(ctx context.Context) error {
	v.mu.Lock()
	v.life++
	life := v.life
	v.traced, v.process.Under = nil, nil
	soon, early := v.starts.startup(v.startup)
	call, under := v.starts.syscall()
	if !v.calm && under != nil {
		v.process.Under, v.traced = under, &call
		call.Victims = []string{v.name}
	}
	if early = early && !v.calm; early {
		soon.Victims = []string{v.name}
	}
	start := time.Now()
	err := v.process.Launch()
	v.alive = err == nil
	traced, ready := v.traced != nil, v.ready
	v.mu.Unlock()
	if err != nil {
		return err
	}
	alive, stop := context.WithCancel(ctx) // ends with the life
	defer stop()
	ended := v.process.Ended()
	go func() {
		select {
		case <-ended:
			stop()
		case <-alive.Done():
		}
	}()
	if early {
		time.AfterFunc(soon.After, func() { v.killIn(soon, life) })
	}
	if err := errors.Join(v.process.Answers(alive), v.answers(alive)); err != nil {
		if v.over(life) || ctx.Err() != nil {
			return nil // killed at its start: the next turn of supervise
		}
		return err
	}
	if !traced {
		v.tally.ready(v.name, time.Since(start))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.alive && v.life == life {
		close(ready)
	}
	return nil
}

// over: that life has ended, or is about to be seen to.
func (v *victim) over(life int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.alive || v.life != life {
		return true
	}
	select {
	case <-v.process.Ended():
		return v.traced != nil
	default:
		return false
	}
}

// up waits until the program is ready.
func (v *victim) up(ctx context.Context) error {
	v.mu.Lock()
	ready := v.ready
	v.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// settle lets the program live from now on: what still waits for a system call is
// killed for the last time.
func (v *victim) settle(ctx context.Context) error {
	v.mu.Lock()
	v.calm = true
	traced := v.traced != nil
	v.mu.Unlock()
	if traced {
		v.kill(Point{Victims: []string{v.name}, Family: Random})
	}
	// A start that was to be killed may still be.
	for range 3 {
		if err := v.up(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(v.startup):
		}
	}
	return v.up(ctx)
}

// tracer says whether there is a strace that may trace here.
func tracer() error {
	if _, err := exec.LookPath("strace"); err != nil {
		return err
	}
	line := strace("fdatasync", 1)
	cmd := exec.Command(line[0], append(line[1:], "true")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(err, errors.New(strings.TrimSpace(string(out))))
	}
	return nil
}
