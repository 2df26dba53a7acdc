package control

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
)

func TestMetricsInTheTextFormat(t *testing.T) {
	t.Parallel()
	m := NewMetrics("v1")
	m.Request(vipps.Op("capture"), vipps.Kind("done"), 0)
	get := func(g prometheus.Gatherer) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		New(Options{Metrics: g}).Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w
	}
	w := get(m.registry)
	require.Equal(t, http.StatusOK, w.Code)
	require.Regexp(t, `^text/plain; version=0\.0\.4; charset=utf-8`, w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), "# TYPE taxiterm_api_requests_total counter\ntaxiterm_api_requests_total{kind=\"done\",op=\"capture\"} 1\n")
	require.Contains(t, w.Body.String(), "taxiterm_build_info{version=\"v1\"} 1\n")

	m.registry.MustRegister(prometheus.CollectorFunc(func(to chan<- prometheus.Metric) {
		to <- prometheus.NewInvalidMetric(pendingDesc, errors.New("broken"))
	}))
	w = get(m.registry)
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, w.Body.String(), "broken")
}
