package fleet

import (
	"taxiterminal/device/vehicle"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/registry"
	"taxiterminal/fleet/webhook"
)

// checkIn tells the car whose callback code was scanned that somebody waits.
func (g *Gateway) checkIn(e webhook.Event) {
	v, ok := g.coded(e)
	if !ok || v.Terminal == "" {
		g.log.Warn("somebody has scanned a callback code that is no car's", "msn", e.MSN, "qr", e.QR)
		return
	}
	err := link.Push(g.hub.Conn(), v.Terminal, link.Hint{CheckIn: &link.CheckIn{CustomerToken: e.Token.Reveal()}})
	if err != nil {
		g.log.Warn("check-in not pushed, the passenger can scan the screen", "vehicle", v.ID, "err", err)
	}
}

// coded finds the car of a printed code, among those of the sales unit that was told.
func (g *Gateway) coded(e webhook.Event) (registry.Vehicle, bool) {
	all, err := g.registry.Vehicles(g.ctx)
	if err != nil {
		g.log.Warn("check-in not looked up", "err", err)
	}
	for _, v := range all {
		m := g.merchants[v.Merchant]
		if m != nil && m.MSN == e.MSN && (v.QRID == e.QR || vehicle.Ours(v.ID, e.QR)) {
			return v, true
		}
	}
	return registry.Vehicle{}, false
}
