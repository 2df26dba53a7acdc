package web

import (
	"context"
	"slices"

	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/money"
)

// refundReasons are what a driver can say about a refund, catalogue keys under
// "refund.".
var refundReasons = []string{"wrong_amount", "paid_twice", "complaint", "other"}

// typedFare is the body of a POST to /driver/fare: the amount, typed twice, in
// major units; an empty trip begins a new one.
type typedFare struct {
	Trip   string `json:"trip"`
	Amount string `json:"amount"`
	Again  string `json:"again"`
	tongue
}

// fare takes a fare that the meter could not tell. An amount out of somebody's head
// needs somebody who answers for it, so there must be a PIN.
func (s *Server) fare(ctx context.Context, c *locale.Catalogue, b typedFare) (answer, error) {
	if s.door == nil {
		return answer{}, display.RefusedNotAllowed
	}
	amount, err := money.ParseDecimal(b.Amount)
	again, errAgain := money.ParseDecimal(b.Again)
	if err != nil || errAgain != nil || amount != again || amount == 0 {
		return answer{}, display.RefusedBadAmount
	}
	text := c.Text("driver.fare_done", locale.Args{"amount": c.Money(money.Of(amount, s.currency()))})
	return answer{Text: text}, s.options.Desk.TypeFare(ctx, b.Trip, amount)
}

// refunding is the body of a POST to /driver/refund, in major units.
type refunding struct {
	Trip   string `json:"trip"`
	Amount string `json:"amount"`
	Reason string `json:"reason"` // one of refundReasons
	tongue
}

// refund gives money back, which needs a PIN as typing a fare does. The reason goes
// on the record in the car's own language, whatever the page speaks.
func (s *Server) refund(ctx context.Context, c *locale.Catalogue, b refunding) (answer, error) {
	if s.door == nil {
		return answer{}, display.RefusedNotAllowed
	}
	if !slices.Contains(refundReasons, b.Reason) {
		return answer{}, badRequest("reason: want one of the list")
	}
	amount, err := money.ParseDecimal(b.Amount)
	if err != nil || amount == 0 {
		return answer{}, display.RefusedBadAmount
	}
	text := c.Text("driver.refund_sent", locale.Args{"amount": c.Money(money.Of(amount, s.currency()))})
	reason := s.renderer.set.Default().Text("refund."+b.Reason, nil)
	return answer{Text: text}, s.options.Desk.Refund(ctx, b.Trip, amount, reason)
}

// currency is that of the newest amount on the screens, empty if there is none.
func (s *Server) currency() money.Currency {
	v := s.hub.newest().view
	if v.Amount.Currency != "" {
		return v.Amount.Currency
	}
	for _, line := range v.Driver.Trips {
		if line.Total.Currency != "" {
			return line.Total.Currency
		}
	}
	return ""
}
