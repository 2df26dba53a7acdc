package office

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/registry"
)

// Cars are all vehicles.
func (c *Client) Cars(ctx context.Context) ([]Car, error) { return get[[]Car](ctx, c, "/v1/cars") }

// Car is one.
func (c *Client) Car(ctx context.Context, id string) (Car, error) {
	return get[Car](ctx, c, carPath(id, ""))
}

// AddCar adds one.
func (c *Client) AddCar(ctx context.Context, q AddCar) (Car, error) {
	return post[Car](ctx, c, "/v1/cars", q)
}

// NewCode gives a car a new page; whatever the former one stands on is waste.
func (c *Client) NewCode(ctx context.Context, id string) (Car, error) {
	return post[Car](ctx, c, carPath(id, "/code"), nil)
}

// MoveCar binds it to another merchant.
func (c *Client) MoveCar(ctx context.Context, id, merchant string) (Car, error) {
	return post[Car](ctx, c, carPath(id, "/merchant"), MoveCar{merchant})
}

// SetQR says which code at the payment API is the car's.
func (c *Client) SetQR(ctx context.Context, id, qrID string) (Car, error) {
	return post[Car](ctx, c, carPath(id, "/qr"), SetQR{qrID})
}

// NewToken makes an enrolment token.
func (c *Client) NewToken(ctx context.Context, id string, q TokenRequest) (Token, error) {
	return post[Token](ctx, c, carPath(id, "/token"), q)
}

// CancelTokens makes the unused ones of a car worthless.
func (c *Client) CancelTokens(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, carPath(id, "/token"), nil, nil)
}

// Terminals are those that are let in, or all that ever were.
func (c *Client) Terminals(ctx context.Context, all bool) ([]Terminal, error) {
	return get[[]Terminal](ctx, c, "/v1/terminals"+query(url.Values{"all": flag(all)}))
}

// Terminal is one, by its id or by its car.
func (c *Client) Terminal(ctx context.Context, id string) (Terminal, error) {
	return get[Terminal](ctx, c, "/v1/terminals/"+url.PathEscape(id))
}

// Revoke puts a terminal out for ever, by its id or by its car.
func (c *Client) Revoke(ctx context.Context, id, reason string) (Revoked, error) {
	return post[Revoked](ctx, c, "/v1/terminals/"+url.PathEscape(id)+"/revoke", Reason{reason})
}

// Merchants are the sales units.
func (c *Client) Merchants(ctx context.Context) ([]Merchant, error) {
	return get[[]Merchant](ctx, c, "/v1/merchants")
}

// Webhooks are the registrations of one merchant, or of all.
func (c *Client) Webhooks(ctx context.Context, merchant string) ([]Webhooks, error) {
	return get[[]Webhooks](ctx, c, "/v1/webhooks"+query(url.Values{"merchant": {merchant}}))
}

// CheckWebhooks registers what is missing.
func (c *Client) CheckWebhooks(ctx context.Context, merchant string) ([]Webhooks, error) {
	return post[[]Webhooks](ctx, c, "/v1/webhooks/check"+query(url.Values{"merchant": {merchant}}), nil)
}

// DeleteWebhook ends a registration.
func (c *Client) DeleteWebhook(ctx context.Context, merchant, id string) error {
	return c.call(ctx, http.MethodDelete, "/v1/webhooks/"+url.PathEscape(merchant)+"/"+url.PathEscape(id), nil, nil)
}

// Trips are those that fit, newest first.
func (c *Client) Trips(ctx context.Context, q Query) ([]journal.Trip, error) {
	return get[[]journal.Trip](ctx, c, "/v1/trips"+query(q.values()))
}

// TripsCSV are the same for a spreadsheet.
func (c *Client) TripsCSV(ctx context.Context, q Query) ([]byte, error) {
	return c.file(ctx, "/v1/trips"+query(q.values(), url.Values{"format": {"csv"}}))
}

// Trip is one, by its reference or that of a payment.
func (c *Client) Trip(ctx context.Context, reference string) (Trip, error) {
	return get[Trip](ctx, c, tripPath(reference))
}

// Refund lets the car give money back.
func (c *Client) Refund(ctx context.Context, reference string, q RefundRequest) (Refund, error) {
	return post[Refund](ctx, c, tripPath(reference)+"/refund", q)
}

// Report sums up.
func (c *Client) Report(ctx context.Context, q Query) (Report, error) {
	return get[Report](ctx, c, "/v1/report"+query(q.values()))
}

// ReportCSV is the same for a spreadsheet.
func (c *Client) ReportCSV(ctx context.Context, q Query) ([]byte, error) {
	return c.file(ctx, "/v1/report"+query(q.values(), url.Values{"format": {"csv"}}))
}

// Sync makes the printed codes lead to the cars' pages.
func (c *Client) Sync(ctx context.Context, dryRun bool) (Sync, error) {
	return post[Sync](ctx, c, "/v1/qr/sync"+query(url.Values{"dry_run": flag(dryRun)}), nil)
}

// Stickers is a PDF.
func (c *Client) Stickers(ctx context.Context, q StickerRequest) ([]byte, error) {
	return c.file(ctx, "/v1/stickers.pdf"+query(url.Values{"car": q.Cars, "size": {q.Size}, "marks": flag(q.Marks), "language": q.Languages}))
}

// Admins are who may administer.
func (c *Client) Admins(ctx context.Context) ([]Admin, error) {
	return get[[]Admin](ctx, c, "/v1/admins")
}

// AddAdmin lets somebody administer.
func (c *Client) AddAdmin(ctx context.Context, q AddAdmin) (NewAdmin, error) {
	return post[NewAdmin](ctx, c, "/v1/admins", q)
}

// RemoveAdmin makes somebody's token worthless.
func (c *Client) RemoveAdmin(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, "/v1/admins/"+url.PathEscape(name), nil, nil)
}

// Audit is the last n changes, the newest first.
func (c *Client) Audit(ctx context.Context, n int) ([]registry.Entry, error) {
	return get[[]registry.Entry](ctx, c, "/v1/audit"+query(url.Values{"n": {strconv.Itoa(n)}}))
}

// Ready says whether cars can be served.
func (c *Client) Ready(ctx context.Context) (r Ready, err error) {
	res, err := c.send(ctx, http.MethodGet, "/readyz", nil)
	if err != nil {
		return r, err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		return r, fmt.Errorf("gateway answer: status %d and no JSON; is this the address of its administration?", res.StatusCode)
	}
	return r, nil
}

func (q Query) values() url.Values {
	v := url.Values{"car": {q.Car}, "from": {q.From}, "to": {q.To}, "open": flag(q.Open)}
	if q.N > 0 {
		v.Set("n", strconv.Itoa(q.N))
	}
	return v
}

// query leaves out what is empty.
func query(all ...url.Values) string {
	q := url.Values{}
	for _, values := range all {
		for key, list := range values {
			for _, v := range list {
				if v != "" {
					q.Add(key, v)
				}
			}
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func flag(on bool) []string {
	if on {
		return []string{"1"}
	}
	return nil
}

func carPath(id, rest string) string   { return "/v1/cars/" + url.PathEscape(id) + rest }
func tripPath(reference string) string { return "/v1/trips/" + url.PathEscape(reference) }
