package sfu_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/logging"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"

	"parlor/media"
	"parlor/media/sfu"
)

// lossyNet is a network of three addresses which loses one packet of media in ten, once switched on.
type lossyNet struct {
	sfu, alice, bob transport.Net
	lossy           atomic.Bool
	lost            atomic.Int64
}

func newLossyNet(t *testing.T) *lossyNet {
	t.Helper()
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatal(err)
	}
	l := new(lossyNet)
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	router.AddChunkFilter(func(c vnet.Chunk) bool {
		data := c.UserData()
		media := len(data) > 250 && data[0]>>6 == 2 // RTP with a payload: three of them make a frame
		mu.Lock()
		defer mu.Unlock()
		if l.lossy.Load() && media && random.IntN(10) == 0 {
			l.lost.Add(1)
			return false
		}
		return true
	})
	join := func(ip string) transport.Net {
		n, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
		if err != nil {
			t.Fatal(err)
		}
		if err := router.AddNet(n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	l.sfu, l.alice, l.bob = join("10.0.0.1"), join("10.0.0.2"), join("10.0.0.3")
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := router.Stop(); err != nil {
			t.Errorf("router: %v", err)
		}
	})
	return l
}

// TestSFU_Loss loses packets on both ways, one in ten each, first copies and those sent again: in the end every packet
// arrives, because the SFU asks the publisher and answers the subscriber.
func TestSFU_Loss(t *testing.T) {
	start(t)
	n := newLossyNet(t)
	s := newSFU(t, sfu.Config{Net: n.sfu, Listen: "10.0.0.1:5000"})
	alice, bob := newClient(t, s, "alice", n.alice), newClient(t, s, "bob", n.bob)
	video := alice.send("camera", media.Video)
	seen := bob.receive("camera", media.Video)
	alice.negotiate()
	bob.negotiate()
	video.play()
	first := seen.awaitMore(3)[0].SequenceNumber
	n.lossy.Store(true)
	const wanted = 300
	seen.await("every packet", func() bool {
		have := make(map[uint16]bool, len(seen.packets))
		for _, p := range seen.packets {
			have[p.SequenceNumber] = true
		}
		for i := range uint16(wanted) {
			if !have[first+i] {
				return false
			}
		}
		return true
	})
	stats := s.Stats()
	if stats.Resent == 0 || stats.NACKsIn < stats.Resent {
		t.Errorf("%d packets were lost, %d asked for, %d sent again", n.lost.Load(), stats.NACKsIn, stats.Resent)
	}
	packets := seen.all()
	content := make(map[uint16]string, len(packets))
	for _, p := range packets {
		raw, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if before, again := content[p.SequenceNumber]; again && before != string(raw) {
			t.Fatalf("packet %d came twice, with different content", p.SequenceNumber)
		}
		content[p.SequenceNumber] = string(raw)
	}
}
