package app

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parlor/app/token"
)

func TestOutside(t *testing.T) {
	var found []net.Addr
	for _, cidr := range []string{"127.0.0.1/8", "::1/128", "fe80::1/64", "2001:db8::5/64", "203.0.113.7/24", "169.254.3.4/16", "192.168.1.20/24", "10.0.0.5/8"} {
		ip, network, err := net.ParseCIDR(cidr)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, &net.IPNet{IP: ip, Mask: network.Mask})
	}
	var got []string
	for _, ip := range outside(found) {
		got = append(got, ip.String())
	}
	if diff := cmp.Diff([]string{"192.168.1.20", "10.0.0.5", "203.0.113.7", "2001:db8::5"}, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
}

func TestEverywhere(t *testing.T) {
	for listen, want := range map[string]bool{"0.0.0.0:7880": true, ":7880": true, "[::]:7880": true, "127.0.0.1:7880": false, "10.0.0.5:7880": false, "": false} {
		if got := everywhere(listen); got != want {
			t.Errorf("everywhere(%q) = %v", listen, got)
		}
	}
}

// TestBackend_VerifyToken: only the key that made a token can tell, and only for its own app.
func TestBackend_VerifyToken(t *testing.T) {
	b := &backend{app: Credentials{ID: "0123456789abcdef01234567", Key: "secret"}}
	mint := func(app, key string) string {
		text, err := token.Mint(token.MintOptions{AppID: app, AppKey: key, RoomID: "r", UserID: "u"})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, tc := range map[string]struct {
		text         string
		valid, known bool
	}{
		"ours":        {mint(b.app.ID, "secret"), true, true},
		"another key": {mint(b.app.ID, "guess"), false, true},
		"another app": {mint("ffffffffffffffffffffffff", "secret"), false, false},
		"no token":    {"001", false, false},
	} {
		if valid, known := b.VerifyToken(tc.text); valid != tc.valid || known != tc.known {
			t.Errorf("%s: valid %v, known %v", name, valid, known)
		}
	}
}
