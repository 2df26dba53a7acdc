package web

import "net/http"

// page answers with the whole page in the language that "?lang=" asks for, or in
// the default one, already showing the newest View.
func (s *Server) page(kind pageKind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := s.renderer.set.Match(r.URL.Query().Get("lang"))
		as := s.allowed(kind, r)
		region := s.hub.newest().html(variant{as, c.Tag()})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(s.renderer.page(as, c, region))
	}
}
