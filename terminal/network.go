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
	// salesUnit is set while the API refuses this sales unit's requests.
	salesUnit bool
}

// heard learns from the outcome of any call. It may be called from any goroutine.
func (t *Terminal) heard(op vipps.Op, res vipps.Result) {
	if res.Err != nil && res.Err.Class == vipps.ClassInterrupted {
		return
	}
	t.post(func() { t.learn(op, res) })
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
		case vipps.ClassNetwork, vipps.ClassPortal, vipps.ClassCertificate:
			t.network.state = display.NetworkDown
			t.network.fault = c
		case vipps.ClassCredentials, vipps.ClassUnavailable, vipps.ClassGarbled:
			t.network.fault = c
		}
	}
	if op == vipps.OpCreate {
		t.network.salesUnit = res.Err != nil && res.Err.Class == vipps.ClassNotPermitted
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

// probe finds out whether the API can be used: at the start, so that missing
// coverage or wrong keys show before the first passenger, and then for as long as
// something is in the way.
func (t *Terminal) probe(ctx context.Context) {
	if t.cfg.Payments == nil {
		return
	}
	t.look(ctx, t.probeReference())
	for pause := probeFirst; wait(ctx, pause); {
		var fault vipps.Class
		t.do(func() { fault = t.network.fault })
		if fault == "" {
			pause = probeFirst
			continue
		}
		t.look(ctx, t.probeReference())
		pause = min(2*pause, probeMost)
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
