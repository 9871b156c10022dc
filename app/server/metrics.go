package server

import (
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parlor/app/errno"
	"parlor/media/sfu"
)

// metrics are the numbers of one server, in a registry of its own.
type metrics struct {
	registry        *prometheus.Registry
	members         prometheus.Gauge
	joins           *prometheus.CounterVec
	admin           *prometheus.CounterVec
	messages        prometheus.Counter
	messagesRefused prometheus.Counter
	eventsSent      prometheus.Counter
	eventsCut       prometheus.Counter
	panics          prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		members:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "parlor_members", Help: "Members of all rooms."}),
		joins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parlor_joins_total", Help: "Join calls by result: ok, or the kind of the error."}, []string{"result"}),
		admin: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parlor_admin_calls_total", Help: "Calls of AdminService by result: ok, or the kind of the error."}, []string{"call", "result"}),
		messages: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parlor_messages_total", Help: "Messages told to a room."}),
		messagesRefused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parlor_messages_refused_total", Help: "Messages not told because the member sent too many."}),
		eventsSent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parlor_events_sent_total", Help: "Events written to streams, heartbeats included."}),
		eventsCut: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parlor_event_streams_cut_total", Help: "Event streams ended because the client was too slow or events were lost."}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parlor_panics_total", Help: "Panics caught in handlers."}),
	}
	m.registry.MustRegister(m.members, m.joins, m.admin, m.messages, m.messagesRefused, m.eventsSent, m.eventsCut, m.panics,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch adds what is counted elsewhere.
func (m *metrics) watch(r *rooms) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parlor_rooms", Help: "Rooms with members."},
			func() float64 { return float64(r.count()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parlor_sessions", Help: "Sessions that are not over."},
			func() float64 { return float64(r.sessions.count()) }),
		&forwarding{stats: r.sfu.Stats},
	)
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// joined counts a call of Join.
func (m *metrics) joined(err error) { m.joins.WithLabelValues(result(err)).Inc() }

// administered counts a call of AdminService.
func (m *metrics) administered(call string, err error) {
	m.admin.WithLabelValues(call, result(err)).Inc()
}

// result is ok, or the kind of the error.
func result(err error) string {
	if err == nil {
		return "ok"
	}
	var known *errno.Error
	if errors.As(err, &known) {
		return known.Kind().Name
	}
	return "error"
}

// forwarding collects the SFU's statistics, all of one moment.
type forwarding struct{ stats func() sfu.Stats }

type forwardingMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value float64
}

func (f *forwarding) list(s sfu.Stats) []forwardingMetric {
	gauge := func(name, help string, value int) forwardingMetric {
		return forwardingMetric{prometheus.NewDesc("parlor_sfu_"+name, help, nil, nil), prometheus.GaugeValue, float64(value)}
	}
	counter := func(name, help string, value uint64) forwardingMetric {
		return forwardingMetric{prometheus.NewDesc("parlor_sfu_"+name+"_total", help, nil, nil), prometheus.CounterValue, float64(value)}
	}
	return []forwardingMetric{
		gauge("peers", "Media connections.", s.Peers),
		gauge("up_tracks", "Tracks received.", s.UpTracks),
		gauge("down_tracks", "Tracks sent.", s.DownTracks),
		counter("packets_in", "RTP packets received.", s.PacketsIn),
		counter("packets_out", "RTP packets sent.", s.PacketsOut),
		counter("bytes_in", "Bytes of RTP received.", s.BytesIn),
		counter("bytes_out", "Bytes of RTP sent.", s.BytesOut),
		counter("nacks_in", "Packets that subscribers asked for again.", s.NACKsIn),
		counter("resent", "Packets sent again.", s.Resent),
		counter("plis_in", "Key frame requests received.", s.PLIsIn),
		counter("plis_out", "Key frame requests sent.", s.PLIsOut),
		counter("dropped_cache", "Packets too old to send again.", s.DroppedCache),
		counter("dropped_queue", "Packets not written because a subscriber was slow or gone.", s.DroppedQueue),
		counter("malformed", "Packets that are not RTP.", s.Malformed),
	}
}

// Describe implements prometheus.Collector.
func (f *forwarding) Describe(out chan<- *prometheus.Desc) {
	for _, m := range f.list(sfu.Stats{}) {
		out <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (f *forwarding) Collect(out chan<- prometheus.Metric) {
	for _, m := range f.list(f.stats()) {
		out <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value)
	}
}
