package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// TokenWish says which token a call is to have.
type TokenWish struct {
	RoomID, UserID string
	TTL            time.Duration // negative: expired already
	WrongKey       bool          // signed with another key than the app's
	Grant          []string      // names of token.Privilege; nil: everything
}

// anyToken is where a token is made for each call anew: {{token}}, or with wishes
// {{token ttl=10 user=u room=r key=wrong grant=subscribe,publish-audio}}. Scripts have them, too, and no token is on the screen.
var anyToken = regexp.MustCompile(`\{\{token((?: [a-z]+=[^ {}"]*)*)\}\}`)

// defaultTTL is how long a token lasts when nothing is said.
const defaultTTL = 24 * time.Hour

// parseWish reads what stands after "token".
func parseWish(text string, wish TokenWish) (TokenWish, error) {
	wish.TTL = defaultTTL
	for _, part := range strings.Fields(text) {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "room":
			wish.RoomID = value
		case "user":
			wish.UserID = value
		case "ttl":
			seconds, err := strconv.Atoi(value)
			if err != nil {
				return wish, fmt.Errorf("{{token ttl=%s}}: want a whole number of seconds", value)
			}
			wish.TTL = time.Duration(seconds) * time.Second
		case "key":
			if value != "wrong" {
				return wish, fmt.Errorf("{{token key=%s}}: only wrong is known", value)
			}
			wish.WrongKey = true
		case "grant":
			wish.Grant = strings.Split(value, ",")
		default:
			return wish, fmt.Errorf("{{token %s=…}}: want room, user, ttl, key or grant", name)
		}
	}
	return wish, nil
}

// fillTokens replaces {{token …}} in JSON text. Room and user are those beside it in the text, else those of the wish.
func fillTokens(text string, otherwise TokenWish, mint func(TokenWish) (string, error)) (string, error) {
	if !anyToken.MatchString(text) {
		return text, nil
	}
	beside(text, &otherwise)
	var failed error
	filled := anyToken.ReplaceAllStringFunc(text, func(found string) string {
		wish, err := parseWish(anyToken.FindStringSubmatch(found)[1], otherwise)
		var token string
		if err == nil {
			token, err = mint(wish)
		}
		failed = errors.Join(failed, err)
		return token
	})
	return filled, failed
}

// beside takes room and user from the parameters that the text has, or that the line has which it is.
func beside(text string, wish *TokenWish) {
	var line struct {
		RoomID any `json:"roomId"`
		UserID any `json:"userId"`
		Params struct {
			RoomID any `json:"roomId"`
			UserID any `json:"userId"`
		} `json:"params"`
	}
	if json.Unmarshal([]byte(text), &line) != nil {
		return
	}
	for _, v := range []any{line.RoomID, line.Params.RoomID} {
		if id, ok := v.(string); ok && id != "" {
			wish.RoomID = id
		}
	}
	for _, v := range []any{line.UserID, line.Params.UserID} {
		if id, ok := v.(string); ok && id != "" {
			wish.UserID = id
		}
	}
}
