package app

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"slices"

	"parlor/app/link"
	"parlor/app/token"
)

// invite lists where others reach the server, best first: links without a room. A server that listens on all addresses is
// reached by each of the machine's, and from elsewhere never by loopback.
func (a *App) invite() []link.Link {
	here := a.serverURL
	links := []link.Link{{Server: here, AppID: a.app.ID}}
	if a.host == nil || !a.host.own() || !everywhere(a.opts.Listen) {
		return links
	}
	u, err := url.Parse(here)
	if err != nil {
		return links
	}
	found, err := net.InterfaceAddrs()
	if err != nil {
		a.log.Warn("the addresses of this machine", "error", err)
		return links
	}
	links = nil
	for _, ip := range outside(found) {
		u.Host = net.JoinHostPort(ip.String(), u.Port())
		links = append(links, link.Link{Server: u.String(), AppID: a.app.ID})
	}
	if len(links) == 0 {
		links = []link.Link{{Server: here, AppID: a.app.ID}}
	}
	return links
}

// everywhere tells whether an address to listen on stands for all of the machine's.
func everywhere(listen string) bool {
	name, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(name)
	return name == "" || err == nil && ip.IsUnspecified()
}

// outside picks the addresses that others can use, those of local networks first, IPv4 before IPv6.
func outside(found []net.Addr) []netip.Addr {
	var list []netip.Addr
	for _, addr := range found {
		network, ok := addr.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(network.IP)
		if ip = ip.Unmap(); ok && ip.IsGlobalUnicast() {
			list = append(list, ip)
		}
	}
	rank := func(ip netip.Addr) int {
		switch {
		case ip.Is4() && ip.IsPrivate():
			return 0
		case ip.Is4():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b netip.Addr) int { return cmp.Compare(rank(a), rank(b)) })
	return list
}

// VerifyToken implements ui.Backend.
func (b *backend) VerifyToken(text string) (valid, known bool) {
	t, err := token.Parse(text)
	if err != nil || b.app.Key == "" || t.AppID != b.app.ID {
		return false, false
	}
	return t.Verify(b.app.Key), true
}
