package fleet

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"taxiterminal/device/vehicle"
	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
	"taxiterminal/vipps"
)

// printed are the codes at the payment API, of all merchants that have keys. A car
// keeps its code when it is moved to another merchant: the sticker stays good.
type printed struct {
	codes map[string]printedCode // by id
	// problems are of merchants whose codes could not be read, by name.
	problems map[string]string
}

type printedCode struct {
	vipps.Code
	of *merchant
}

func (g *Gateway) printedCodes(ctx context.Context) printed {
	p := printed{map[string]printedCode{}, map[string]string{}}
	for _, m := range g.sortedMerchants() {
		if m.client == nil {
			p.problems[m.Name] = "the gateway has no keys of merchant " + m.Name
			continue
		}
		list, res := m.client.Codes(ctx, vipps.CodeText)
		if res.Kind != vipps.Done {
			p.problems[m.Name] = "codes of merchant " + m.Name + ": " + said(res)
		}
		for _, c := range list {
			p.codes[c.ID] = printedCode{c, m}
		}
	}
	return p
}

// problem is why one cannot be sure that a code is not there.
func (p printed) problem() string {
	for _, text := range p.problems {
		return text
	}
	return ""
}

// syncCodes lets each car's printed code lead to its page. It never deletes one, and
// may be done as often as one likes.
func (g *Gateway) syncCodes(ctx context.Context, r request) (any, error) {
	if !g.syncing.TryLock() {
		return nil, &office.Error{Status: http.StatusConflict, Message: "codes are being synced by somebody else", Code: string(registry.Conflict), Hint: "try again in a minute"}
	}
	defer g.syncing.Unlock()
	cars, err := g.registry.Vehicles(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(cars, func(a, b registry.Vehicle) int { return strings.Compare(a.ID, b.ID) })
	s := syncer{Gateway: g, by: r.by, dry: r.on("dry_run"), there: g.printedCodes(ctx)}
	out := office.Sync{DryRun: s.dry, Codes: []office.QRState{}}
	for _, v := range cars {
		out.Codes = append(out.Codes, s.car(ctx, v))
	}
	return out, nil
}

// syncer is one sync.
type syncer struct {
	*Gateway
	by    string
	dry   bool
	there printed
}

func (s syncer) target(v registry.Vehicle) string { return secured(s.pageOf(v)) }

// car puts one car's code right.
func (s syncer) car(ctx context.Context, v registry.Vehicle) office.QRState {
	out := office.QRState{Vehicle: v.ID, QRID: v.QRID, Did: office.Kept}
	have, ok := s.there.codes[v.QRID]
	if !ok {
		if have, ok = s.stray(v); ok {
			out.QRID, out.Did = have.ID, office.Adopted
		}
	}
	var err error
	switch {
	case !ok && s.there.problem() != "":
		out.Did, out.Problem = office.Failed, s.there.problem()
		return out
	case !ok:
		out.Did = office.Made
		if v.QRID != "" {
			out.Did = office.Remade
		}
		out.QRID, err = s.make(ctx, v)
	case have.Target != s.target(v):
		if out.Did == office.Kept {
			out.Did = office.Retargeted
		}
		err = s.retarget(ctx, v, have)
	}
	if err == nil && out.QRID != v.QRID && !s.dry {
		_, err = s.registry.SetQRID(ctx, s.by, v.ID, out.QRID)
	}
	if err != nil {
		out.Did, out.Problem = office.Failed, err.Error()
	}
	return out
}

// stray is a code of the car that the registry does not know: the car made it itself,
// or a sync ended halfway. One that leads to the car's page comes first.
func (s syncer) stray(v registry.Vehicle) (best printedCode, ok bool) {
	for id, c := range s.there.codes {
		if c.of.Name != v.Merchant || !vehicle.Ours(v.ID, id) {
			continue
		}
		good, better := c.Target == s.target(v), best.Target == s.target(v)
		if !ok || good && !better || good == better && id < best.ID {
			best, ok = c, true
		}
	}
	return best, ok
}

func (s syncer) make(ctx context.Context, v registry.Vehicle) (id string, err error) {
	m, err := s.merchant(v.Merchant)
	if err != nil || s.dry {
		return "", err
	}
	if id, err = vehicle.NewID(v.ID, rand.Reader); err != nil {
		return "", err
	}
	if err := s.registry.Note(ctx, s.by, registry.QRMade, v.ID, id); err != nil {
		return "", err
	}
	_, res := m.client.CreateCode(ctx, vipps.RedirectCode{ID: id, Target: s.target(v)}, vipps.CodeText)
	if res.Kind != vipps.Done {
		return "", apiError(res)
	}
	return id, nil
}

func (s syncer) retarget(ctx context.Context, v registry.Vehicle, have printedCode) error {
	if s.dry {
		return nil
	}
	if err := s.registry.Note(ctx, s.by, registry.QRRetargeted, v.ID, have.ID); err != nil {
		return err
	}
	_, res := have.of.client.RetargetCode(ctx, vipps.RedirectCode{ID: have.ID, Target: s.target(v)}, vipps.CodeText)
	if res.Kind != vipps.Done {
		return apiError(res)
	}
	return nil
}
