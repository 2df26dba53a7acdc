package terminal

import (
	"context"
	"time"

	"taxiterminal/display"
	"taxiterminal/vipps"
)

// network is what the last answers say about the way to the API.
type network struct {
	state display.Network
	// fault is why the API is of no use now: its class, or empty.
	fault vipps.Class
	// probing is set while somebody looks whether it is over.
	probing bool
	// salesUnit is set while the API refuses this sales unit's requests.
	salesUnit bool
	// refused is set while the fleet's gateway does not let this terminal in.
	refused bool
}

// Linked says whether the connection to the fleet's gateway is there, or that the
// gateway does not let this terminal in. What waits for the network goes on at once
// when it is there.
func (t *Terminal) Linked(up, refused bool) {
	t.post(func() {
		if t.network.refused != refused {
			t.log.Info("gateway", "lets_in", !refused)
		}
		t.network.refused = refused
		if up {
			t.store.Wake()
			t.warmUp()
		}
	})
}

// heard learns from the outcome of any call. It may be called from any goroutine.
func (t *Terminal) heard(op vipps.Op, res vipps.Result) {
	if res.Err != nil && res.Err.Class == vipps.ClassInterrupted {
		return
	}
	now := time.Now()
	t.post(func() {
		if res.Kind == vipps.Done || res.Kind == vipps.Rejected {
			t.clock.Heard(res.Date, now) // nobody but the API can have said this
		}
		t.learn(op, res)
	})
}

func (t *Terminal) learn(op vipps.Op, res vipps.Result) {
	if res.Err != nil && res.Err.Class == vipps.ClassRateLimited && res.Err.Status == 0 {
		return // held back by ourselves
	}
	before := t.network
	t.network.state = display.NetworkUp
	t.network.fault = ""
	if res.Err != nil {
		switch c := res.Err.Class; c {
		case vipps.ClassNetwork, vipps.ClassPortal, vipps.ClassCertificate, vipps.ClassClock:
			t.network.state = display.NetworkDown
			t.network.fault = c
		case vipps.ClassCredentials, vipps.ClassUnavailable, vipps.ClassGarbled:
			t.network.fault = c
		}
	}
	if op == vipps.OpCreate {
		t.network.salesUnit = res.Err != nil && res.Err.Class == vipps.ClassNotPermitted
	}
	if t.network.fault != "" && !t.network.probing {
		t.startProbe(probeFirst)
	}
	if before == t.network {
		return
	}
	if t.network.fault != before.fault {
		t.log.Info("payment api", "network", t.network.state, "fault", t.network.fault)
	}
	if t.network.state == display.NetworkDown && before.state != display.NetworkDown {
		t.cfg.Payments.CloseIdleConnections()
	}
	if t.network.fault == "" && before.fault != "" {
		t.store.Wake()
	}
}

const (
	probeFirst = 2 * time.Second
	probeMost  = 15 * time.Second
)

// startProbe looks whether the API can be used, after a pause.
func (t *Terminal) startProbe(after time.Duration) {
	if t.cfg.Payments == nil {
		return
	}
	t.network.probing = true
	t.work(func(ctx context.Context) {
		if wait(ctx, after) {
			t.probe(ctx)
		}
	})
}

// probe finds out whether the API can be used: at the start, so that missing
// coverage or wrong keys show before the first passenger, and then for as long as
// something is in the way. One is enough; learn starts it anew.
func (t *Terminal) probe(ctx context.Context) {
	for pause := probeFirst; ; pause = min(2*pause, probeMost) {
		t.look(ctx, t.probeReference())
		again := false
		t.do(func() {
			again = t.network.fault != ""
			t.network.probing = again
		})
		if !again || !wait(ctx, pause) {
			return
		}
	}
}

// warmUp has a connection and an access token ready for when the meter stops.
func (t *Terminal) warmUp() {
	if t.cfg.Payments != nil {
		t.work(func(ctx context.Context) { t.look(ctx, t.probeReference()) })
	}
}

// probeReference is one that no trip ever has, because trips count from 1.
func (t *Terminal) probeReference() string {
	return t.cfg.Vehicle + "-" + t.store.ID() + "-0000-0"
}
