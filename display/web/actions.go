package web

import (
	"context"
	"slices"
	"time"

	"taxiterminal/display"
	"taxiterminal/display/locale"
)

// press is the body of a POST to /driver/actions.
type press struct {
	Action display.Action `json:"action"`
	Trip   string         `json:"trip"`
	tongue
}

// act hands a press to the terminal and tells the driver what came of it.
func (s *Server) act(ctx context.Context, c *locale.Catalogue, p press) (answer, error) {
	if !slices.Contains(display.Actions(), p.Action) {
		return answer{}, badRequest("no such action")
	}
	done := c.Text("driver.done", locale.Args{"action": c.Text("action."+string(p.Action), nil)})
	return answer{Text: done}, s.options.Desk.Act(ctx, p.Action, p.Trip)
}

// aboutTrip is the body of a POST that names nothing but a trip.
type aboutTrip struct {
	Trip string `json:"trip"`
	tongue
}

// print has the receipt of a trip printed.
func (s *Server) print(ctx context.Context, c *locale.Catalogue, b aboutTrip) (answer, error) {
	return answer{Text: c.Text("driver.printed", nil)}, s.options.Desk.Print(ctx, b.Trip)
}

// retry lets a parked trip try again.
func (s *Server) retry(ctx context.Context, c *locale.Catalogue, b aboutTrip) (answer, error) {
	return answer{Text: c.Text("driver.retried", nil)}, s.options.Desk.Retry(ctx, b.Trip)
}

// endShift closes the shift; the answer brings its totals.
func (s *Server) endShift(ctx context.Context, c *locale.Catalogue, _ tongue) (answer, error) {
	sum, err := s.options.Desk.EndShift(ctx)
	if err != nil {
		return answer{}, err
	}
	sheet := shiftSheet(s.scene(c).shift(sum, time.Now()))
	return answer{Text: c.Text("driver.end_shift_done", nil), HTML: sheet.String()}, nil
}
