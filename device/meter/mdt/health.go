package mdt

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
	frames  int // understood
	bad     int // bytes of whole frames that were not
	last    time.Time
	polled  bool // a status request was answered on this line

	degraded string // a request that is not answered
	failure  byte   // of 42 or 4A
	disabled bool   // by 4A
	timedOut bool   // by 54
}

// slack is how much later than due the answer to a poll may come before the meter
// is called silent: the repetitions, and some.
const slack = 5 * time.Second

func newHealth(cfg Config, now time.Time) health {
	liveness := time.Duration(0)
	if cfg.Poll > 0 {
		liveness = cfg.Poll + slack
	}
	return health{monitor: meter.NewMonitor(liveness, now)}
}

func (h *health) heard(now time.Time) { h.frames++; h.last = now }

func (h *health) misread(f Frame) { h.bad += f.Len + overhead }

func (h *health) status(m MeterStatus) {
	h.polled = true
	h.failure, h.disabled, h.timedOut = m.Failure, !m.Enabled, false
}

// unanswered notes a request without an answer. If nothing at all was heard since,
// the meter is silent, which the monitor will say.
func (h *health) unanswered(r *request, now time.Time) {
	if began := r.limit.Add(-requestTime); !h.last.IsZero() && !h.last.Before(began) {
		h.degraded = "no answer to request " + r.id.String() + ": check the wire to the meter, and the profile"
	}
}

// alarm is what the meter says about itself.
func (h *health) alarm() string {
	var parts []string
	if h.failure != 0 {
		name := failureNames[h.failure]
		if name == "" {
			name = "unknown"
		}
		parts = append(parts, "meter failure: "+name)
	}
	if h.disabled {
		parts = append(parts, "meter disabled")
	}
	if h.timedOut {
		parts = append(parts, "meter timed out")
	}
	return strings.Join(parts, ", ")
}

// observe counts, and gives the health when it is not what was told last.
func (h *health) observe(st Stats, now time.Time) (meter.Health, bool) {
	was := h.counted
	h.counted = st
	line, changed := h.monitor.Observe(now, st.Bytes-was.Bytes, st.Frames-was.Frames, st.Discarded-was.Discarded+h.bad)
	h.bad = 0
	if changed {
		h.line = line
	}
	is := h.line
	if is.State == meter.HealthOK || is.State == meter.HealthNoisy {
		if a := h.alarm(); a != "" {
			is = meter.Health{State: meter.HealthAlarm, Detail: a}
		} else if h.degraded != "" {
			is = meter.Health{State: meter.HealthDegraded, Detail: h.degraded}
		}
	}
	if is == h.told {
		return is, false
	}
	h.told = is
	return is, true
}
