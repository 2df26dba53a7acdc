package gwp5043

import (
	"time"

	"taxiterminal/device/meter"
)

// liveness is how long a hired meter, which sends every second, may be silent.
const liveness = 3 * time.Second

// muchDoubted is after how many frames in a row that were not believed the technician hears
// of it.
const muchDoubted = 10

// health is what is known about how well the meter is heard.
type health struct {
	monitor *meter.Monitor
	line    meter.Health // what the monitor said last
	told    meter.Health
	counted Stats
	bad     int // bytes of whole frames that were not understood
}

func (h *health) misread(f Frame) { h.bad += len(f.Data) + overhead }

// hired says whether silence is a fault now.
func (h *health) hired(yes bool) {
	if yes {
		h.monitor.SetLiveness(liveness)
	} else {
		h.monitor.SetLiveness(0)
	}
}

// observe counts, and gives the health when it is not what was told last.
func (h *health) observe(st Stats, w *witness, now time.Time) (meter.Health, bool) {
	was := h.counted
	h.counted = st
	line, changed := h.monitor.Observe(now, st.Bytes-was.Bytes, st.Frames-was.Frames, st.Discarded-was.Discarded+h.bad)
	h.bad = 0
	if changed {
		h.line = line
	}
	is := h.line
	if is.State == meter.HealthOK || is.State == meter.HealthNoisy {
		switch {
		case w.foreign != "":
			is = meter.Health{State: meter.HealthAlarm, Detail: "meter " + w.foreign + " answers in the place of " + w.serial +
				": connect the right one, or set serial and start again"}
		case w.doubted >= muchDoubted:
			is = meter.Health{State: meter.HealthDegraded, Detail: "frames contradict each other: check the cable, and the meter's clock"}
		}
	}
	if is == h.told {
		return is, false
	}
	h.told = is
	return is, true
}
