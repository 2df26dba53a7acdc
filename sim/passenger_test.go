package sim

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"taxiterminal/vipps/vippstest"
)

// TestAForgottenPassengerIsGoneFromTheDisk shares a number with the real daemon,
// forgets it, and looks for it in every byte that the daemon has on the disk or has
// logged.
func TestAForgottenPassengerIsGoneFromTheDisk(t *testing.T) {
	t.Parallel()
	written := &log{}
	trip := started(t, func(o *Options) { share(nil)(o); o.Log = written })
	ctx := withTimeout(t, 2*time.Minute)
	require.NoError(t, paid(ctx, trip))
	known, err := trip.Known(ctx, 1)
	require.NoError(t, err)
	person := vippstest.DefaultPassenger
	require.Equal(t, "+"+person.Phone, known[0].Number)
	var masked []contact
	require.NoError(t, trip.Daemon.Command(ctx, &masked, "contacts", "list"))
	require.NotContains(t, masked[0].Number, person.Phone[2:])

	everywhere := func() string {
		files, err := filepath.Glob(trip.Daemon.Outbox() + "*")
		require.NoError(t, err)
		var all strings.Builder
		for _, f := range files {
			b, err := os.ReadFile(f)
			require.NoError(t, err)
			all.Write(b)
		}
		return all.String()
	}
	absent := func(text string) {
		for _, secret := range []string{person.Phone, person.Phone[2:], person.FirstName, person.LastName} {
			require.NotContains(t, text, secret)
		}
	}
	absent(everywhere())
	require.NoError(t, trip.Daemon.Command(ctx, nil, "contacts", "forget", "1"))
	_, err = trip.Known(ctx, 0)
	require.NoError(t, err)
	absent(everywhere())
	require.NoError(t, trip.Daemon.Stop())
	absent(everywhere())
	absent(written.String())
	require.ErrorContains(t, trip.Daemon.Command(ctx, nil, "contacts", "forget", "1"), "not running")
}

// TestAReceiptComesOutOfThePrinter prints on a pseudo-terminal.
func TestAReceiptComesOutOfThePrinter(t *testing.T) {
	t.Parallel()
	paper, device, err := pty.Open()
	require.NoError(t, err)
	defer paper.Close()
	defer device.Close()
	trip := started(t, func(o *Options) {
		o.More = "[receipt]\nheader = [\"Org.nr 999 999 999 MVA\"]\n[printer]\nport = \"" + device.Name() + "\"\n"
	})
	ctx := withTimeout(t, 2*time.Minute)
	require.NoError(t, paid(ctx, trip))
	printed := make(chan string, 1)
	go func() {
		var all []byte
		buf := make([]byte, 4096)
		for !bytes.Contains(all, []byte("286,50")) || !bytes.Contains(all, []byte("\x1dv0")) {
			n, err := paper.Read(buf)
			all = append(all, buf[:n]...)
			if err != nil {
				break
			}
		}
		printed <- string(all)
		_, _ = io.Copy(io.Discard, paper) // until the test closes it
	}()
	require.NoError(t, trip.Daemon.Command(ctx, nil, "pay", "print", "1"))
	select {
	case text := <-printed:
		require.Contains(t, text, "Org.nr 999 999 999 MVA")
		require.Contains(t, text, "286,50")
		require.Contains(t, text, "\x1dv0", "the reference as a code")
	case <-ctx.Done():
		t.Fatal("nothing was printed")
	}
}

// TestTheStickerIsMadeFromTheCarsCode goes from nothing to a print-ready PDF.
func TestTheStickerIsMadeFromTheCarsCode(t *testing.T) {
	t.Parallel()
	trip := started(t, nil)
	ctx := withTimeout(t, time.Minute)
	require.ErrorContains(t, trip.Daemon.Command(ctx, nil, "qr", "sticker", "--config", filepath.Join(trip.Daemon.dir, "taxiterm.toml")), "no code to print yet")
	require.NoError(t, trip.Daemon.Command(ctx, nil, "qr", "create", "--target", "https://taxi.example/v/7kQ2mXw9Lp"))
	var code struct {
		Phase, ID, Text, SVG string
		Guessable            bool
	}
	require.NoError(t, Poll(ctx, Patience, "picture fetched", func() (bool, error) {
		err := trip.Daemon.Command(ctx, &code, "qr", "show")
		return code.SVG != "", err
	}))
	require.Equal(t, "live", code.Phase)
	_, err := trip.Passenger.Await(ctx, Patience, "the car's code", func(html string) bool { return strings.Contains(html, "/code/") })
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "sticker.pdf")
	for _, format := range []string{"A6", "A7"} {
		require.NoError(t, trip.Daemon.Command(ctx, nil, "qr", "sticker", "--format", format, "-o", file,
			"--config", filepath.Join(trip.Daemon.dir, "taxiterm.toml")))
		pdf, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
		scanned(t, file, code.Text)
	}
	require.ErrorContains(t, trip.Daemon.Command(ctx, nil, "qr", "destroy", code.ID), "--destroy-printed-code")
	require.True(t, trip.API.Codes()[0].Alive)
}

// scanned renders a page at 150 dpi and lets an independent reader look at it.
func scanned(t *testing.T, pdf, want string) {
	t.Helper()
	for _, tool := range []string{"pdftoppm", "zbarimg"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("NOT TESTED: %s is not installed, no independent decoder has read the sticker", tool)
			return
		}
	}
	page := filepath.Join(t.TempDir(), "page")
	out, err := exec.Command("pdftoppm", "-r", "150", "-png", "-singlefile", pdf, page).CombinedOutput()
	require.NoError(t, err, string(out))
	out, err = exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", page+".png").Output()
	require.NoError(t, err)
	require.Equal(t, want, strings.TrimSpace(string(out)))
}
