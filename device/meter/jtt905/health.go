package jtt905

import (
	"strings"
	"time"

	"taxiterminal/device/meter"
)

// health is what the session knows about the conversation.
type health struct {
	monitor *meter.Monitor
	line    meter.Health // what the monitor said last
	told    meter.Health
	counted Stats
	bad     int // bytes of whole frames that were not understood
	last    time.Time

	mute    bool // a request is not answered
	deaf    bool // acknowledgements are not heard
	request Command
	flags   Flags
	state   byte // of the meter, by its status
}

// deafAfter is how often one record is acknowledged before the meter is called deaf.
const deafAfter = 3

// mostDirt is what counts at a time: one damaged record of 77 bytes is no noisy line.
const mostDirt = 40

func newHealth(cfg Config, now time.Time) health {
	return health{monitor: meter.NewMonitor(cfg.Liveness, now)}
}

func (h *health) heard(now time.Time) { h.last = now }

func (h *health) misread(f Frame) { h.bad += len(f.Data) + headLen + tailLen }

func (h *health) status(m Status) {
	h.mute, h.deaf = false, false
	h.state = m.State
}

// answered notes the n-th acknowledgement of one record.
func (h *health) answered(n int) { h.deaf = n >= deafAfter }

// unanswered notes a request without an answer. If nothing at all was heard since, the
// meter is silent, which the monitor will say.
func (h *health) unanswered(c Command, began time.Time) {
	if !h.last.IsZero() && !h.last.Before(began) {
		h.mute, h.request = true, c
	}
}

func (h *health) degraded() string {
	switch {
	case h.deaf:
		return "the meter repeats records that were acknowledged: check the wire to the meter"
	case h.mute:
		return "no answer to request " + h.request.String() + ": check the wire to the meter, and the role"
	}
	return ""
}

// alarm is what the meter says about itself.
func (h *health) alarm() string {
	var found []string
	if h.flags.BadSpeed {
		found = append(found, "the speed signal is abnormal")
	}
	if h.flags.ForcedOff {
		found = append(found, "it is forced off")
	}
	for bit := byte(1); bit <= 8; bit <<= 1 {
		if h.state&bit != 0 {
			found = append(found, stateNames[bit])
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "meter: " + strings.Join(found, ", ")
}

// observe counts, and gives the health when it is not what was told last.
func (h *health) observe(st Stats, now time.Time) (meter.Health, bool) {
	was := h.counted
	h.counted = st
	dirt := min(st.Discarded-was.Discarded+h.bad, mostDirt)
	line, changed := h.monitor.Observe(now, st.Bytes-was.Bytes, st.Frames-was.Frames, dirt)
	h.bad = 0
	if changed {
		h.line = line
	}
	is := h.line
	if is.State == meter.HealthOK || is.State == meter.HealthNoisy {
		if a := h.alarm(); a != "" {
			is = meter.Health{State: meter.HealthAlarm, Detail: a}
		} else if d := h.degraded(); d != "" {
			is = meter.Health{State: meter.HealthDegraded, Detail: d}
		}
	}
	if is == h.told {
		return is, false
	}
	h.told = is
	return is, true
}
