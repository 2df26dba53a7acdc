package serialport

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// computer is a root folder with what the kernel and udev would put in it.
type computer struct {
	t    *testing.T
	root string
}

func (c computer) write(path, text string) {
	full := filepath.Join(c.root, path)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(full), 0o700))
	require.NoError(c.t, os.WriteFile(full, []byte(text), 0o600))
}

func (c computer) link(path, target string) {
	full := filepath.Join(c.root, path)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(full), 0o700))
	require.NoError(c.t, os.Symlink(target, full))
}

// adapter plugs a USB adapter in, as usb-serial shows one.
func (c computer) adapter(tty, bus, vendor, product, maker, name, serial string) {
	usb := "sys/devices/usb1/" + bus
	for attribute, text := range map[string]string{
		"idVendor": vendor, "idProduct": product, "manufacturer": maker, "product": name, "serial": serial,
	} {
		if text != "" {
			c.write(usb+"/"+attribute, text+"\n")
		}
	}
	c.write(usb+"/"+bus+":1.0/"+tty+"/dev", "188:0\n")
	c.write("sys/bus/drivers/ftdi_sio/x", "")
	c.link(usb+"/"+bus+":1.0/"+tty+"/driver", filepath.Join(c.root, "sys/bus/drivers/ftdi_sio"))
	c.link("sys/class/tty/"+tty+"/device", filepath.Join(c.root, usb, bus+":1.0", tty))
	c.write("dev/"+tty, "")
}

func (c computer) uart(tty, kind, console string) {
	c.write("sys/devices/platform/uart/"+tty+"/x", "")
	c.link("sys/class/tty/"+tty+"/device", filepath.Join(c.root, "sys/devices/platform/uart", tty))
	c.write("sys/class/tty/"+tty+"/type", kind+"\n")
	c.write("sys/class/tty/"+tty+"/console", console+"\n")
	c.write("dev/"+tty, "")
}

func newComputer(t *testing.T) computer {
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	c := computer{t, root}
	c.write("sys/class/tty/tty1/dev", "4:1\n") // a virtual console: no device
	c.write("proc/locks", "1: POSIX  ADVISORY  WRITE 1 00:01:2 0 EOF\n")
	return c
}

func byDevice(t *testing.T, c computer) map[string]Found {
	list, err := ports(c.root)
	require.NoError(t, err)
	found := map[string]Found{}
	for _, f := range list {
		found[f.Device] = f
	}
	require.Len(t, found, len(list))
	return found
}

func TestPortsAreNamedByWhatDoesNotChange(t *testing.T) {
	t.Parallel()
	c := newComputer(t)
	c.adapter("ttyUSB0", "1-1", "0403", "6001", "FTDI", "FT232R USB UART", "A50285BI")
	c.link("dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0", "../../ttyUSB0")
	c.link("dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0", "../../ttyUSB0")
	c.adapter("ttyUSB1", "1-2", "1a86", "7523", "", "USB\x1b[2J Serial", "")
	c.link("dev/serial/by-id/usb-1a86_USB_Serial-if00-port0", "../../ttyUSB1")
	c.link("dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0", "../../ttyUSB1")
	c.adapter("ttyUSB10", "1-3", "0403", "6001", "FTDI", "FT232R USB UART", "B1")
	c.link("dev/serial/by-id/usb-FTDI_FT232R_USB_UART_B1-if00-port0", "../../ttyUSB10")
	c.link("dev/taximeter", "ttyUSB10")
	c.uart("ttyS0", "4", "N")
	c.uart("ttyS1", "0", "N") // not fitted

	list, err := ports(c.root)
	require.NoError(t, err)
	var devices []string
	for _, f := range list {
		devices = append(devices, f.Device)
		require.Equal(t, Free, f.Use, f.Device)
	}
	require.Equal(t, []string{"/dev/ttyS0", "/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyUSB10"}, devices)
	found := byDevice(t, c)
	require.Equal(t, Found{
		Device: "/dev/ttyUSB0", Port: "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0",
		ByID:   []string{"/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"},
		ByPath: []string{"/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0"},
		Maker:  "FTDI", Product: "FT232R USB UART", USB: "0403:6001", Serial: "A50285BI", Driver: "ftdi_sio", Use: Free,
	}, found["/dev/ttyUSB0"])
	require.Equal(t, "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0", found["/dev/ttyUSB1"].Port,
		"another clone without a serial number has the same by-id name")
	require.Equal(t, "USB?[2J Serial", found["/dev/ttyUSB1"].Product)
	require.Equal(t, "/dev/taximeter", found["/dev/ttyUSB10"].Port, "a udev rule wins")
	require.Equal(t, "/dev/ttyS0", found["/dev/ttyS0"].Port)
}

func TestPortsSayWhoHasThem(t *testing.T) {
	t.Parallel()
	c := newComputer(t)
	for i, serial := range []string{"A0", "A1", "A2"} {
		c.adapter(fmt.Sprint("ttyUSB", i), fmt.Sprint("1-", i), "0403", "6001", "FTDI", "UART", serial)
	}
	c.uart("ttyS0", "4", "Y")
	c.link("proc/700/fd/3", filepath.Join(c.root, "dev/ttyUSB0"))
	c.link("proc/700/fd/4", filepath.Join(c.root, "dev/ttyUSB0")) // the same process once more
	c.write("proc/700/comm", "minicom\n")
	c.write("proc/812/comm", "taxiterm\n")
	c.write("proc/812/fd/x", "")
	var st unix.Stat_t
	require.NoError(t, unix.Stat(filepath.Join(c.root, "dev/ttyUSB1"), &st))
	c.write("proc/locks", fmt.Sprintf("1: POSIX  ADVISORY  WRITE 1 00:01:2 0 EOF\n2: FLOCK  ADVISORY  WRITE 812 %02x:%02x:%d 0 EOF\nshort\n",
		unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino))

	found := byDevice(t, c)
	require.Equal(t, Held, found["/dev/ttyUSB0"].Use)
	require.Equal(t, []Holder{{700, "minicom"}}, found["/dev/ttyUSB0"].Holders)
	require.Equal(t, Held, found["/dev/ttyUSB1"].Use)
	require.Equal(t, []Holder{{812, "taxiterm"}}, found["/dev/ttyUSB1"].Holders)
	require.Equal(t, Free, found["/dev/ttyUSB2"].Use)
	require.Equal(t, Console, found["/dev/ttyS0"].Use)

	c.write("proc/900/fd", "a folder that cannot be read, even by root")
	require.Equal(t, Unseen, byDevice(t, c)["/dev/ttyUSB2"].Use, "a process that may have it could not be looked into")
}

func TestPortsOfThisComputer(t *testing.T) {
	t.Parallel()
	list, err := Ports()
	require.NoError(t, err)
	for _, f := range list {
		require.FileExists(t, f.Device)
		require.NotEmpty(t, f.Port)
	}
	_, err = ports(t.TempDir())
	require.ErrorContains(t, err, "is /sys mounted?")
}
