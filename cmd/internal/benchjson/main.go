// Command benchjson turns the output of go test -bench on standard input into one JSON object per
// benchmark on standard output, and a table for people on standard error. Sub-benchmarks named "ours"
// and "peer:NAME" of the same benchmark are put side by side as a ratio; of repeated runs the median
// counts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// result is one line of the output.
type result struct {
	Name      string   `json:"name"`
	Value     float64  `json:"value"`
	Unit      string   `json:"unit"`
	Peer      string   `json:"peer,omitempty"`
	PeerValue *float64 `json:"peer_value,omitempty"`
	Ratio     *float64 `json:"ratio,omitempty"` // ours / peer: below 1 we need less
}

// sample is one benchmark's runs.
type sample struct {
	base, side string // side: "ours", "peer:NAME" or ""
	values     map[string][]float64
}

func main() {
	results, err := convert(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	encoder := json.NewEncoder(os.Stdout)
	for _, r := range results {
		if err := encoder.Encode(r); err != nil {
			log.Fatal(err)
		}
		fmt.Fprintln(os.Stderr, line(r))
	}
}

func line(r result) string {
	s := fmt.Sprintf("%-44s %14.4g %s", r.Name, r.Value, r.Unit)
	if r.Ratio != nil {
		s += fmt.Sprintf("   %s %.4g   ratio %.2f", r.Peer, *r.PeerValue, *r.Ratio)
	}
	return s
}

var benchLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.+)$`)

func convert(in io.Reader) ([]result, error) {
	samples, err := read(in)
	if err != nil {
		return nil, err
	}
	var results []result
	for _, s := range samples {
		if strings.HasPrefix(s.side, "peer:") {
			continue
		}
		unit := mainUnit(s)
		r := result{Name: s.base, Value: median(s.values[unit]), Unit: unit}
		paired := false
		for _, p := range samples {
			if name, ok := strings.CutPrefix(p.side, "peer:"); ok && p.base == s.base && len(p.values[unit]) > 0 {
				value := median(p.values[unit])
				ratio := r.Value / value
				with := r
				with.Peer, with.PeerValue, with.Ratio = name, &value, &ratio
				results = append(results, with)
				paired = true
			}
		}
		if !paired {
			results = append(results, r)
		}
	}
	return results, nil
}

func read(in io.Reader) ([]*sample, error) {
	var samples []*sample
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		m := benchLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		base, side := split(m[1])
		i := slices.IndexFunc(samples, func(s *sample) bool { return s.base == base && s.side == side })
		if i < 0 {
			samples = append(samples, &sample{base: base, side: side, values: make(map[string][]float64)})
			i = len(samples) - 1
		}
		fields := strings.Fields(m[2])
		for j := 0; j+1 < len(fields); j += 2 {
			value, err := strconv.ParseFloat(fields[j], 64)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", lines.Text(), err)
			}
			samples[i].values[fields[j+1]] = append(samples[i].values[fields[j+1]], value)
		}
	}
	return samples, lines.Err()
}

func split(name string) (base, side string) {
	i := strings.LastIndex(name, "/")
	if i < 0 {
		return name, ""
	}
	if last := name[i+1:]; last == "ours" || strings.HasPrefix(last, "peer:") {
		return name[:i], last
	}
	return name, ""
}

// mainUnit is the figure that counts: CPU time of our own metrics first, wall time last.
func mainUnit(s *sample) string {
	for _, unit := range []string{"cpu-ns/packet", "cpu-ns/op", "cpu-s/s"} {
		if len(s.values[unit]) > 0 {
			return unit
		}
	}
	return "ns/op"
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
