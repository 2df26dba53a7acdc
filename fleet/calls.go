package fleet

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
)

// calls are what an administrator can do, by their pattern; see package office.
func (g *Gateway) calls() map[string]adminCall {
	return map[string]adminCall{
		"GET /v1/cars":                        {registry.Read, g.listCars},
		"POST /v1/cars":                       {registry.Operate, g.addCar},
		"GET /v1/cars/{id}":                   {registry.Read, g.showCar},
		"POST /v1/cars/{id}/code":             {registry.Operate, g.newCode},
		"POST /v1/cars/{id}/merchant":         {registry.Operate, g.moveCar},
		"POST /v1/cars/{id}/qr":               {registry.Operate, g.setQR},
		"POST /v1/cars/{id}/token":            {registry.Operate, g.makeToken},
		"DELETE /v1/cars/{id}/token":          {registry.Operate, g.cancelTokens},
		"GET /v1/terminals":                   {registry.Read, g.listTerminals},
		"GET /v1/terminals/{id}":              {registry.Read, g.showTerminal},
		"POST /v1/terminals/{id}/revoke":      {registry.Operate, g.revokeTerminal},
		"GET /v1/merchants":                   {registry.Read, g.listMerchants},
		"GET /v1/webhooks":                    {registry.Read, g.listWebhooks},
		"POST /v1/webhooks/check":             {registry.Operate, g.checkWebhooks},
		"DELETE /v1/webhooks/{merchant}/{id}": {registry.Operate, g.deleteWebhook},
		"GET /v1/trips":                       {registry.Read, g.listTrips},
		"GET /v1/trips/{reference}":           {registry.Read, g.showTrip},
		"POST /v1/trips/{reference}/refund":   {registry.Operate, g.refund},
		"GET /v1/report":                      {registry.Read, g.report},
		"POST /v1/qr/sync":                    {registry.Operate, g.syncCodes},
		"GET /v1/stickers.pdf":                {registry.Read, g.stickers},
		"GET /v1/admins":                      {registry.Read, g.listAdmins},
		"POST /v1/admins":                     {registry.Operate, g.addAdmin},
		"DELETE /v1/admins/{name}":            {registry.Operate, g.removeAdmin},
		"GET /v1/audit":                       {registry.Read, g.audit},
	}
}

// done is the answer of calls that have nothing to say.
var done = map[string]bool{"ok": true}

func (g *Gateway) listCars(ctx context.Context, _ request) (any, error) {
	all, err := g.registry.Vehicles(ctx)
	cars := make([]office.Car, 0, len(all))
	for _, v := range all {
		cars = append(cars, g.carFor(v))
	}
	slices.SortFunc(cars, func(a, b office.Car) int { return strings.Compare(a.ID, b.ID) })
	return cars, err
}

func (g *Gateway) pageOf(v registry.Vehicle) string { return g.cfg.PublicURL + "/v/" + v.Code }

func (g *Gateway) carFor(v registry.Vehicle) office.Car {
	return office.Car{Vehicle: v, Page: g.pageOf(v)}
}

func (g *Gateway) showCar(ctx context.Context, r request) (any, error) {
	v, err := g.registry.Vehicle(ctx, r.PathValue("id"))
	return g.carFor(v), err
}

func (g *Gateway) addCar(ctx context.Context, r request) (any, error) {
	q, err := read[office.AddCar](r)
	if err != nil {
		return nil, err
	}
	if q.Merchant == "" && len(g.cfg.Merchants) == 1 {
		q.Merchant = g.cfg.Merchants[0].Name
	}
	if q.Merchant == "" {
		e := malformed("which merchant is the car of?")
		e.Hint = "there are several: name one"
		return nil, e
	}
	v, err := g.registry.AddVehicle(ctx, r.by, q.ID, q.Merchant)
	return g.carFor(v), err
}

func (g *Gateway) newCode(ctx context.Context, r request) (any, error) {
	v, err := g.registry.NewCode(ctx, r.by, r.PathValue("id"))
	return g.carFor(v), err
}

func (g *Gateway) moveCar(ctx context.Context, r request) (any, error) {
	q, err := read[office.MoveCar](r)
	if err != nil {
		return nil, err
	}
	v, err := g.registry.MoveVehicle(ctx, r.by, r.PathValue("id"), q.Merchant)
	return g.carFor(v), err
}

func (g *Gateway) setQR(ctx context.Context, r request) (any, error) {
	q, err := read[office.SetQR](r)
	if err != nil {
		return nil, err
	}
	v, err := g.registry.SetQRID(ctx, r.by, r.PathValue("id"), q.ID)
	return g.carFor(v), err
}

// tokenHours is how long a token can be used unless it is said.
const tokenHours = 24

func (g *Gateway) makeToken(ctx context.Context, r request) (any, error) {
	q, err := read[office.TokenRequest](r)
	if err != nil {
		return nil, err
	}
	most := int(registry.MaxTTL / time.Hour)
	if q.Hours < 0 || q.Hours > most {
		return nil, malformed("hours: want 1 to %d", most)
	}
	if q.Hours == 0 {
		q.Hours = tokenHours
	}
	v, err := g.registry.Vehicle(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	life := time.Duration(q.Hours) * time.Hour
	t := office.Token{Vehicle: v.ID, Expires: time.Now().Add(life).UTC().Truncate(time.Second), Server: g.cfg.PublicURL}
	if q.Replace {
		t.Token, err = g.enrol.Replace(ctx, r.by, v.ID, life)
	} else {
		t.Token, err = g.enrol.NewToken(ctx, r.by, v.ID, life)
	}
	return t, err
}

func (g *Gateway) cancelTokens(ctx context.Context, r request) (any, error) {
	v, err := g.registry.Vehicle(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return done, g.registry.CancelTokens(ctx, r.by, v.ID)
}

func (g *Gateway) listMerchants(ctx context.Context, _ request) (any, error) {
	all, err := g.registry.Merchants(ctx)
	if err != nil {
		return nil, err
	}
	cars, err := g.registry.Vehicles(ctx)
	list := make([]office.Merchant, 0, len(all))
	for _, m := range all {
		o := office.Merchant{Merchant: m}
		_, o.Keys = g.api(m.Name)
		for _, v := range cars {
			if v.Merchant == m.Name {
				o.Cars++
			}
		}
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b office.Merchant) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

func (g *Gateway) listAdmins(ctx context.Context, _ request) (any, error) {
	all, err := g.registry.Admins(ctx)
	list := make([]office.Admin, 0, len(all))
	for _, a := range all {
		list = append(list, office.Admin{Name: a.Name, Role: a.Role, Added: a.Added})
	}
	return list, err
}

func (g *Gateway) addAdmin(ctx context.Context, r request) (any, error) {
	q, err := read[office.AddAdmin](r)
	if err != nil {
		return nil, err
	}
	token, err := g.registry.AddAdmin(ctx, r.by, q.Name, q.Role)
	return office.NewAdmin{Name: q.Name, Role: q.Role, Token: token}, err
}

func (g *Gateway) removeAdmin(ctx context.Context, r request) (any, error) {
	return done, g.registry.RemoveAdmin(ctx, r.by, r.PathValue("name"))
}

func (g *Gateway) audit(ctx context.Context, r request) (any, error) {
	n, err := r.number("n", 100, 1000)
	if err != nil {
		return nil, err
	}
	return g.registry.Audit(ctx, n)
}

// merchant is one by name, with its client.
func (g *Gateway) merchant(name string) (*merchant, error) {
	m := g.merchants[name]
	if m == nil {
		return nil, &office.Error{Status: http.StatusNotFound, Message: "no merchant " + quoted(name), Code: string(registry.NotFound), Hint: "taxifleet merchant list shows them; they are in the configuration"}
	}
	if m.client == nil {
		return nil, &office.Error{Status: http.StatusConflict, Message: "the gateway has no keys of merchant " + name, Code: office.NoKeys, Hint: "put them into its keys file and start it again"}
	}
	return m, nil
}
