package meter

import (
	"fmt"
	"time"
)

// Monitor judges how the conversation with a meter goes from what its decoder
// counts. It is pure: it learns the time from its caller. A driver owns one for
// each Run and tells the changes that Observe gives to its Sink.
//
// Rules, each with enough inertia that the display does not flicker:
//
//   - silent: no byte for the liveness time that the protocol has. One valid frame
//     ends it.
//   - garbled: bytes for 30 seconds, not one valid frame among them. Two valid
//     frames end it, since one may be an accident of noise.
//   - noisy: more than one damaged byte a second for a minute, or a burst of as
//     many. It ends when the line has been clean for about a minute.
//   - ok: otherwise, from the first valid frame on. Before that nothing is told.
type Monitor struct {
	liveness time.Duration // 0: silence is normal with this protocol
	state    HealthState   // empty until something is known

	lastByte time.Time
	frames   int // valid frames since state was entered

	runSince time.Time // first byte of a run without a valid frame
	runLast  time.Time // last byte of it
	runBytes int       // 0: no run

	dirt   int // leaky bucket of discarded bytes
	leaked time.Time
}

const (
	garbledAfter = 30 * time.Second
	garbledBytes = 8 // fewer are ignition noise, however far apart
	garbledCure  = 2
	noisyAt      = 60 // bytes in a bucket that leaks one a second
	noisyUntil   = 10
	noisyCap     = 70               // bounds the time to recover to a minute
	maxPause     = 60 * time.Second // a longer pause ends a run, where there is no liveness time
)

// NewMonitor begins at now, when the line opened.
func NewMonitor(liveness time.Duration, now time.Time) *Monitor {
	return &Monitor{liveness: liveness, lastByte: now, leaked: now}
}

// Observe takes what arrived since the last call: bytes, valid frames and bytes
// that were discarded because they belong to no frame. It is called at every tick
// too, with zeros. When the state changed it gives the new one and true.
func (m *Monitor) Observe(now time.Time, bytes, frames, discarded int) (Health, bool) {
	m.leak(now)
	m.dirt = min(m.dirt+discarded, noisyCap)
	m.frames += frames
	m.followRun(now, bytes, frames)
	if bytes > 0 {
		m.lastByte = now
	}
	h := m.judge(now)
	if h.State == m.state {
		return Health{}, false
	}
	m.state, m.frames = h.State, 0
	return h, true
}

// SetLiveness changes the liveness time, for instance to 0 when the meter turned
// out not to answer the requests that would keep the line alive.
func (m *Monitor) SetLiveness(d time.Duration) { m.liveness = d }

// State is the present state, empty before anything is known.
func (m *Monitor) State() HealthState { return m.state }

func (m *Monitor) leak(now time.Time) {
	seconds := int(now.Sub(m.leaked) / time.Second)
	m.leaked = m.leaked.Add(time.Duration(seconds) * time.Second)
	m.dirt = max(0, m.dirt-seconds)
}

// followRun measures the run of bytes without a frame.
func (m *Monitor) followRun(now time.Time, bytes, frames int) {
	pause := m.liveness
	if pause == 0 {
		pause = maxPause
	}
	if frames > 0 || now.Sub(m.runLast) > pause {
		m.runBytes = 0
	}
	if bytes == 0 || frames > 0 {
		return
	}
	if m.runBytes == 0 {
		m.runSince = now
	}
	m.runBytes += bytes
	m.runLast = now
}

func (m *Monitor) judge(now time.Time) Health {
	switch {
	case m.liveness > 0 && now.Sub(m.lastByte) >= m.liveness:
		return Health{HealthSilent, fmt.Sprintf("no byte for %d s: meter off, or a wire to it is broken", int(m.liveness.Seconds()))}
	case m.runBytes >= garbledBytes && m.runLast.Sub(m.runSince) >= garbledAfter:
		return Health{HealthGarbled, fmt.Sprintf("%d bytes, no frame, in %d s: check baud rate and parity",
			m.runBytes, int(m.runLast.Sub(m.runSince).Seconds()))}
	case m.state == HealthGarbled && m.frames < garbledCure,
		m.state == HealthSilent && m.frames == 0,
		m.state == "" && m.frames == 0:
		return Health{State: m.state}
	case m.dirt >= noisyAt, m.state == HealthNoisy && m.dirt > noisyUntil:
		return Health{HealthNoisy, "many damaged frames: check the cable's screen and ground"}
	}
	return Health{State: HealthOK}
}
