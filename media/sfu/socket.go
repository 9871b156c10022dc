package sfu

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// socketBuffer is asked of the system for each direction of the port, bytes: 30 ms of a gigabit. The system may
// give less (net.core.rmem_max).
const socketBuffer = 4 << 20

// portAttempts is how often a free port that all addresses share is looked for.
const portAttempts = 20

// socket is the one UDP port of an SFU.
type socket struct {
	mux   ice.UDPMux
	addr  net.Addr
	local bool // it listens on the loopback interface alone
}

// listen opens the port. An unspecified address ("0.0.0.0", "::", none) means every address that the machine has
// now. Each gets a socket of its own with the same port, so that an answer leaves from the address that was
// asked, as ICE demands (RFC 8445, section 7.2.5.2.1).
func listen(n transport.Net, address string, factory logging.LoggerFactory, log *slog.Logger) (*socket, error) {
	if n == nil {
		machine, err := stdnet.NewNet()
		if err != nil {
			return nil, fmt.Errorf("sfu: network: %w", err)
		}
		n = machine
	}
	if address == "" {
		address = ":0"
	}
	want, err := n.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("sfu: listen address %q: %w", address, err)
	}
	addresses := []net.IP{want.IP}
	if want.IP == nil || want.IP.IsUnspecified() {
		if addresses, err = machineAddresses(n, want.IP); err != nil {
			return nil, fmt.Errorf("sfu: listen address %q: %w", address, err)
		}
	}
	conns, err := listenAll(n, addresses, want.Port)
	if err != nil {
		return nil, fmt.Errorf("sfu: listen address %q: %w", address, err)
	}
	s := &socket{local: true}
	var muxes []ice.UDPMux
	for i, c := range conns {
		for _, err := range []error{c.SetReadBuffer(socketBuffer), c.SetWriteBuffer(socketBuffer)} {
			if err != nil {
				log.Debug("sfu: socket buffer stays small", "addr", c.LocalAddr(), "err", err)
			}
		}
		s.local = s.local && addresses[i].IsLoopback()
		muxes = append(muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{Logger: factory.NewLogger("ice"), UDPConn: c, Net: n}))
	}
	s.addr = &net.UDPAddr{IP: want.IP, Port: conns[0].LocalAddr().(*net.UDPAddr).Port}
	s.mux = ice.NewMultiUDPMuxDefault(muxes...)
	return s, nil
}

// listenAll opens one socket per address, all with the same port. The first one chooses it when port is 0.
func listenAll(n transport.Net, addresses []net.IP, port int) (conns []transport.UDPConn, err error) {
	for attempt := 0; attempt < portAttempts; attempt++ {
		shared := port
		for _, ip := range addresses {
			var c transport.UDPConn
			if c, err = n.ListenUDP("udp", &net.UDPAddr{IP: ip, Port: shared}); err != nil {
				break
			}
			conns = append(conns, c)
			shared = c.LocalAddr().(*net.UDPAddr).Port
		}
		if err == nil {
			return conns, nil
		}
		for _, c := range conns {
			_ = c.Close()
		}
		if port != 0 {
			break
		}
		conns = nil
	}
	return nil, err
}

// machineAddresses returns the addresses of all interfaces that are up: of IP version 4 alone when like is
// 0.0.0.0. Link-local addresses are left out, since they mean nothing without their interface.
func machineAddresses(n transport.Net, like net.IP) ([]net.IP, error) {
	interfaces, err := n.Interfaces()
	if err != nil {
		return nil, err
	}
	var found []net.IP
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil || i.Flags&net.FlagUp == 0 {
			continue
		}
		for _, a := range addrs {
			network, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			ip, ok := netip.AddrFromSlice(network.IP)
			if ip = ip.Unmap(); !ok || ip.Is6() && like.To4() != nil || !contactable(ip, true) {
				continue
			}
			found = append(found, ip.AsSlice())
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no interface has an address")
	}
	return found, nil
}
