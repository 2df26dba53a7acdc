package capture

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// Checks are what must hold for an amount that is asked for without the driver's
// word.
type Checks struct {
	Terms     []Term      // of which the total is the sum; none: no check
	Tolerance money.Minor // by which it may differ, where totals are rounded
	Min, Max  money.Minor // of the total
	VAT       int64       // per cent contained in the total, in hundredths; 0: no check
	Clock     time.Duration
}

// Term is one part of the total.
type Term struct {
	Field Field
	Minus bool
}

// doubts are the reasons not to trust a reading at now.
func (c Checks) doubts(r Reading, now time.Time) (doubts []meter.Doubt) {
	if r.Total < c.Min || r.Total > c.Max || !c.adds(r) || !c.taxed(r) {
		doubts = append(doubts, meter.DoubtSum)
	}
	if c.late(r, now) {
		doubts = append(doubts, meter.DoubtStale)
	}
	return doubts
}

// adds is true if the parts make the total, or no parts are configured.
func (c Checks) adds(r Reading) bool {
	if len(c.Terms) == 0 {
		return true
	}
	sum := money.Minor(0)
	for _, t := range c.Terms {
		if v := *r.amount(t.Field); t.Minus {
			sum -= v
		} else {
			sum += v
		}
	}
	return within(sum, r.Total, c.Tolerance)
}

// taxed is true if the tax contained in the total is that of the rate, to the
// smallest unit. A receipt that does not show it is not checked.
func (c Checks) taxed(r Reading) bool {
	if c.VAT == 0 || !r.Found[FieldVAT] {
		return true
	}
	whole := 10000 + c.VAT
	want := (int64(r.Total)*c.VAT + whole/2) / whole
	return within(money.Minor(want), r.VAT, 1+c.Tolerance)
}

func within(a, b, tolerance money.Minor) bool { return max(a-b, b-a) <= tolerance }

// late is true if the receipt is not of now. One that tells only the day is held
// against the day.
func (c Checks) late(r Reading, now time.Time) bool {
	if c.Clock == 0 {
		return false
	}
	at := r.Finish
	if at.IsZero() {
		at = r.Start
	}
	switch {
	case !at.IsZero():
		return now.Sub(at).Abs() > c.Clock
	case !r.Date.IsZero():
		return now.Before(r.Date.Add(-c.Clock)) || now.After(r.Date.Add(24*time.Hour+c.Clock))
	}
	return false
}

// record translates a reading. The tax that is contained in the total is not told:
// meter.Record.Tax is what comes on top.
func (r Reading) record() meter.Record {
	return meter.Record{
		Total:       r.Total,
		Fare:        max(0, r.Fare-r.Discount),
		Supplements: r.Extras + r.Tolls,
		Tax:         r.Tax,
		Distance:    r.Distance,
		Tariff:      r.Tariff,
		Start:       r.Start,
		Finish:      r.Finish,
		Key:         r.key(),
	}
}

// number is the trip's or the receipt's own number, empty if it has none. Part
// receipts have one each.
func (r Reading) number() string {
	switch {
	case r.Kind != PartReceipt && r.Trip != "":
		return r.Vehicle + "|trip|" + r.Trip
	case r.Receipt != "":
		return r.Vehicle + "|" + r.Trip + "|" + r.Receipt
	}
	return ""
}

// key is equal for the same trip of the same meter. Numbers may begin anew, so the
// start is in it; a receipt without a number is known by all that it says.
func (r Reading) key() string {
	id := fmt.Sprintf("%s|%d", r.number(), r.began().Unix())
	if r.number() == "" {
		id += fmt.Sprintf("|%s|%d|%d|%d", r.Vehicle, r.Finish.Unix(), r.Total, r.Fare)
		if r.Distance != nil {
			id += fmt.Sprintf("|%d", *r.Distance)
		}
	}
	sum := sha256.Sum256([]byte(id))
	return "capture-" + hex.EncodeToString(sum[:8])
}

// began is when the trip began, or what else tells it from that of another day.
func (r Reading) began() time.Time {
	for _, t := range []time.Time{r.Start, r.Finish} {
		if !t.IsZero() {
			return t
		}
	}
	return r.Date
}
