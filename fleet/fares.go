package fleet

import (
	"context"
	"errors"
	"strings"
	"time"

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/page"
	"taxiterminal/fleet/registry"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
	"taxiterminal/vipps"
)

// fares is what the passenger pages show: the cars' journals, and the payment API.
type fares struct{ *Gateway }

const (
	// shownFor is how long a settled trip stands on the car's page.
	shownFor = 10 * time.Minute
	// silentFor is how long a car may say nothing while a fare is due; it looks at a
	// payment once a second.
	silentFor = 20 * time.Second
	// pressTime is how long a passenger waits for the car to make the payment: the old
	// one is withdrawn first.
	pressTime = 15 * time.Second
)

// Fare is what a sticker or a claim leads to now.
func (f fares) Fare(ctx context.Context, l page.Link) (page.Fare, error) {
	if l.Kind == page.Claim {
		return f.claimFare(ctx, l.Text)
	}
	v, err := f.vehicle(ctx, l.Text)
	if err != nil {
		return page.Fare{}, err
	}
	fare := page.Fare{Car: f.carOf(v), State: page.Waiting}
	s, ok := f.journals.Newest(v.ID)
	if !ok {
		return fare, nil
	}
	fare.State = f.stateOf(s, v)
	switch fare.State {
	case page.Due, page.Open, page.Offline:
		fare.Bill = f.bill(s)
	case page.Approved, page.Paid, page.Settled:
		fare.Bill = page.Bill{Trip: s.ID.String(), Number: s.ID.Short(), Amount: money.Of(s.Owed(), s.Currency)}
	}
	return fare, nil
}

// vehicle finds the car of a code.
func (f fares) vehicle(ctx context.Context, code string) (registry.Vehicle, error) {
	v, err := f.registry.ByCode(ctx, code)
	var refusal *registry.Refusal
	switch {
	case errors.As(err, &refusal):
		return v, page.ErrUnknown
	case err != nil:
		return v, page.ErrUnavailable
	}
	return v, nil
}

func (f fares) carOf(v registry.Vehicle) page.Car {
	c := page.Car{Number: v.ID, Operator: f.cfg.Operator, Contact: f.cfg.Contact, Terms: f.cfg.Terms, Privacy: f.cfg.Privacy, Brand: "Vipps"}
	if m := f.merchants[v.Merchant]; m != nil {
		c.Brand = m.Brand
	}
	return c
}

// stateOf says in the page's words where a trip stands.
func (f fares) stateOf(s trip.State, v registry.Vehicle) page.State {
	live, asking := s.Live()
	switch {
	case s.Phase == trip.Settled && time.Since(f.journals.Settled(v.ID)) > shownFor:
		return page.Waiting
	case s.Phase == trip.Settled && s.Settlement == trip.Paid:
		return page.Paid
	case s.Phase == trip.Settled && s.Settlement == trip.Otherwise && s.Means != trip.Unpaid:
		return page.Settled
	case s.Phase == trip.Settled:
		return page.Waiting
	case s.Phase == trip.Parked || s.Phase == trip.Due && s.Fare.Doubt != "":
		return page.Closed
	case s.Phase != trip.Due:
		return page.Waiting
	case s.Held() > 0 && s.Outstanding() == 0:
		return page.Approved
	case f.silent(v):
		return page.Offline
	case asking && live.ReturnURL != "" && live.State == trip.AttemptCreated:
		return page.Open
	case s.Outstanding() == 0 || s.Winding:
		return page.Closed
	}
	return page.Due
}

func (f fares) silent(v registry.Vehicle) bool {
	since, ever := f.heard.since(v.Terminal)
	return !ever || since > silentFor
}

// bill is what is still to pay, as the car would ask for it.
func (f fares) bill(s trip.State) page.Bill {
	out := s.Outstanding()
	if s.Held() == 0 {
		out -= s.Tip
	}
	b := page.Bill{Trip: s.ID.String(), Number: s.ID.Short(), Amount: money.Of(out, s.Currency), Parts: partsOf(s)}
	if s.Held() > 0 {
		return b // a tip would have to be asked for alone
	}
	for _, percent := range f.cfg.Page.Tips {
		b.Tips = append(b.Tips, page.Tip{Percent: percent, Amount: wholeTip(s.Fare.Total, percent)})
	}
	if s.Terms.Share != "" && !s.Unshared {
		for _, word := range strings.Fields(f.cfg.Page.Share) {
			b.Shares = append(b.Shares, map[string]page.Share{"phoneNumber": page.SharePhone, "name": page.ShareName}[word])
		}
	}
	return b
}

func partsOf(s trip.State) []page.Part {
	var parts []page.Part
	for _, p := range []page.Part{
		{Item: receipt.Fare, Amount: s.Fare.Total - s.Fare.Supplements - s.Fare.Tax},
		{Item: receipt.Supplements, Amount: s.Fare.Supplements - s.Fare.Tolls},
		{Item: receipt.Tolls, Amount: s.Fare.Tolls},
		{Item: receipt.MeterTax, Amount: s.Fare.Tax},
		{Item: page.AlreadyPaid, Amount: -(s.Held() + s.Otherwise)},
	} {
		if p.Amount != 0 {
			parts = append(parts, p)
		}
	}
	if len(parts) < 2 {
		return nil
	}
	return parts
}

// wholeTip rounds to whole kroner or euros, half up, as the car does.
func wholeTip(total money.Minor, percent int) money.Minor {
	const whole = 100
	return (total*money.Minor(percent) + 100*whole/2) / (100 * whole) * whole
}

// Watch tells when the trip of a car changes; of a claim, now and then.
func (f fares) Watch(ctx context.Context, l page.Link) <-chan struct{} {
	changed := func() <-chan struct{} { return nil }
	if l.Kind == page.Sticker {
		if v, err := f.vehicle(ctx, l.Text); err == nil {
			changed = func() <-chan struct{} { return f.journals.Changed(v.ID) }
		}
	}
	out := make(chan struct{}, 1)
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-changed():
			case <-tick.C:
				if l.Kind == page.Sticker {
					continue
				}
			}
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out
}

// Pay asks the car for one new payment, or makes the one that a claim names.
func (f fares) Pay(ctx context.Context, l page.Link, o page.Order) (string, error) {
	if l.Kind == page.Claim {
		return f.payClaim(ctx, l.Text, o)
	}
	v, err := f.vehicle(ctx, l.Text)
	if err != nil {
		return "", err
	}
	s, ok := f.journals.Newest(v.ID)
	if !ok || s.ID.String() != o.Trip || f.bill(s).Amount != o.Amount {
		return "", page.ErrChanged
	}
	switch f.stateOf(s, v) {
	case page.Due, page.Open:
	case page.Approved, page.Paid, page.Settled:
		return "", page.ErrChanged
	default:
		return "", page.ErrUnavailable
	}
	return f.askCar(ctx, v, s, o)
}

// askCar lets the car make the payment and waits until it has. A press that the car
// hears too late is answered by its journal, which shows the new state.
func (f fares) askCar(ctx context.Context, v registry.Vehicle, s trip.State, o page.Order) (string, error) {
	n := len(s.Attempts) + 1
	reference := s.ID.Reference(n)
	answer, done := f.presses.wait(reference)
	defer done()
	err := link.Push(f.hub.Conn(), v.Terminal, link.Hint{Ask: &link.Ask{
		Trip: s.ID.Short(), N: n, ReturnURL: secured(o.Return(reference)), Tip: o.Tip, Share: o.Share,
	}})
	if err != nil {
		return "", page.ErrUnavailable
	}
	ctx, cancel := context.WithTimeout(ctx, pressTime)
	defer cancel()
	for {
		changed := f.journals.Changed(v.ID)
		now, _ := f.journals.Newest(v.ID)
		if now.ID != s.ID || now.Phase != trip.Due || f.bill(now).Amount != o.Amount && len(now.Attempts) < n {
			return "", page.ErrChanged
		}
		select {
		case url := <-answer:
			return url, nil
		case <-changed:
		case <-ctx.Done():
			return "", page.ErrUnavailable
		}
	}
}

// secured is https also where the pages are on loopback for a simulator: the payment
// API takes no other, and a simulated phone does not go there.
func secured(url string) string {
	if rest, plain := strings.CutPrefix(url, "http://"); plain {
		return "https://" + rest
	}
	return url
}

// Payment is one payment of a passenger who came back.
func (f fares) Payment(ctx context.Context, reference string) (page.Payment, error) {
	v, m, err := f.owner(ctx, reference)
	if err != nil {
		return page.Payment{}, err
	}
	res := m.client.Get(ctx, reference)
	switch {
	case res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassNotFound:
		return page.Payment{}, page.ErrUnknown
	case res.Kind != vipps.Done:
		return page.Payment{}, page.ErrUnavailable
	}
	p := page.Payment{
		Car: f.carOf(v), State: paymentState(res.Payment), Number: tripNumber(reference),
		Amount: money.Of(res.Payment.Amount, res.Payment.Currency), Again: page.Link{Kind: page.Sticker, Text: v.Code},
	}
	claimed, isClaim := f.carry.Carried(ctx, reference)
	if isClaim {
		p.Again = page.Link{Kind: page.Claim, Text: claimed.Text}
	}
	if p.State == page.Paid {
		if isClaim {
			p.Code = f.codeOf(claimed, reference, p.Amount)
		}
		p.Receipt = f.receipt(ctx, reference)
	}
	return p, nil
}

// owner finds the car of a reference, and the merchant whose keys see it.
func (f fares) owner(ctx context.Context, reference string) (registry.Vehicle, *merchant, error) {
	vehicle, _, ok := strings.Cut(reference, "-")
	if !ok {
		return registry.Vehicle{}, nil, page.ErrUnknown
	}
	v, err := f.registry.Vehicle(ctx, vehicle)
	var refusal *registry.Refusal
	if errors.As(err, &refusal) {
		return v, nil, page.ErrUnknown
	}
	m := f.merchants[v.Merchant]
	if err != nil || m == nil || m.client == nil {
		return v, nil, page.ErrUnavailable
	}
	return v, m, nil
}

// receipt is the trip's, if the car's journal says that it is settled.
func (f fares) receipt(ctx context.Context, reference string) *receipt.Receipt {
	s, _, err := f.journals.Trip(ctx, reference)
	if err != nil && !errors.Is(err, journal.ErrNoTrip) {
		f.log.Warn("receipt not read", "reference", reference, "err", err)
	}
	if err != nil || s.Phase != trip.Settled {
		return nil
	}
	r := receipt.Of(s, receipt.Rules{Country: f.cfg.Page.Country})
	return &r
}

func paymentState(p vipps.Payment) page.State {
	switch {
	case p.Captured > 0:
		return page.Paid
	case p.State == vipps.Authorized && p.Cancelled >= p.Authorized:
		return page.Released
	case p.State == vipps.Authorized:
		return page.Approved
	case p.State == vipps.Aborted:
		return page.Stopped
	case p.State == vipps.Expired:
		return page.Expired
	case p.State == vipps.Terminated:
		return page.Withdrawn
	}
	return page.Open
}

// tripNumber is the part of a reference that people say.
func tripNumber(reference string) string {
	parts := strings.Split(reference, "-")
	if len(parts) != 4 {
		return ""
	}
	return parts[2]
}
