package fleet

import (
	"fmt"
	"net/http"
	"slices"
	"sync"

	"taxiterminal/fleet/office"
	"taxiterminal/fleet/webhook"
)

// ready says whether cars can be served, with all reasons if not.
func (g *Gateway) ready(w http.ResponseWriter, r *http.Request) {
	var out office.Ready
	if err := g.hub.Healthy(r.Context()); err != nil {
		out.Reasons = append(out.Reasons, err.Error())
	}
	if !g.journalsRead() {
		out.Reasons = append(out.Reasons, "the cars' journals are still being read")
	}
	out.Warnings = g.warnings()
	status := http.StatusOK
	if out.OK = len(out.Reasons) == 0; !out.OK {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, out)
}

func (g *Gateway) journalsRead() bool {
	select {
	case <-g.journals.Ready():
		return true
	default:
		return false
	}
}

// warnings are about some of the cars only.
func (g *Gateway) warnings() []string {
	var list []string
	for _, m := range g.sortedMerchants() {
		if m.client == nil {
			list = append(list, fmt.Sprintf("merchant %s has no keys: its cars take no payments", m.Name))
		}
		if s := g.kept.of(m.MSN); s == webhook.Blocked || s == webhook.Failed {
			list = append(list, fmt.Sprintf("webhooks of merchant %s: %s; cars poll meanwhile (taxifleet webhook register says why)", m.Name, s))
		}
	}
	broken := 0
	for _, f := range g.journals.Files() {
		if f.Broken || f.Missing {
			broken++
		}
	}
	if broken > 0 {
		list = append(list, fmt.Sprintf("%d journal(s) need a person: taxifleet terminal list --all", broken))
	}
	return list
}

func (g *Gateway) sortedMerchants() []*merchant {
	list := make([]*merchant, 0, len(g.merchants))
	for _, m := range g.cfg.Merchants {
		list = append(list, g.merchants[m.Name])
	}
	return slices.Clip(list)
}

// kept is how the webhook registrations of each sales unit were at the last check.
type kept struct {
	mu sync.Mutex
	by map[string]webhook.State
}

func (k *kept) note(msn string, s webhook.State) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil {
		k.by = map[string]webhook.State{}
	}
	k.by[msn] = s
}

func (k *kept) of(msn string) webhook.State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.by[msn]
}
