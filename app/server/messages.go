package server

import (
	"context"
	"slices"

	"parlor/app/api"
)

// maxHistory is how many messages a room remembers, for members who miss some while their stream is opened again: at most
// 0.8 MiB. The oldest is forgotten.
const maxHistory = 200

// history is the last messages of a room.
type history struct {
	last     uint64         // id of the newest
	messages []*api.Message // not changed any more, so that snapshots share them
}

func (h *history) add(m *api.Message) {
	h.last = m.GetId()
	if len(h.messages) == maxHistory {
		h.messages = slices.Delete(h.messages, 0, 1)
	}
	h.messages = append(h.messages, m)
}

// after returns the messages that are kept with an id above this one.
func (h *history) after(id uint64) []*api.Message {
	at := slices.IndexFunc(h.messages, func(m *api.Message) bool { return m.GetId() > id })
	if at < 0 {
		return nil
	}
	return slices.Clone(h.messages[at:])
}

// SendMessage implements api.RoomServiceHandler.
func (r *rooms) SendMessage(ctx context.Context, req *api.SendMessageRequest) (*api.SendMessageResponse, error) {
	s, err := sessionOf(ctx, "sendMessage")
	if err != nil {
		return nil, err
	}
	if err := api.CheckMessage("sendMessage", req.GetText()); err != nil {
		return nil, err
	}
	if !s.messages.AllowN(r.clock.Now(), 1) {
		r.metrics.messagesRefused.Inc()
		return nil, refuse("sendMessage", exhausted("too many messages"))
	}
	response := new(api.SendMessageResponse)
	err = r.onMember(ctx, "sendMessage", func(here *room, m *member) error {
		response.Message = here.say(m, req.GetText())
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.metrics.messages.Inc()
	return response, nil
}

// say tells everybody in the room what the member has to say.
func (r *room) say(m *member, text string) *api.Message {
	message := &api.Message{
		Id: r.history.last + 1, UserId: m.session.user, Text: text, SentAtMs: r.clock.Now().UnixMilli(),
	}
	r.history.add(message)
	r.publish(&api.Event{Body: &api.Event_Message{Message: message}})
	return message
}
