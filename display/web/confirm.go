package web

import (
	"context"
	"strings"

	"taxiterminal/display"
	"taxiterminal/display/locale"
)

// codeLength is how many digits a phone shows when its claim has been paid.
const codeLength = 6

// confirming is the body of a POST to /driver/confirm: the trip that the driver saw
// and the code on the passenger's phone.
type confirming struct {
	Trip string `json:"trip"`
	Code string `json:"code"`
	tongue
}

func (b confirming) secrets() []string { return []string{b.Code} }

// confirm takes the code that proves a payment while there is no network. Whether it
// does is for the Desk to say; what cannot be a code is no guess at one.
func (s *Server) confirm(ctx context.Context, c *locale.Catalogue, b confirming) (answer, error) {
	if len(b.Code) != codeLength || strings.Trim(b.Code, "0123456789") != "" {
		return answer{}, display.RefusedBadCode
	}
	return answer{Text: c.Text("driver.confirmed", nil)}, s.options.Desk.Confirm(ctx, b.Trip, b.Code)
}
