package room

import (
	"context"
	"time"

	"parlor/app/api"
)

// SendMessage tells everybody in the room a text of 1..MaxMessage bytes of UTF-8. The sender hears of it by MessageReceived, too, maybe
// before the call returns.
func (c *Context) SendMessage(ctx context.Context, text string) (Message, error) {
	const name = "x-sendMessage"
	done, gone := c.begin(name)
	if gone != nil {
		return Message{}, gone
	}
	defer done()
	if err := api.CheckMessage(name, text); err != nil {
		return Message{}, err
	}
	s, err := c.present(ctx, name)
	if err != nil {
		return Message{}, err
	}
	m, err := s.session.SendMessage(ctx, text)
	if err != nil {
		return Message{}, api.FromConnect(name, err)
	}
	return message(m), nil
}

func message(m *api.Message) Message {
	return Message{ID: m.GetId(), UserID: UserID(m.GetUserId()), Text: m.GetText(), SentAt: time.UnixMilli(m.GetSentAtMs())}
}

// received tells the messages that are new. A server that was restarted counts from 1 again: then they are later, if not higher.
// It runs on the loop.
func (s *stay) received(missed bool, list ...*api.Message) {
	for _, m := range list {
		if m.GetId() > s.lastMessage.GetId() || m.GetSentAtMs() > s.lastMessage.GetSentAtMs() {
			s.lastMessage = m
			s.c.emit(MessageReceived{Message: message(m), Missed: missed})
		}
	}
}
