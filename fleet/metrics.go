package fleet

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"taxiterminal/fleet/claim"
	"taxiterminal/vipps"
)

// metrics count what happens. No label names a car, a passenger or a payment.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	relays   *prometheus.CounterVec
	webhooks *prometheus.CounterVec
	alarms   *prometheus.CounterVec
	claims   *prometheus.CounterVec
}

func newMetrics(version string) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "taxifleet_" + name, Help: help}, labels)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("api_requests_total", "Requests to the payment API.", "merchant", "op", "kind"),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "taxifleet_api_request_seconds", Help: "Time of requests to the payment API.",
			Buckets: []float64{.05, .1, .2, .5, 1, 2, 5, 10, 30},
		}, []string{"op"}),
		relays:   counter("relayed_total", "Calls of cars, by outcome; refused ones were not let through.", "merchant", "op", "kind", "refused"),
		webhooks: counter("webhooks_total", "Webhooks, by what became of them.", "outcome"),
		alarms:   counter("journal_alarms_total", "Journals that need a person.", "kind"),
		claims:   counter("claims_refused_total", "Fare claims that were refused, by reason.", "reason"),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "taxifleet_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(m.requests, m.took, m.relays, m.webhooks, m.alarms, m.claims, info)
	return m
}

func (m *metrics) request(merchant string, op vipps.Op, kind vipps.Kind, took time.Duration) {
	m.requests.WithLabelValues(merchant, string(op), string(kind)).Inc()
	m.took.WithLabelValues(string(op)).Observe(took.Seconds())
}

func (m *metrics) relayed(merchant string, op vipps.Op, kind vipps.Kind, refused bool, _ time.Duration) {
	word := "no"
	if refused {
		word = "yes"
	}
	m.relays.WithLabelValues(merchant, string(op), string(kind), word).Inc()
}

func (m *metrics) webhook(outcome string) { m.webhooks.WithLabelValues(outcome).Inc() }
func (m *metrics) alarm(kind string)      { m.alarms.WithLabelValues(kind).Inc() }

// claimReasons are the words for why a claim was refused.
var claimReasons = map[error]string{
	claim.ErrMalformed: "malformed", claim.ErrVersion: "version", claim.ErrUnknownKey: "unknown_key", claim.ErrRevokedKey: "revoked_key",
	claim.ErrAltered: "altered", claim.ErrWrongCar: "wrong_car", claim.ErrExpired: "expired", claim.ErrSuperseded: "superseded",
}

func (m *metrics) claim(why error) {
	word := "other"
	for known, w := range claimReasons {
		if errors.Is(why, known) {
			word = w
		}
	}
	m.claims.WithLabelValues(word).Inc()
}
