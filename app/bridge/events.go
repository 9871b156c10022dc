package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"parlor/app/room"
)

// eventNames are the documents' events (N-44..N-50) with other spellings of the same one, and ours, without rows.
var eventNames = []struct {
	name    string
	aliases []string
	rows    string
	doc     string
}{
	{"onRtcVideoMembersChanged", nil, "R-80 N-44", "whose camera is on"},
	{"onRtcChatMembersChanged", nil, "R-81 N-45", "who is in the room"},
	{"onRtcChatSpeakersChanged", nil, "R-82 N-46 X-36", "whose microphone is on"},
	{"onRtcPublishScreenMembersChanged", nil, "R-83 N-47", "who shares a screen"},
	{"onRtcStateChanged", []string{"onRtcStateChange"}, "N-48 X-39", "a device, the token or a privilege is lost"},
	{"onRtcChatInterrupted", nil, "N-49", "out of the room against the user's will"},
	{"onRoomTokenWillExpire", nil, "N-50", "the token, or what it allows, ends soon"},
	{"x-onMessage", nil, "", "a text to the room"},
}

// Users is the payload of the four events that carry a complete list (N-44..N-47).
type Users struct {
	UserIDList []room.UserID `json:"userIdList"` // never nil
}

// State is the payload of onRtcStateChanged (N-48); ErrCode repeats ErrNo under its older key.
type State struct {
	ErrNo   int    `json:"errNo"`
	ErrMsg  string `json:"errMsg"`
	ErrCode int    `json:"errCode"`
}

// Interruption is the payload of onRtcChatInterrupted (N-49).
type Interruption struct {
	ErrNo  int    `json:"errNo"`
	ErrMsg string `json:"errMsg"`
}

// Message is the payload of x-onMessage and the answer to x-sendMessage.
type Message struct {
	ID     uint64      `json:"id"` // rising within the room
	UserID room.UserID `json:"userId"`
	Text   string      `json:"text"`
	SentAt int64       `json:"sentAt"` // Unix milliseconds of the server
}

func messageOf(m room.Message) Message {
	return Message{ID: m.ID, UserID: m.UserID, Text: m.Text, SentAt: m.SentAt.UnixMilli()}
}

// eventLine returns name and payload of the events that have a line.
func eventLine(ev room.Event) (name string, payload any) {
	users := func(list []room.UserID) Users {
		if list == nil {
			list = []room.UserID{}
		}
		return Users{UserIDList: list}
	}
	switch ev := ev.(type) {
	case room.VideoMembersChanged:
		return "onRtcVideoMembersChanged", users(ev.Users)
	case room.ChatMembersChanged:
		return "onRtcChatMembersChanged", users(ev.Users)
	case room.ChatSpeakersChanged:
		return "onRtcChatSpeakersChanged", users(ev.Users)
	case room.PublishScreenMembersChanged:
		return "onRtcPublishScreenMembersChanged", users(ev.Users)
	case room.StateChanged:
		if ev.Err == nil {
			return "onRtcStateChanged", State{ErrMsg: "ok"}
		}
		return "onRtcStateChanged", State{ErrNo: ev.Err.ErrNo, ErrMsg: ev.Err.Text(), ErrCode: ev.Err.ErrNo}
	case room.ChatInterrupted:
		return "onRtcChatInterrupted", Interruption{ErrNo: ev.No, ErrMsg: ev.Msg}
	case room.RoomTokenWillExpire:
		return "onRoomTokenWillExpire", struct{}{}
	case room.MessageReceived:
		return "x-onMessage", messageOf(ev.Message)
	}
	return "", nil
}

// eventLog remembers, per event, what x-wait asks for.
type eventLog struct {
	mu      sync.Mutex
	off     map[string]bool
	seen    map[string]int // lines that came and no x-wait has counted yet
	last    map[string]any // payload of the last line
	changed chan struct{}  // closed and replaced with each line
}

// onEvent runs on the context's loop.
func (b *Bridge) onEvent(ev room.Event) {
	if name, payload := eventLine(ev); name != "" && b.events.isOn(name) {
		b.emitEvent(Line{Event: name, Res: payload})
	}
	if b.cfg.OnEvent != nil {
		b.cfg.OnEvent(ev)
	}
}

// emitEvent emits the line of an event, or keeps it while a joinRtcRoom has not been answered: a page hears
// of its success first and of the members then.
func (b *Bridge) emitEvent(l Line) {
	b.emitMu.Lock()
	defer b.emitMu.Unlock()
	if b.joins > 0 {
		b.held = append(b.held, l)
		return
	}
	b.emitEventLocked(l)
}

// emitEventLocked is emitEvent with b.emitMu held and nothing to wait for.
func (b *Bridge) emitEventLocked(l Line) {
	if b.cfg.Emit != nil {
		b.cfg.Emit(l)
	}
	b.events.add(l.Event, l.Res)
}

// holdEvents keeps events back until the release.
func (b *Bridge) holdEvents() {
	b.emitMu.Lock()
	defer b.emitMu.Unlock()
	b.joins++
}

func (b *Bridge) releaseEvents() {
	b.emitMu.Lock()
	defer b.emitMu.Unlock()
	if b.joins--; b.joins > 0 {
		return
	}
	held := b.held
	b.held = nil
	for _, l := range held {
		b.emitEventLocked(l)
	}
}

// setEvents puts all events on, as they are in a new context, and forgets those of the one before.
func (b *Bridge) setEvents() {
	b.events.mu.Lock()
	defer b.events.mu.Unlock()
	clear(b.events.off)
	clear(b.events.seen)
	clear(b.events.last)
}

func (b *Bridge) setEvent(name string, on bool) {
	b.events.mu.Lock()
	defer b.events.mu.Unlock()
	if b.events.off == nil {
		b.events.off = make(map[string]bool)
	}
	b.events.off[name] = !on
}

func (l *eventLog) isOn(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.off[name]
}

func (l *eventLog) add(name string, payload any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen, l.last = make(map[string]int), make(map[string]any)
	}
	l.seen[name]++
	l.last[name] = payload
	close(l.changed)
	l.changed = make(chan struct{})
}

// take counts n lines of an event as waited for, or says how many there are.
func (l *eventLog) take(name string, n int) (payload any, have int, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	have = l.seen[name]
	if have < n {
		return nil, have, l.changed
	}
	l.seen[name] -= n
	return l.last[name], n, nil
}

// takeMatch counts all lines up to the last one as waited for if that one matches.
func (l *eventLog) takeMatch(name string, want map[string]any) (payload any, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	payload, there := l.last[name]
	if !there || !matches(want, payload) {
		return nil, l.changed
	}
	l.seen[name] = 0
	return payload, nil
}

// waitable are the names that x-wait takes.
func waitable() []any {
	var list []any
	for _, e := range eventNames {
		list = append(list, e.name)
		for _, alias := range e.aliases {
			list = append(list, alias)
		}
	}
	return list
}

// wait is x-wait: it counts lines of an event that no earlier x-wait has counted, so that a line which came
// between a call and its x-wait is not missed. With match it waits until the last line of the event has at
// least those fields. Its answer carries the last line's payload.
func (c *call) wait() (any, error) {
	name, count := c.params.text("event"), int(c.params.number("count", 1))
	for _, e := range eventNames {
		if slices.Contains(e.aliases, name) {
			name = e.name
		}
	}
	limit, err := c.params.pause("timeoutMs", 10000)
	if err != nil {
		return nil, err
	}
	if n := c.params.number("count", 1); n != float64(count) || count < 1 {
		return nil, fmt.Errorf("params.count should be a whole number from 1, but got %v", n)
	}
	v, _ := c.params.lookup("match")
	match, _ := v.(map[string]any)
	if _, counted := c.params.lookup("count"); counted && match != nil {
		return nil, errors.New("params.count and params.match exclude each other")
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		var payload any
		var have int
		var changed <-chan struct{}
		if match != nil {
			payload, changed = c.b.events.takeMatch(name, match)
		} else {
			payload, have, changed = c.b.events.take(name, count)
		}
		if changed == nil {
			return payload, nil
		}
		select {
		case <-changed:
		case <-c.ctx.Done():
			return nil, c.over()
		case <-timer.C:
			if match != nil {
				return nil, fmt.Errorf("no %s that matches within %v", name, limit)
			}
			return nil, fmt.Errorf("%d of %d %s within %v", have, count, name, limit)
		}
	}
}

// matches reports whether payload, as JSON, has all fields of want. Lists are compared without their
// order: those of the documents have none.
func matches(want map[string]any, payload any) bool {
	text, err := json.Marshal(payload)
	if err != nil {
		return false
	}
	var got any
	if err := json.Unmarshal(text, &got); err != nil {
		return false
	}
	return contains(got, want)
}

func contains(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		for name, value := range want {
			field, there := object[name]
			ok = ok && there && contains(field, value)
		}
		return ok
	case []any:
		list, ok := got.([]any)
		return ok && reflect.DeepEqual(sorted(list), sorted(want))
	}
	return reflect.DeepEqual(got, want)
}

// sorted returns the JSON texts of a list in order.
func sorted(list []any) []string {
	texts := make([]string, len(list))
	for i, v := range list {
		text, _ := json.Marshal(v)
		texts[i] = string(text)
	}
	slices.SortFunc(texts, strings.Compare)
	return texts
}
