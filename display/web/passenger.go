package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/money"
)

// tipped is the body of a POST to /tip: the trip that the passenger saw, and one of
// the tips on the screen in major units.
type tipped struct {
	Trip string `json:"trip"`
	Tip  string `json:"tip"`
	tongue
}

// tip takes the passenger's choice. There is no PIN on this side of the car, so
// only what the newest View offers is taken.
func (s *Server) tip(ctx context.Context, c *locale.Catalogue, t tipped) (answer, error) {
	v := s.hub.newest().view
	tip, err := money.ParseDecimal(t.Tip)
	switch {
	case err != nil:
		return answer{}, badRequest("tip: want an amount such as 14.50")
	case t.Trip != v.Trip:
		return answer{}, display.RefusedOtherTrip
	case len(v.Tips) == 0:
		return answer{}, display.RefusedNotNow
	case !slices.ContainsFunc(v.Tips, func(choice display.TipChoice) bool { return choice.Tip.Value == tip }):
		return answer{}, display.RefusedBadAmount
	}
	return answer{}, s.options.Desk.Tip(ctx, t.Trip, tip)
}

// codePolicy keeps the picture of the car's own code, which comes from elsewhere,
// from being anything but a picture: no script, no link, no frame around it.
const codePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

// vehicleCode serves the picture of the car's own code. Its address names its
// version, so that a page may keep it.
func (s *Server) vehicleCode(w http.ResponseWriter, r *http.Request) {
	version, isSVG := strings.CutSuffix(r.PathValue("file"), ".svg")
	var svg []byte
	if isSVG && s.options.Desk != nil {
		svg = s.options.Desk.VehicleCode(version)
	}
	if svg == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", codePolicy)
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "private, max-age=86400, immutable")
	w.Write(svg)
}
