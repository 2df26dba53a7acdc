package web

import (
	"context"
	"io"
	"net/http"
	"time"

	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/display/web/html"
)

// fragment makes a route of a sheet: a piece of HTML that the driver's page lays
// over itself.
func (s *Server) fragment(make func(ctx context.Context, sc scene, r *http.Request) (html.Node, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := s.renderer.set.Match(r.URL.Query().Get("lang"))
		switch {
		case !s.unlocked(r):
			reply(w, http.StatusUnauthorized, refused(c, refusedLocked))
			return
		case s.options.Desk == nil:
			reply(w, http.StatusConflict, refused(c, display.RefusedNotAllowed))
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), actionTime)
		defer cancel()
		sheet, err := make(ctx, s.scene(c), r)
		if err != nil {
			reply(w, http.StatusConflict, refused(c, s.explain(r.URL.Path, err, nil)))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, sheet.String())
	}
}

// scene is the newest View in a language, for what is rendered outside the stream.
func (s *Server) scene(c *locale.Catalogue) scene {
	return s.renderer.scene(s.hub.newest().view, c)
}

func (s *Server) tripSheet(ctx context.Context, sc scene, r *http.Request) (html.Node, error) {
	detail, err := s.options.Desk.Trip(ctx, r.URL.Query().Get("trip"))
	if err != nil {
		return html.Node{}, err
	}
	return tripSheet(sc.trip(detail)), nil
}

func (s *Server) shiftSheet(ctx context.Context, sc scene, _ *http.Request) (html.Node, error) {
	sum, err := s.options.Desk.Shift(ctx)
	if err != nil {
		return html.Node{}, err
	}
	return shiftSheet(sc.shift(sum, time.Now())), nil
}
