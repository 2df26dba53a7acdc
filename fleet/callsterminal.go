package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
)

// quoted keeps what somebody sent out of long errors.
func quoted(s string) string { return strconv.Quote(s[:min(len(s), 64)]) }

func (g *Gateway) listTerminals(ctx context.Context, r request) (any, error) {
	all, err := g.registry.Terminals(ctx)
	if err != nil {
		return nil, err
	}
	cars, err := g.registry.Vehicles(ctx)
	if err != nil {
		return nil, err
	}
	in := map[string]bool{}
	for _, v := range cars {
		in[v.Terminal] = true
	}
	files := g.filesOf()
	list := []office.Terminal{}
	for _, t := range all {
		if active := t.Revoked.IsZero() && in[t.ID]; active || r.on("all") {
			list = append(list, g.terminalFor(t, active, files[t.ID]))
		}
	}
	slices.SortFunc(list, func(a, b office.Terminal) int {
		return cmp.Or(cmp.Compare(a.Vehicle, b.Vehicle), a.Enrolled.Compare(b.Enrolled))
	})
	return list, nil
}

// filesOf are the journals of each terminal, the newest last.
func (g *Gateway) filesOf() map[string][]journal.File {
	files := map[string][]journal.File{}
	for _, f := range g.journals.Files() {
		files[f.Terminal] = append(files[f.Terminal], f)
	}
	for _, list := range files {
		slices.SortFunc(list, func(a, b journal.File) int { return a.Last.Compare(b.Last) })
	}
	return files
}

func (g *Gateway) terminalFor(t registry.Terminal, active bool, files []journal.File) office.Terminal {
	o := office.Terminal{Terminal: t, Active: active, Journals: files}
	if s, ok := g.heard.of(t.ID); ok {
		o.Heard, o.Version = s.at.UTC(), s.version
	}
	for _, f := range files {
		if f.Last.After(o.Heard) {
			o.Heard = f.Last.UTC()
		}
		o.Alarms = append(o.Alarms, alarmsOf(f)...)
	}
	if s, ok := g.journals.Newest(t.Vehicle); ok && active {
		o.Trip = s.ID.String()
	}
	return o
}

func alarmsOf(f journal.File) (list []string) {
	if f.Broken {
		list = append(list, fmt.Sprintf("journal %s is broken after row %d: somebody changed the car's file, or put an older one back; what came later does not count", f.File, f.Seq))
	}
	if f.Missing {
		list = append(list, fmt.Sprintf("journal %s lacks rows after %d; they come again when the car connects", f.File, f.Seq))
	}
	return list
}

// terminal finds one by its key, or the one that is in a car.
func (g *Gateway) terminal(ctx context.Context, id string) (registry.Terminal, error) {
	if link.ValidTerminal(id) {
		return g.registry.Terminal(ctx, id)
	}
	v, err := g.registry.Vehicle(ctx, id)
	if err != nil {
		return registry.Terminal{}, err
	}
	if v.Terminal == "" {
		return registry.Terminal{}, &registry.Refusal{Code: registry.NotFound, Text: "vehicle " + v.ID + " has no terminal", Hint: "make a token for it: taxifleet token " + v.ID}
	}
	return g.registry.Terminal(ctx, v.Terminal)
}

func (g *Gateway) showTerminal(ctx context.Context, r request) (any, error) {
	t, err := g.terminal(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, err := g.registry.Vehicle(ctx, t.Vehicle)
	return g.terminalFor(t, t.Revoked.IsZero() && v.Terminal == t.ID, g.filesOf()[t.ID]), err
}

func (g *Gateway) revokeTerminal(ctx context.Context, r request) (any, error) {
	q, err := read[office.Reason](r)
	if err != nil {
		return nil, err
	}
	t, err := g.terminal(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	cut, err := g.enrol.Revoke(ctx, r.by, t.ID, q.Reason)
	return office.Revoked{Terminal: t.ID, Vehicle: t.Vehicle, Cut: cut}, err
}
