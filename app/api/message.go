package api

import (
	"fmt"
	"unicode/utf8"

	"parlor/app/errno"
)

// MaxMessage is the longest text of a message, in bytes of UTF-8.
const MaxMessage = 4096

// CheckMessage tells what is wrong with the text of a message to the room: an errno.InvalidParam in the named API, or nil.
// Client and server both ask: Protocol Buffers carry no text that is not UTF-8.
func CheckMessage(apiName, text string) error {
	switch {
	case text == "":
		return errno.InvalidParam.Detail(apiName, "params.text should not be empty", nil)
	case len(text) > MaxMessage:
		return errno.InvalidParam.Detail(apiName,
			fmt.Sprintf("params.text should be at most %d bytes, but has %d", MaxMessage, len(text)), nil)
	case !utf8.ValidString(text):
		return errno.InvalidParam.Detail(apiName, "params.text should be UTF-8", nil)
	}
	return nil
}
