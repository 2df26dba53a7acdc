package vippstest

import (
	"net/http"

	"taxiterminal/money"
)

// postReceipt is POST /order-management/v2/ECOM/receipts/{orderId}. A payment has at
// most one receipt, whichever way it came.
func (s *Sim) postReceipt(c call) reply {
	p := s.payments[c.reference]
	if s.opt.NoOrderManagement || p == nil {
		return s.problemIn(c.op, http.StatusNotFound, "Order not found")
	}
	p.posted++
	var req receiptRequest
	if r := s.decodeStrict(c.body, &req); r != nil {
		return s.problemIn(c.op, http.StatusBadRequest, "Invalid request", detail{"body", "the Receipt schema, and nothing that is not in it"})
	}
	if field, want := req.schema(); field != "" {
		return s.invalidIn(c.op, field, want)
	}
	if p.receipt != nil {
		return s.problemIn(c.op, http.StatusConflict, "Receipt already exists")
	}
	p.receipt = &req
	return jsonReply(http.StatusCreated, map[string]any{})
}

// Receipt is what the customer's app has under a payment.
type Receipt struct {
	Lines  []ReceiptLine `json:"lines"`
	Sum    money.Minor   `json:"sum"` // of the lines
	Number string        `json:"number,omitempty"`
	PosID  string        `json:"pos_id,omitempty"`
	// Posted is how often a receipt came by the Order Management API, the refused
	// ones included. With none it came with the create.
	Posted int `json:"posted"`
}

// ReceiptLine is one line. Amounts are in minor units.
type ReceiptLine struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Total   money.Minor `json:"total"`
	Net     money.Minor `json:"net"`
	Tax     money.Minor `json:"tax"`
	TaxRate int         `json:"tax_rate"` // hundredths of a percent
}

// receiptShown says whether the lines add up, each one and all of them: to what was
// asked for or, after a capture in part, to what was taken.
func (p *payment) receiptShown() bool {
	return p.receipt != nil && (p.receipt.sums(int64(p.amount)) || p.captured > 0 && p.receipt.sums(int64(p.captured)))
}

func (p *payment) receiptEntry() *Receipt {
	if p.receipt == nil {
		return nil
	}
	e := &Receipt{Posted: p.posted}
	for _, l := range p.receipt.OrderLines {
		line := ReceiptLine{
			ID: *l.ID, Name: *l.Name, Total: money.Minor(*l.TotalAmount),
			Net: money.Minor(*l.TotalAmountExcludingTax), Tax: money.Minor(*l.TotalTaxAmount),
		}
		switch {
		case l.TaxRate != nil:
			line.TaxRate = *l.TaxRate
		case l.TaxPercentage != nil:
			line.TaxRate = *l.TaxPercentage * 100
		}
		e.Lines, e.Sum = append(e.Lines, line), e.Sum+line.Total
	}
	if b := p.receipt.BottomLine; b.ReceiptNumber != nil {
		e.Number = *b.ReceiptNumber
	}
	if b := p.receipt.BottomLine; b.PosID != nil {
		e.PosID = *b.PosID
	}
	return e
}
