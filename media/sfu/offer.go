package sfu

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// Limits of an offer.
const (
	maxSDP      = 128 << 10 // bytes
	maxSections = 256
	maxMID      = 32 // bytes; RFC 8843 wants mids short enough for header extensions
)

// ErrBadOffer marks an offer that is the client's fault.
var ErrBadOffer = errors.New("bad offer")

// badOffer makes an error that wraps ErrBadOffer.
func badOffer(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBadOffer, fmt.Sprintf(format, args...))
}

// section is what the SFU wants to know of one media section. Directions are the client's.
type section struct {
	mid      string
	kind     media.Kind
	sends    bool
	receives bool
	rejected bool // port 0: the client has closed the section for good
}

// sections are the media sections of an offer by mid.
type sections map[string]section

// parseOffer reads an SDP offer. It returns the offer without everything that is not needed, so that nothing
// the client wrote reaches Pion unchecked: only the codecs that are forwarded and only candidates that may be
// contacted. local reports whether candidates on the loopback interface may be.
func parseOffer(raw string, local bool) (clean string, found sections, err error) {
	if len(raw) > maxSDP {
		return "", nil, badOffer("SDP has %d bytes, more than %d", len(raw), maxSDP)
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(raw); err != nil {
		return "", nil, badOffer("SDP: %v", err)
	}
	if len(d.MediaDescriptions) == 0 {
		return "", nil, badOffer("SDP has no media section")
	}
	if len(d.MediaDescriptions) > maxSections {
		return "", nil, badOffer("SDP has %d media sections, more than %d", len(d.MediaDescriptions), maxSections)
	}
	found = make(sections, len(d.MediaDescriptions))
	for i, m := range d.MediaDescriptions {
		s, err := parseSection(m)
		if err != nil {
			return "", nil, fmt.Errorf("section %d: %w", i, err)
		}
		if _, double := found[s.mid]; double {
			return "", nil, badOffer("section %d: mid %q is used twice", i, s.mid)
		}
		found[s.mid] = s
		m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
			return a.IsICECandidate() && !mayContact(a.Value, local)
		})
	}
	if err := checkTransport(&d); err != nil {
		return "", nil, err
	}
	out, err := d.Marshal()
	if err != nil {
		return "", nil, badOffer("SDP: %v", err)
	}
	return string(out), found, nil
}

// parseSection checks one media section and removes from it what is not forwarded.
func parseSection(m *sdp.MediaDescription) (s section, err error) {
	switch m.MediaName.Media {
	case "audio":
		s.kind = media.Audio
	case "video":
		s.kind = media.Video
	default:
		return s, badOffer("media %q is not supported", m.MediaName.Media)
	}
	s.mid, _ = m.Attribute(sdp.AttrKeyMID)
	if s.mid == "" || len(s.mid) > maxMID {
		return s, badOffer("mid %.40q has to be 1 to %d bytes long", s.mid, maxMID)
	}
	if err := checkSources(m); err != nil {
		return s, fmt.Errorf("mid %q: %w", s.mid, err)
	}
	if err := keepCodec(m, s.kind); err != nil {
		return s, fmt.Errorf("mid %q: %w", s.mid, err)
	}
	_, bundled := m.Attribute("bundle-only")
	s.rejected = m.MediaName.Port.Value == 0 && !bundled
	s.sends, s.receives = true, true // RFC 8866, section 6.7: sendrecv is the default
	for _, a := range m.Attributes {
		switch a.Key {
		case sdp.AttrKeySendOnly:
			s.receives = false
		case sdp.AttrKeyRecvOnly:
			s.sends = false
		case sdp.AttrKeyInactive:
			s.sends, s.receives = false, false
		}
	}
	if s.rejected {
		s.sends, s.receives = false, false
	}
	return s, nil
}

// checkSources refuses sections with more than one track (Plan B) and header extensions that
// cannot be read.
func checkSources(m *sdp.MediaDescription) error {
	var sources, repair []string
	for _, a := range m.Attributes {
		fields := strings.Fields(a.Value)
		switch a.Key {
		case sdp.AttrKeySSRC:
			if len(fields) == 0 {
				return badOffer("empty ssrc")
			}
			if _, err := strconv.ParseUint(fields[0], 10, 32); err != nil {
				return badOffer("ssrc %.20q", fields[0])
			}
			if !slices.Contains(sources, fields[0]) {
				sources = append(sources, fields[0])
			}
		case sdp.AttrKeySSRCGroup:
			if len(fields) == 3 && (fields[0] == "FID" || fields[0] == "FEC-FR") {
				repair = append(repair, fields[2])
			}
		case sdp.AttrKeyExtMap:
			var e sdp.ExtMap
			if err := e.Unmarshal(a.String()); err != nil {
				return badOffer("extmap %.80q: %v", a.Value, err)
			}
		}
	}
	sources = slices.DeleteFunc(sources, func(s string) bool { return slices.Contains(repair, s) })
	if len(sources) > 1 {
		return badOffer("%d sources in one section", len(sources))
	}
	return nil
}

// keepCodec removes all payload types but those of the codec that is forwarded.
func keepCodec(m *sdp.MediaDescription, kind media.Kind) error {
	codec := "opus/48000/2" // RFC 7587, section 7
	if kind == media.Video {
		codec = "VP8/90000" // RFC 7741, section 6
	}
	var keep []string
	isCodec := func(rtpmap string) bool {
		format, encoding, _ := strings.Cut(rtpmap, " ")
		number, err := strconv.ParseUint(format, 10, 7)
		return err == nil && format == strconv.FormatUint(number, 10) &&
			strings.EqualFold(encoding, codec) && slices.Contains(m.MediaName.Formats, format)
	}
	for _, a := range m.Attributes {
		if format, _, _ := strings.Cut(a.Value, " "); a.Key == "rtpmap" && isCodec(a.Value) && !slices.Contains(keep, format) {
			keep = append(keep, format)
		}
	}
	if len(keep) == 0 {
		return badOffer("no %s offered", codec)
	}
	m.MediaName.Formats = keep
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
		switch a.Key {
		case "rtpmap":
			return !isCodec(a.Value)
		case "fmtp", "rtcp-fb":
			format, _, _ := strings.Cut(a.Value, " ")
			return !slices.Contains(keep, format)
		}
		return false
	})
	return nil
}

// mayContact reports whether the SFU may send checks to a candidate of an offer. A candidate is an address
// that the client chose: it must not make the SFU talk to itself or to services on its link.
func mayContact(candidate string, local bool) bool {
	c, err := ice.UnmarshalCandidate(candidate)
	if err != nil || !c.NetworkType().IsUDP() {
		return false
	}
	ip, err := netip.ParseAddr(c.Address())
	return err == nil && contactable(ip, local)
}

// contactable is mayContact for an address.
func contactable(ip netip.Addr, local bool) bool {
	ip = ip.Unmap()
	if ip.IsLoopback() {
		return local
	}
	return ip.IsGlobalUnicast()
}

// checkTransport looks for what ICE and DTLS need. It stands where the first section of the bundle has it, or for
// the whole session.
func checkTransport(d *sdp.SessionDescription) error {
	d.Attributes = slices.DeleteFunc(d.Attributes, func(a sdp.Attribute) bool {
		return a.Key == sdp.AttrKeyGroup && !strings.HasPrefix(a.Value, "BUNDLE ") // others mean nothing here
	})
	first := d.MediaDescriptions[0]
	if group, ok := d.Attribute(sdp.AttrKeyGroup); ok {
		tag, _, _ := strings.Cut(strings.TrimPrefix(group, "BUNDLE "), " ")
		i := slices.IndexFunc(d.MediaDescriptions, func(m *sdp.MediaDescription) bool {
			mid, _ := m.Attribute(sdp.AttrKeyMID)
			return mid == tag
		})
		if i < 0 {
			return badOffer("group names mid %.40q, which no section has", tag)
		}
		first = d.MediaDescriptions[i]
	}
	value := func(key string) string {
		if v, _ := d.Attribute(key); v != "" {
			return v
		}
		v, _ := first.Attribute(key)
		return v
	}
	credentials := first.Attribute
	if user, _ := d.Attribute("ice-ufrag"); user != "" {
		credentials = d.Attribute // both stand in the same place
	}
	for _, key := range []string{"ice-ufrag", "ice-pwd"} {
		if v, _ := credentials(key); v == "" {
			return badOffer("no %s", key)
		}
	}
	if algorithm, digest, ok := strings.Cut(value("fingerprint"), " "); !ok || algorithm == "" || digest == "" || strings.Contains(digest, " ") {
		return badOffer("fingerprint %.100q", value("fingerprint"))
	}
	switch setup := value("setup"); setup {
	case "actpass", "active", "":
		return nil
	default: // the SFU is always the DTLS server
		return badOffer("setup %.20q: the client has to be the DTLS client", setup)
	}
}

// check compares the mapping of an offer with its sections.
func (o Offer) check(s sections) error {
	used := make(map[string]bool, len(o.Publish)+len(o.Subscribe))
	named := make(map[TrackID]bool, len(o.Publish))
	for _, p := range o.Publish {
		found, ok := s[p.MID]
		switch {
		case !ok:
			return badOffer("publish: no section has mid %.40q", p.MID)
		case used[p.MID]:
			return badOffer("publish: mid %q is named twice", p.MID)
		case p.Track == "":
			return badOffer("publish: mid %q has no track", p.MID)
		case named[p.Track]:
			return badOffer("publish: track %.80q is named twice", p.Track)
		case found.kind != p.Kind:
			return badOffer("publish: mid %q is %v, not %v", p.MID, found.kind, p.Kind)
		case found.receives && !found.sends:
			return badOffer("publish: mid %q only receives", p.MID)
		}
		used[p.MID], named[p.Track] = true, true
	}
	clear(used)
	for _, w := range o.Subscribe {
		found, ok := s[w.MID]
		switch {
		case !ok:
			return badOffer("subscribe: no section has mid %.40q", w.MID)
		case used[w.MID]:
			return badOffer("subscribe: mid %q is named twice", w.MID)
		case w.Track != "" && !found.receives:
			return badOffer("subscribe: mid %q does not receive", w.MID)
		}
		used[w.MID] = true
	}
	return nil
}

// finishAnswer returns the answer as the client gets it: Pion leaves sections open that the client has closed.
func finishAnswer(d *webrtc.SessionDescription, found sections) (string, error) {
	if d == nil {
		return "", ErrClosed
	}
	rejected := false
	for _, s := range found {
		rejected = rejected || s.rejected
	}
	if !rejected {
		return d.SDP, nil
	}
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(d.SDP); err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	for _, m := range parsed.MediaDescriptions {
		if mid, _ := m.Attribute(sdp.AttrKeyMID); found[mid].rejected {
			m.MediaName.Port.Value = 0
		}
	}
	out, err := parsed.Marshal()
	if err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	return string(out), nil
}
