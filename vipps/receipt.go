package vipps

import (
	"encoding/json"
	"fmt"
	"regexp"
	"unicode/utf8"

	"taxiterminal/money"
)

// Receipt is what the customer's app shows under the payment. Its lines add up to
// the amount asked for, to the minor unit; a tip is a line of its own with TaxRate
// 0. The schema is that of the Order Management API, embedded in create.
type Receipt struct {
	Lines  []Line
	PosID  string // the car, e.g. "T122"
	Number string // the receipt number of the trip
}

// Encode checks r against the amount that was paid and gives the body for
// Client.PostReceipt. The same r gives the same bytes. The error is an
// *InvalidError.
func (r Receipt) Encode(asked money.Amount) ([]byte, error) {
	var bad problems
	_, _, ok := AmountLimits(asked.Currency)
	bad.check(ok, "receipt.bottomLine.currency", "want NOK, DKK or EUR, got %q", asked.Currency)
	bad.check(asked.Value > 0 && asked.Value <= amountMax, "amount",
		"want more than nothing and at most %s, got %s", amountMax.Decimal(), asked.Value.Decimal())
	w := r.encode(&bad, asked)
	if err := bad.err("receipt"); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

// Line is one line of a receipt.
type Line struct {
	ID    string // of the kind of service, unique on the receipt: "trip", "toll", "tip"
	Name  string // what the customer reads
	Total money.Minor
	// TaxRate is the VAT inside Total in hundredths of a percent: 1200 is 12 %.
	TaxRate  int
	Discount money.Minor // that Total already contains, for show; 0 for none
	Unit     *Unit       // nil if the line has no quantity
}

// Unit explains the total of a line; nothing is computed from it.
type Unit struct {
	Price    money.Minor // of one unit
	Quantity string      // decimal with a point, at most 8 decimals and 10 characters
	Kind     UnitKind    // empty for Pieces
}

// UnitKind is what a Quantity counts.
type UnitKind string

const (
	Pieces     UnitKind = "PCS"
	Kilometres UnitKind = "KM"
	Minutes    UnitKind = "MINUTE"
)

// rateMax is 100 %.
const rateMax = 10_000

// Net is Total without its VAT, rounded half up. The VAT is the rest, so that the
// two always add up.
func (l Line) Net() money.Minor {
	base := money.Minor(rateMax + l.TaxRate)
	return (l.Total*rateMax + base/2) / base
}

type wireReceipt struct {
	Lines  []wireLine `json:"orderLines"`
	Bottom wireBottom `json:"bottomLine"`
}

type wireLine struct {
	Name     string      `json:"name"`
	ID       string      `json:"id"`
	Total    money.Minor `json:"totalAmount"`
	Net      money.Minor `json:"totalAmountExcludingTax"`
	Tax      money.Minor `json:"totalTaxAmount"`
	TaxRate  int         `json:"taxRate"`
	Unit     *wireUnit   `json:"unitInfo,omitempty"`
	Discount money.Minor `json:"discount,omitempty"`
}

type wireUnit struct {
	Price    money.Minor `json:"unitPrice"`
	Quantity string      `json:"quantity"`
	Kind     UnitKind    `json:"quantityUnit,omitempty"`
}

type wireBottom struct {
	Currency money.Currency `json:"currency"`
	PosID    string         `json:"posId,omitempty"`
	Number   string         `json:"receiptNumber,omitempty"`
}

func (r Receipt) encode(bad *problems, asked money.Amount) *wireReceipt {
	w := &wireReceipt{Bottom: wireBottom{Currency: asked.Currency, PosID: r.PosID, Number: r.Number}}
	bad.check(len(r.Lines) > 0, "receipt.orderLines", "want at least one line, or no receipt")
	bad.check(utf8.ValidString(r.PosID+r.Number), "receipt.bottomLine", "posId and receiptNumber must be valid text")
	var sum money.Minor
	ids := map[string]bool{}
	for i, l := range r.Lines {
		field := fmt.Sprintf("receipt.orderLines[%d]", i)
		l.check(bad, field)
		bad.check(!ids[l.ID], field+".id", "%q is on the receipt already; give every kind of service its own", l.ID)
		ids[l.ID] = true
		sum += max(0, min(l.Total, amountMax))
		w.Lines = append(w.Lines, l.encode())
	}
	bad.check(sum == asked.Value, "receipt.orderLines", "lines add up to %s, want the amount asked for, %s", sum.Decimal(), asked.Value.Decimal())
	return w
}

// quantity is the schema's own pattern.
var quantity = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,8})?$`)

func (l Line) check(bad *problems, field string) {
	bad.check(l.ID != "" && utf8.ValidString(l.ID), field+".id", "missing or not valid text")
	bad.check(l.Name != "" && utf8.ValidString(l.Name), field+".name", "missing or not valid text")
	bad.check(l.Total >= 0 && l.Total <= amountMax, field+".totalAmount", "want 0 to %s, got %s", amountMax.Decimal(), l.Total.Decimal())
	bad.check(l.TaxRate >= 0 && l.TaxRate <= rateMax, field+".taxRate", "want 0 to %d hundredths of a percent, got %d", rateMax, l.TaxRate)
	bad.check(l.Discount >= 0, field+".discount", "want 0 or more, got %s", l.Discount.Decimal())
	if u := l.Unit; u != nil {
		bad.check(u.Price >= 0, field+".unitInfo.unitPrice", "want 0 or more, got %s", u.Price.Decimal())
		bad.check(len(u.Quantity) <= 10 && quantity.MatchString(u.Quantity), field+".unitInfo.quantity",
			"want digits with a point and at most 8 decimals, 10 characters in all, got %q", cut(u.Quantity, 20))
		bad.check(u.Kind == "" || u.Kind == Pieces || u.Kind == Kilometres || u.Kind == Minutes, field+".unitInfo.quantityUnit",
			"want %s, %s or %s, got %q", Pieces, Kilometres, Minutes, u.Kind)
	}
}

// encode computes the VAT, so that no caller can get it wrong. It may be called
// with values that check has refused; the result is then thrown away.
func (l Line) encode() wireLine {
	w := wireLine{Name: l.Name, ID: l.ID, Total: l.Total, TaxRate: l.TaxRate, Discount: l.Discount}
	if l.TaxRate >= 0 && l.TaxRate <= rateMax {
		w.Net = l.Net()
		w.Tax = w.Total - w.Net
	}
	if u := l.Unit; u != nil {
		w.Unit = &wireUnit{Price: u.Price, Quantity: u.Quantity, Kind: u.Kind}
	}
	return w
}
