package ui

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parlor/app/room"
)

const (
	// chatCapacity is how many messages and notes are kept; the oldest go, and the list says so.
	chatCapacity = 2000
	// chatWaiting is how many own messages may wait for the connection to come back: more than a person writes in the minute
	// after which the stay is given up. Then the field keeps what is typed, and says why.
	chatWaiting = 20
	// chatUnsent is how many own messages that did not arrive are kept to be tried again; the oldest go.
	chatUnsent = 100
)

// chatKind is what a line of the chat tells.
type chatKind uint8

const (
	chatText    chatKind = iota // a message
	chatJoined                  // somebody came
	chatLeft                    // somebody went
	chatShares                  // somebody began to share a screen
	chatUnshare                 // and stopped
)

// chatLine is a message that everybody has, or a note.
type chatLine struct {
	id   uint64 // rising, ours
	kind chatKind
	user room.UserID
	own  bool
	text string
	at   time.Time
}

// outgoing is an own message that the server has not told to everybody yet.
type outgoing struct {
	id    uint64
	text  string
	at    time.Time
	phase outPhase
	why   string // it failed, as the API said it; "" with outFailed: the stay ended before it was sent
}

// outPhase is how far an own message has come.
type outPhase uint8

const (
	outWaiting  outPhase = iota // for the connection
	outCalled                   // x-sendMessage is on its way
	outAccepted                 // x-sendMessage is answered; MessageReceived is to come
	outFailed
)

// chatState is the messages of the room and what was read of them. They stay after leaving, until another room is joined.
type chatState struct {
	roomID  string // whose messages these are
	lines   []chatLine
	dropped int // messages and notes that are not kept any more
	outbox  []outgoing
	lost    int // own messages that did not arrive and are not kept any more
	last    uint64
	unread  int                  // messages of others since the chat was last on screen
	mark    uint64               // the first of them, until the reader goes elsewhere; 0: none
	shown   bool                 // the chat is on screen
	quiet   bool                 // notes are left out
	present map[room.UserID]bool // who is here, and whether with a shared screen; nil: not told yet
}

// The messages of the chat.
type (
	chatQueued    struct{ text string } // sent while reconnecting
	chatRetried   struct{ id uint64 }   // it is to be sent anew: it leaves the list
	chatDiscarded struct{ id uint64 }
	chatQuieted   struct{ quiet bool }
)

// reduce returns the part after a message; whole is the state with the message in it.
func (s chatState) reduce(m any, whole *state, now time.Time) chatState {
	switch m := m.(type) {
	case room.Joined:
		s = s.joined(m)
	case room.MembersChanged:
		s = s.membersChanged(m.Members, now)
	case room.MessageReceived:
		s = s.received(m.Message, whole)
	case room.Exited:
		s = s.exited()
	case callStarted:
		if m.method == "x-sendMessage" && whole.inRoom() {
			s = s.called(messageText(m.params), now)
		}
	case callEnded:
		if m.method == "x-sendMessage" {
			s = s.answered(messageText(m.params), m)
		}
	case chatQueued:
		s = s.queue(outgoing{text: m.text, at: now, phase: outWaiting})
	case chatRetried:
		s = s.without(m.id)
	case chatDiscarded:
		s = s.without(m.id)
	case chatQuieted:
		s.quiet = m.quiet
	}
	return s.seen(whole)
}

// messageText is the text in the parameters of x-sendMessage; scripts may send anything.
func messageText(params json.RawMessage) string {
	var p struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(params, &p) != nil {
		return ""
	}
	return p.Text
}

// seen follows whether the chat is on screen: what is read is no longer unread, and the mark goes with the reader.
func (s chatState) seen(whole *state) chatState {
	shown := whole.inRoom() && whole.page == pageRoom && whole.side.shown() == panelChat
	if s.shown && !shown {
		s.mark = 0
	}
	if s.shown = shown; shown {
		s.unread = 0
	}
	return s
}

func (s chatState) joined(m room.Joined) chatState {
	switch {
	case m.Rejoined:
		return s
	case m.RoomID != s.roomID:
		return chatState{roomID: m.RoomID, last: s.last, quiet: s.quiet}
	}
	s.present = nil // who came and went in the meantime is nobody's news
	return s
}

// exited gives up what waits: there is no way back into this stay.
func (s chatState) exited() chatState {
	s.present = nil
	s.outbox = slices.DeleteFunc(slices.Clone(s.outbox), func(o outgoing) bool { return o.phase == outAccepted })
	for i := range s.outbox {
		if s.outbox[i].phase == outWaiting {
			s.outbox[i].phase = outFailed
		}
	}
	return s
}

// membersChanged notes who came, went, and shares.
func (s chatState) membersChanged(members []room.Member, now time.Time) chatState {
	before := s.present
	s.present = make(map[room.UserID]bool, len(members))
	note := func(kind chatKind, user room.UserID) {
		s = s.add(chatLine{kind: kind, user: user, at: now})
	}
	for _, m := range members {
		s.present[m.UserID] = m.Screen
		shared, here := before[m.UserID]
		switch {
		case before == nil:
		case !here && !m.Self:
			note(chatJoined, m.UserID)
		}
		switch {
		case before == nil:
		case m.Screen && !shared:
			note(chatShares, m.UserID)
		case !m.Screen && shared:
			note(chatUnshare, m.UserID)
		}
	}
	var gone []room.UserID
	for user := range before {
		if _, here := s.present[user]; !here {
			gone = append(gone, user)
		}
	}
	slices.SortFunc(gone, func(a, b room.UserID) int { return cmp.Compare(a, b) })
	for _, user := range gone {
		note(chatLeft, user)
	}
	return s
}

// add appends a line and lets the oldest go.
func (s chatState) add(l chatLine) chatState {
	s.last++
	l.id = s.last
	s.lines = append(s.lines, l)
	if over := len(s.lines) - chatCapacity; over > 0 {
		s.lines = s.lines[over:]
		s.dropped += over
	}
	return s
}

func (s chatState) received(m room.Message, whole *state) chatState {
	own := string(m.UserID) == whole.userID
	s = s.add(chatLine{kind: chatText, user: m.UserID, own: own, text: m.Text, at: m.SentAt})
	if own {
		if i := s.find(m.Text, outCalled, outAccepted); i >= 0 {
			s.outbox = slices.Delete(slices.Clone(s.outbox), i, i+1)
		}
		return s
	}
	s = s.seen(whole)
	if !s.shown {
		if s.unread == 0 {
			s.mark = s.last
		}
		s.unread++
	}
	return s
}

// find is the place of the oldest own message with that text in one of the phases, -1 for none.
func (s *chatState) find(text string, phases ...outPhase) int {
	return slices.IndexFunc(s.outbox, func(o outgoing) bool { return o.text == text && slices.Contains(phases, o.phase) })
}

// waiting counts the own messages that wait for the connection.
func (s *chatState) waiting() (n int) {
	for _, o := range s.outbox {
		if o.phase == outWaiting {
			n++
		}
	}
	return n
}

func (s chatState) queue(o outgoing) chatState {
	s.last++
	o.id = s.last
	s.outbox = append(slices.Clone(s.outbox), o)
	if over := len(s.outbox) - chatUnsent; over > 0 {
		s.outbox = s.outbox[over:]
		s.lost += over
	}
	return s
}

// called notes a message on its way: one that waited, or a new one, whoever called.
func (s chatState) called(text string, now time.Time) chatState {
	i := s.find(text, outWaiting)
	if i < 0 {
		return s.queue(outgoing{text: text, at: now, phase: outCalled})
	}
	s.outbox = slices.Clone(s.outbox)
	s.outbox[i].phase = outCalled
	return s
}

func (s chatState) answered(text string, m callEnded) chatState {
	i := s.find(text, outCalled)
	if i < 0 {
		return s // its MessageReceived came first
	}
	s.outbox = slices.Clone(s.outbox)
	s.outbox[i].phase = outAccepted
	if !m.ok {
		s.outbox[i].phase = outFailed
		s.outbox[i].why = strings.TrimPrefix(m.result.Msg, "x-sendMessage:fail ")
	}
	return s
}

func (s chatState) without(id uint64) chatState {
	s.outbox = slices.DeleteFunc(slices.Clone(s.outbox), func(o outgoing) bool { return o.id == id })
	return s
}

// unsent returns the own message with an id.
func (s *chatState) unsent(id uint64) (outgoing, bool) {
	i := slices.IndexFunc(s.outbox, func(o outgoing) bool { return o.id == id })
	if i < 0 {
		return outgoing{}, false
	}
	return s.outbox[i], true
}
