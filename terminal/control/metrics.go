package control

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"taxiterminal/display"
	"taxiterminal/outbox"
	"taxiterminal/terminal"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

// Metrics counts what happens, and reads the present state when it is collected. No
// label names a trip, a passenger or a payment.
type Metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec
	took        *prometheus.HistogramVec
	commits     prometheus.Histogram
	failed      prometheus.Counter
	settlements *prometheus.CounterVec
}

// NewMetrics makes the metrics of one daemon.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taxiterm_api_requests_total", Help: "Requests to the payment API, by operation and outcome.",
		}, []string{"op", "kind"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "taxiterm_api_request_seconds", Help: "Time of requests to the payment API.",
			Buckets: []float64{.05, .1, .2, .5, 1, 2, 5, 10, 30},
		}, []string{"op"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "taxiterm_commit_seconds", Help: "Time of commits to the outbox, flush included.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .5, 2},
		}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "taxiterm_commits_failed_total", Help: "Commits to the outbox that failed.",
		}),
		settlements: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taxiterm_settlements_total", Help: "Trips settled, by settlement and means.",
		}, []string{"settlement", "means"}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "taxiterm_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(m.requests, m.took, m.commits, m.failed, m.settlements, info)
	return m
}

// Request counts one request to the payment API. It is a vipps.Config.Observe.
func (m *Metrics) Request(op vipps.Op, kind vipps.Kind, took time.Duration) {
	m.requests.WithLabelValues(string(op), string(kind)).Inc()
	m.took.WithLabelValues(string(op)).Observe(took.Seconds())
}

// Commit counts one commit. It is an outbox.Options.OnCommit.
func (m *Metrics) Commit(took time.Duration, err error) {
	m.commits.Observe(took.Seconds())
	if err != nil {
		m.failed.Inc()
	}
}

// Settled counts one settlement. It is a terminal.Config.Settled.
func (m *Metrics) Settled(s trip.State) {
	means := ""
	if s.Settlement == trip.Otherwise {
		means = string(s.Means)
	}
	m.settlements.WithLabelValues(string(s.Settlement), means).Inc()
}

// Gatherer adds the present state of a terminal and its outbox.
func (m *Metrics) Gatherer(t *terminal.Terminal, s *outbox.Store) prometheus.Gatherer {
	own := prometheus.NewRegistry()
	own.MustRegister(&state{t, s})
	return prometheus.Gatherers{m.registry, own}
}

// state is collected on demand.
type state struct {
	terminal *terminal.Terminal
	store    *outbox.Store
}

var (
	pendingDesc = prometheus.NewDesc("taxiterm_queue_pending", "Commands on their way.", nil, nil)
	parkedDesc  = prometheus.NewDesc("taxiterm_queue_parked", "Commands that wait for a person.", nil, nil)
	oldestDesc  = prometheus.NewDesc("taxiterm_queue_oldest_seconds", "Age of the oldest pending command.", nil, nil)
	networkDesc = prometheus.NewDesc("taxiterm_network_up", "1 if the payment API could be reached last.", nil, nil)
	faultDesc   = prometheus.NewDesc("taxiterm_fault", "1 for each fault that is present.", []string{"code"}, nil)
	screenDesc  = prometheus.NewDesc("taxiterm_screen", "1 for the screen that is shown.", []string{"screen"}, nil)
)

// Describe implements prometheus.Collector.
func (c *state) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{pendingDesc, parkedDesc, oldestDesc, networkDesc, faultDesc, screenDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *state) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	depth := c.store.Depth()
	view := c.terminal.View()
	gauge(pendingDesc, float64(depth.Pending))
	gauge(parkedDesc, float64(depth.Parked))
	gauge(oldestDesc, view.Driver.Queue.Oldest.Seconds())
	gauge(networkDesc, bit(view.Driver.Network == display.NetworkUp))
	present := map[display.Fault]bool{}
	for _, f := range view.Faults {
		present[f] = true
	}
	for _, f := range display.Faults() {
		gauge(faultDesc, bit(present[f]), string(f))
	}
	for _, s := range display.Screens() {
		gauge(screenDesc, bit(view.Screen == s), string(s))
	}
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
