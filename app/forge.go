package app

import (
	"fmt"
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
	if wish.Grant == nil {
		wish.Grant = []string{token.PublishStream.String(), token.SubscribeStream.String()}
	}
	for _, name := range wish.Grant {
		p, err := privilege(name)
		if err != nil {
			return "", err
		}
		t.AddPrivilege(p, t.ExpireAt)
	}
	return t.Sign(key)
}

// privilege finds one by its name.
func privilege(name string) (token.Privilege, error) {
	for p := token.PublishStream; p <= token.SubscribeStream; p++ {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("there is no privilege %.64q", name)
}
