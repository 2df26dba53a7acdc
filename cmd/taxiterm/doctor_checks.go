package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"taxiterminal/config"
	"taxiterminal/terminal/control"
	"taxiterminal/vipps"
)

// credentialsCheck says which credentials are there.
func credentialsCheck(c config.Credentials, err error) control.Check {
	do := "the merchant portal has them, under For developers; write them to " + c.File + ", mode 0600"
	switch {
	case errors.Is(err, config.ErrNoCredentials):
		return fault(control.CheckCredentials, do+"; if systemd hands them to the service, start it and look again", "%s is not there", c.File)
	case err != nil:
		return fault(control.CheckCredentials, "correct the file", "%v", err)
	case len(c.Missing()) > 0:
		return fault(control.CheckCredentials, do, "missing: %v", c.Missing())
	}
	return okay(control.CheckCredentials, "%s", c)
}

// apiCheck judges the answer to a question about a payment that does not exist: that it
// does not is the API's word, and that the keys are good.
func apiCheck(res vipps.Result, took time.Duration) control.Check {
	switch {
	case res.Err == nil, res.Err.Class == vipps.ClassNotFound:
		return okay(control.CheckAPI, "answers, and takes the keys, after %s", short(took))
	case res.Err.Class == vipps.ClassRateLimited:
		return skipped(control.CheckAPI, "look again in a minute", "it was asked too often just now")
	}
	return fault(control.CheckAPI, cmp.Or(res.Err.Hint, apiDo[res.Err.Class], "look again in a minute"), "%s: %v", res.Err.Class, res.Err)
}

var apiDo = map[vipps.Class]string{
	vipps.ClassNetwork:     "look at the modem, its aerial and its SIM",
	vipps.ClassPortal:      "the network wants somebody to log in, or intercepts: use another",
	vipps.ClassCertificate: "somebody intercepts: use another network",
	vipps.ClassClock:       setClock,
	vipps.ClassCredentials: "compare keys, sales unit and environment with the merchant portal",
}

// clockLate is how wrong a clock may be before people notice.
const clockLate = time.Minute

const setClock = "timedatectl set-ntp true; a board without a battery starts in the past until it has a network"

// clockRefused: the API's certificates say that this computer's clock cannot be right.
func clockRefused(now time.Time) control.Check {
	return fault(control.CheckClock, setClock, "this computer's clock says %s, at which the payment API's certificate is not good", now.UTC().Format("2006-01-02 15:04 UTC"))
}

// clockCheck judges by how much this computer's clock is ahead.
func clockCheck(ahead time.Duration) control.Check {
	if ahead.Abs() <= clockLate {
		return okay(control.CheckClock, "is right, to %s", ahead.Abs().Round(time.Second))
	}
	way := "ahead of"
	if ahead < 0 {
		way = "behind"
	}
	return fault(control.CheckClock, setClock, "this computer's clock is %s %s the payment API's", ahead.Abs().Round(time.Second), way)
}

// slowFlush is a flush after which a passenger notices that the amount comes late.
const slowFlush = 100 * time.Millisecond

// flushCheck measures how long the outbox's disk takes to make something safe.
func flushCheck(outbox, more string) control.Check {
	took, err := flushes(filepath.Dir(outbox), 20)
	if err != nil {
		return fault(control.CheckFlush, "look at the disk: df -h, dmesg; the folder must belong to the terminal's user", "%v", err)
	}
	median, longest := took[len(took)/2], took[len(took)-1]
	if median > slowFlush {
		return fault(control.CheckFlush, "amounts will show late and the card may be wearing out: fit a better one (industrial SD or SSD)",
			"median %s, longest %s%s", short(median), short(longest), more)
	}
	return okay(control.CheckFlush, "median %s, longest %s%s", short(median), short(longest), more)
}

// flushes writes a page n times and flushes each, in a file that it removes. The times
// are sorted.
func flushes(folder string, n int) (took []time.Duration, err error) {
	f, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return nil, fmt.Errorf("disk flush: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, 4096)
	for range n {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			return nil, fmt.Errorf("disk flush: %w", err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return nil, fmt.Errorf("disk flush: %w", err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took, nil
}

// leastSpace is room for years of trips, and for a migration's copy.
const leastSpace = 200 << 20

func spaceCheck(outbox string) control.Check {
	var st unix.Statfs_t
	folder := filepath.Dir(outbox)
	if err := unix.Statfs(folder, &st); err != nil {
		return fault(control.CheckSpace, "make the folder, for the terminal's user only", "%s: %v", folder, err)
	}
	free := st.Bavail * uint64(st.Bsize)
	if free < leastSpace {
		return fault(control.CheckSpace, "make room: journalctl --vacuum-size=100M, apt clean", "%d MB are free in %s", free>>20, folder)
	}
	return okay(control.CheckSpace, "%d MB are free", free>>20)
}

// short rounds to what people read.
func short(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(10 * time.Microsecond)
}
