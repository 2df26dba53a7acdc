package serialport

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Found is a serial port of this computer, as it looks without opening it.
type Found struct {
	Device  string   `json:"device"`            // such as /dev/ttyUSB0; may be another one after the next start
	Port    string   `json:"port"`              // the best stable name, for the configuration
	ByID    []string `json:"by_id,omitempty"`   // below /dev/serial/by-id
	ByPath  []string `json:"by_path,omitempty"` // below /dev/serial/by-path
	Links   []string `json:"links,omitempty"`   // in /dev, by a udev rule
	Maker   string   `json:"maker,omitempty"`
	Product string   `json:"product,omitempty"`
	USB     string   `json:"usb,omitempty"`    // vendor and product, such as 0403:6001
	Serial  string   `json:"serial,omitempty"` // of the adapter; clone chips have none
	Driver  string   `json:"driver,omitempty"` // of the kernel
	Use     Use      `json:"use"`
	Holders []Holder `json:"holders,omitempty"`
}

// Use says whether a port can be had.
type Use string

const (
	Free    Use = "free"
	Held    Use = "held"    // Holders have it
	Console Use = "console" // the kernel writes its messages to it
	// Unseen: nobody is known to have it, but not every process may be looked into.
	Unseen Use = "unseen"
)

// Holder is a process that has a port open.
type Holder struct {
	PID  int    `json:"pid"`
	Name string `json:"name,omitempty"`
}

// Ports are the serial ports of this computer, by device. It reads what the kernel
// and udev say, and opens no port: opening one moves DTR and RTS, by which some meters
// are reset, and listing ports with the serial library opens every UART.
func Ports() ([]Found, error) { return ports("/") }

// ports looks below root, which tests put in place of /.
func ports(root string) ([]Found, error) {
	classes, err := os.ReadDir(filepath.Join(root, "sys/class/tty"))
	if err != nil {
		return nil, fmt.Errorf("serial ports list: %w; is /sys mounted?", err)
	}
	use := newUses(root)
	names := linksIn(root, "dev/serial/by-id", "dev/serial/by-path", "dev")
	var list []Found
	for _, c := range classes {
		f, ok := findOne(root, c.Name())
		if !ok {
			continue
		}
		target := filepath.Join(root, f.Device)
		f.ByID, f.ByPath, f.Links = names["dev/serial/by-id"][target], names["dev/serial/by-path"][target], names["dev"][target]
		f.Port = f.stable()
		f.Use, f.Holders = use.of(target, c.Name())
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b Found) int {
		return cmp.Or(cmp.Compare(len(a.Device), len(b.Device)), strings.Compare(a.Device, b.Device))
	})
	return list, nil
}

// findOne describes a tty that is a serial port with hardware behind it.
func findOne(root, name string) (Found, bool) {
	class := filepath.Join(root, "sys/class/tty", name)
	device, err := filepath.EvalSymlinks(filepath.Join(class, "device"))
	if err != nil {
		return Found{}, false // a console or a pseudo-terminal
	}
	f := Found{Device: "/dev/" + name}
	if _, err := os.Stat(filepath.Join(root, f.Device)); err != nil || line(class, "type") == "0" {
		return Found{}, false // a place for a UART that is not fitted
	}
	if driver, err := filepath.EvalSymlinks(filepath.Join(device, "driver")); err == nil {
		f.Driver = filepath.Base(driver)
	}
	if usb := usbDevice(root, device); usb != "" {
		f.USB = line(usb, "idVendor") + ":" + line(usb, "idProduct")
		f.Maker, f.Product, f.Serial = line(usb, "manufacturer"), line(usb, "product"), line(usb, "serial")
	}
	return f, true
}

// usbDevice is the folder of the USB device that a port belongs to, some steps above
// it; empty if there is none.
func usbDevice(root, device string) string {
	for range 4 {
		if line(device, "idVendor") != "" {
			return device
		}
		if device = filepath.Dir(device); len(device) <= len(root) {
			break
		}
	}
	return ""
}

// stable is the name that stays: a udev rule's, since somebody wanted it; by-id where
// the adapter has a serial number, and by-path where two of a kind look alike.
func (f Found) stable() string {
	order := [][]string{f.Links, f.ByID, f.ByPath}
	if f.Serial == "" {
		order = [][]string{f.Links, f.ByPath, f.ByID}
	}
	for _, names := range order {
		if len(names) > 0 {
			return names[0]
		}
	}
	return f.Device
}

// linksIn gives the symbolic links in each folder, by what they lead to.
func linksIn(root string, folders ...string) map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for _, folder := range folders {
		all[folder] = map[string][]string{}
		entries, _ := os.ReadDir(filepath.Join(root, folder)) // not there without USB
		for _, e := range entries {
			if e.Type() != os.ModeSymlink {
				continue
			}
			if target, err := filepath.EvalSymlinks(filepath.Join(root, folder, e.Name())); err == nil {
				all[folder][target] = append(all[folder][target], "/"+filepath.Join(folder, e.Name()))
			}
		}
	}
	return all
}

// line is the first line of an attribute, without what could move a terminal's cursor.
func line(folder, name string) string {
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.TrimSpace(first))
}
