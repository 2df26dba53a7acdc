package vipps

import (
	"encoding/json"

	"taxiterminal/money"
)

// Modification is the body of a capture or a refund: how much, at most what is
// reserved, or captured and not yet refunded. The currency is the payment's.
type Modification struct {
	Amount money.Amount
}

// Encode checks m and gives the body to keep and to send. The error is an
// *InvalidError.
func (m Modification) Encode() ([]byte, error) {
	var bad problems
	_, most, ok := AmountLimits(m.Amount.Currency)
	bad.check(ok, "modificationAmount.currency", "want NOK, DKK or EUR, got %q", m.Amount.Currency)
	bad.check(m.Amount.Value > 0 && (!ok || m.Amount.Value <= most), "modificationAmount.value",
		"want more than nothing and at most %s, got %s", amountMax.Decimal(), m.Amount.Value.Decimal())
	if err := bad.err("modification"); err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Amount wireMoney `json:"modificationAmount"`
	}{wireMoney{m.Amount.Currency, m.Amount.Value}})
}

// Cancellation is the body of a cancel. Before the approval a cancel ends the
// payment; after it, it releases all that is not captured, and for good.
type Cancellation struct {
	// TransactionOnly cancels only what is not approved yet: if the passenger was
	// faster, the answer is CodeApprovedFirst and the reservation stands.
	TransactionOnly bool
}

// Encode gives the body to keep and to send. There is nothing in it that can be
// wrong.
func (c Cancellation) Encode() ([]byte, error) {
	return json.Marshal(struct {
		TransactionOnly bool `json:"cancelTransactionOnly"`
	}{c.TransactionOnly})
}
