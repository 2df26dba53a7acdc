package capture

import (
	"time"
	"unicode"

	"taxiterminal/device/meter"
)

// health is what is known about the line and about what came over it.
type health struct {
	monitor *meter.Monitor // there is no liveness time: silence is normal
	line    meter.Health   // what the monitor said last
	last    meter.Health   // what is wrong with the last job; the zero value is nothing
	printer string         // what is wrong with the printer of a tee
	told    meter.Health
	bytes   int // counted so far
	clean   int
	dirt    int
}

func newHealth(now time.Time) health {
	return health{monitor: meter.NewMonitor(0, now)}
}

// observe takes the splitter's counts, and gives the health when it is not what was
// told last.
func (h *health) observe(s *splitter, now time.Time) (meter.Health, bool) {
	line, changed := h.monitor.Observe(now, s.total-h.bytes, s.clean-h.clean, s.dirt-h.dirt)
	h.bytes, h.clean, h.dirt = s.total, s.clean, s.dirt
	if changed {
		h.line = line
	}
	is := h.line
	if is.State == "" || is.State == meter.HealthOK || is.State == meter.HealthNoisy {
		switch {
		case h.last.State != "":
			is = h.last
		case h.printer != "":
			is = meter.Health{State: meter.HealthDegraded, Detail: h.printer}
		}
	}
	if is == h.told || is.State == "" {
		return is, false
	}
	h.told = is
	return is, true
}

// garbledJob is the least number of characters from which the baud rate is judged;
// fewer are noise of the ignition.
const garbledJob = 16

// garbled is true if a job is no text in any language that receipts are in.
func garbled(j Job) bool {
	all, odd := 0, 0
	for _, r := range j.Text {
		all++
		if r >= 0x7F && !unicode.In(r, unicode.Latin, unicode.Han) && r != '€' && r != '£' && r != '§' {
			odd++
		}
	}
	all, odd = all+j.Dirt, odd+j.Dirt
	return all >= garbledJob && 4*odd > all
}
