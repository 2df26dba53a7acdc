package control

import (
	"fmt"
	"net/http"

	"github.com/prometheus/common/expfmt"
)

// metrics answers in Prometheus's text format, which every collector reads. The library's
// own handler speaks four formats, three of them for nobody, and is 0.3 MB of program.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	families, err := s.o.Metrics.Gather()
	if err != nil {
		http.Error(w, fmt.Sprintf("gather metrics: %v", err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(w, family); err != nil {
			return // nobody listens any more
		}
	}
}
