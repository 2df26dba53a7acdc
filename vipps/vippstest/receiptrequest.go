package vippstest

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// receiptRequest is the Receipt schema of the Order Management specification.
type receiptRequest struct {
	OrderLines []lineRequest  `json:"orderLines"`
	BottomLine *bottomRequest `json:"bottomLine"`
}

type lineRequest struct {
	Name                    *string      `json:"name"`
	ID                      *string      `json:"id"`
	TotalAmount             *int64       `json:"totalAmount"`
	TotalAmountExcludingTax *int64       `json:"totalAmountExcludingTax"`
	TotalTaxAmount          *int64       `json:"totalTaxAmount"`
	TaxRate                 *int         `json:"taxRate"`
	TaxPercentage           *int         `json:"taxPercentage"`
	UnitInfo                *unitRequest `json:"unitInfo"`
	Discount                *int64       `json:"discount"`
	ProductURL              *string      `json:"productUrl"`
	IsReturn                *bool        `json:"isReturn"`
	IsShipping              *bool        `json:"isShipping"`
}

type unitRequest struct {
	UnitPrice    *int64  `json:"unitPrice"`
	Quantity     *string `json:"quantity"`
	QuantityUnit *string `json:"quantityUnit"`
}

type bottomRequest struct {
	Currency       *string         `json:"currency"`
	TipAmount      *int64          `json:"tipAmount"`
	PosID          *string         `json:"posId"`
	ReceiptNumber  *string         `json:"receiptNumber"`
	PaymentSources json.RawMessage `json:"paymentSources"`
	Barcode        json.RawMessage `json:"barcode"`
}

var quantityPattern = regexp.MustCompile(`^\d+([\.]\d{1,8})?$`)

func (r *receiptRequest) schema() (field, want string) {
	if len(r.OrderLines) == 0 {
		return "receipt.orderLines", "at least one"
	}
	if b := r.BottomLine; b == nil || !oneOf(b.Currency, "NOK", "DKK", "EUR") {
		return "receipt.bottomLine.currency", "NOK, DKK or EUR"
	} else if b.TipAmount != nil && *b.TipAmount < 0 {
		return "receipt.bottomLine.tipAmount", "0 or more"
	}
	for i, l := range r.OrderLines {
		if field, want := l.schema(); field != "" {
			return fmt.Sprintf("receipt.orderLines[%d].%s", i, field), want
		}
	}
	return "", ""
}

func (l *lineRequest) schema() (field, want string) {
	switch u := l.UnitInfo; {
	case l.Name == nil:
		return "name", "required"
	case l.ID == nil:
		return "id", "required"
	case l.TotalAmount == nil:
		return "totalAmount", "required"
	case l.TotalAmountExcludingTax == nil:
		return "totalAmountExcludingTax", "required"
	case l.TotalTaxAmount == nil:
		return "totalTaxAmount", "required"
	case l.TaxRate == nil && l.TaxPercentage == nil:
		return "taxRate", "required"
	case l.TaxRate != nil && (*l.TaxRate < 0 || *l.TaxRate > 10000):
		return "taxRate", "0 to 10000"
	case l.TaxPercentage != nil && (*l.TaxPercentage < 0 || *l.TaxPercentage > 100):
		return "taxPercentage", "0 to 100"
	case l.Discount != nil && *l.Discount < 0:
		return "discount", "0 or more"
	case u == nil:
	case u.UnitPrice == nil || *u.UnitPrice < 0:
		return "unitInfo.unitPrice", "0 or more"
	case u.Quantity == nil || len(*u.Quantity) > 10 || !quantityPattern.MatchString(*u.Quantity):
		return "unitInfo.quantity", quantityPattern.String()
	case u.QuantityUnit != nil && !oneOf(u.QuantityUnit, "PCS", "KG", "KM", "MINUTE", "LITRE", "KWH"):
		return "unitInfo.quantityUnit", "a known unit"
	}
	return "", ""
}

// sums says whether the app shows the lines: each one's net and tax are its total,
// and together they are the amount.
func (r *receiptRequest) sums(amount int64) bool {
	var sum int64
	for _, l := range r.OrderLines {
		if *l.TotalAmountExcludingTax+*l.TotalTaxAmount != *l.TotalAmount {
			return false
		}
		sum += *l.TotalAmount
	}
	return sum == amount
}
