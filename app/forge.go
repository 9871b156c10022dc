package app

import (
	"math/rand/v2"
	"time"

	"parlor/app/token"
	"parlor/app/ui/console"
)

// notTheKey signs tokens that a server must refuse, and all tokens of a program that has no key.
const notTheKey = "not the key of any app"

// Token implements ui.Backend. Unlike MintToken it takes any ids, so that testers can see what servers refuse.
func (b *backend) Token(wish console.TokenWish) (string, error) {
	key := b.app.Key
	if wish.WrongKey || key == "" {
		key = notTheKey
	}
	now := time.Now()
	t := &token.AccessToken{
		AppID: b.app.ID, RoomID: wish.RoomID, UserID: wish.UserID,
		Nonce: rand.Uint32(), IssuedAt: uint32(now.Unix()), ExpireAt: uint32(now.Add(wish.TTL).Unix()),
	}
	t.AddPrivilege(token.PublishStream, t.ExpireAt)
	t.AddPrivilege(token.SubscribeStream, t.ExpireAt)
	return t.Sign(key)
}
