package room

import (
	"context"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
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
	return nil
}

// tellToken tells what the token allows and for how long. It runs on the loop.
func (s *stay) tellToken() {
	p := s.privileges
	s.c.emit(TokenChanged{
		ExpireAt:          seconds(p.GetTokenExpireAt()),
		PublishAudio:      p.GetPublishAudio(),
		PublishVideo:      p.GetPublishVideo(),
		Subscribe:         p.GetSubscribe(),
		PublishAudioUntil: seconds(p.GetPublishAudioUntil()),
		PublishVideoUntil: seconds(p.GetPublishVideoUntil()),
		SubscribeUntil:    seconds(p.GetSubscribeUntil()),
	})
}

// seconds turns Unix seconds into a time, 0 into the zero time.
func seconds(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(at, 0)
}
