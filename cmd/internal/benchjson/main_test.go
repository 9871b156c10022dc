package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConvert(t *testing.T) {
	in := `goos: linux
BenchmarkDecode/360p/ours-2         	    1000	   500000 ns/op	   400000 cpu-ns/op	       0 B/op
BenchmarkDecode/360p/peer:other-2   	    1000	   900000 ns/op	   800000 cpu-ns/op
BenchmarkDecode/360p/ours-2         	    1000	   500000 ns/op	   300000 cpu-ns/op
BenchmarkDecode/360p/ours-2         	    1000	   500000 ns/op	   900000 cpu-ns/op
BenchmarkLatest-2                   	 1000000	     12.5 ns/op
PASS
`
	got, err := convert(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	peer, ratio := 800000.0, 0.5
	want := []result{
		{Name: "Decode/360p", Value: 400000, Unit: "cpu-ns/op", Peer: "other", PeerValue: &peer, Ratio: &ratio},
		{Name: "Latest", Value: 12.5, Unit: "ns/op"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
