package room

import (
	"context"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/token"
)

// maxToken is the longest text sent as a token, bytes; real ones have some hundred. Requests of more than
// 64 KiB are refused by the server without a look at them.
const maxToken = 16 << 10

// UpdateToken is updateToken (R-39..R-46); outside a room there is nothing that could check the token,
// so it is refused as a parameter error (T-32).
func (c *Context) UpdateToken(ctx context.Context, text string) error {
	const name = "updateToken"
	done, gone := c.begin(name)
	if gone != nil {
		return gone
	}
	defer done()
	s, err := c.present(ctx, name)
	if err != nil {
		return err
	}
	if len(text) > maxToken {
		return errno.InvalidToken.In(name)
	}
	if err := s.session.UpdateToken(ctx, text); err != nil {
		return api.FromConnect(name, err)
	}
	return c.failure(name, c.finish(func() error {
		s.token = parse(text)
		s.tellToken()
		return nil
	}))
}

// parse reads a token that the server has taken.
func parse(text string) *token.AccessToken {
	t, err := token.Parse(text)
	if err != nil {
		return &token.AccessToken{} // of a later version: it is good, and nothing more is known of it
	}
	return t
}

// tellToken runs on the loop.
func (s *stay) tellToken() {
	if s.over {
		return
	}
	t := s.token
	s.c.emit(TokenChanged{
		ExpireAt:          seconds(t.ExpireAt),
		PublishAudio:      s.privileges.GetPublishAudio(),
		PublishVideo:      s.privileges.GetPublishVideo(),
		Subscribe:         s.privileges.GetSubscribe(),
		PublishAudioUntil: until(t, token.PublishStream, token.PublishAudio),
		PublishVideoUntil: until(t, token.PublishStream, token.PublishVideo),
		SubscribeUntil:    until(t, token.SubscribeStream),
	})
}

// until returns when the last of the privileges ends that a token has (T-15): the zero time for never, or for none.
func until(t *token.AccessToken, any ...token.Privilege) time.Time {
	latest := uint32(0)
	for _, p := range any {
		end, granted := t.Privileges[p]
		if !granted {
			continue
		}
		if end == 0 { // as long as the token
			return seconds(t.ExpireAt)
		}
		latest = max(latest, end)
	}
	if t.ExpireAt != 0 { // no privilege outlives its token
		latest = min(latest, t.ExpireAt)
	}
	return seconds(latest)
}

// seconds turns Unix seconds into a time, 0 into the zero time.
func seconds(at uint32) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(int64(at), 0)
}
