// Package errno is the table of exact errors of the room API (rows R-*, N-* and E-* of
// the documents) and the one error type that carries them. Numbers and texts stand
// only in errno.json; table.go and errors.md are generated from it.
package errno

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

//go:generate go run gen.go

// Kind is one row of the table. Kinds are compared with errors.Is.
type Kind struct {
	Name string // stable name, used on the wire
	No   int    // errNo: five digits
	Code int    // errorCode: six digits
	Type string // errorType: D developer, F framework, U user
	text string // after "api:fail ", may have %s or %d
}

// Error makes a Kind usable as the target of errors.Is.
func (k *Kind) Error() string { return k.Name }

// Error is a failed call with the fields of the documents. Its JSON form is what a fail callback gets.
type Error struct {
	ErrMsg    string `json:"errMsg"`    // "joinRtcRoom:fail invalid token"
	ErrNo     int    `json:"errNo"`     // 21101
	ErrorCode int    `json:"errorCode"` // 115902
	ErrorType string `json:"errorType"` // "D"

	kind  *Kind
	api   string
	cause error
}

// In returns the error of this kind in the named API. args fill the verbs of the text. A
// last argument of type error is the cause: it is for the log and never leaves the process.
func (k *Kind) In(api string, args ...any) *Error {
	var cause error
	if n := len(args); n > 0 {
		if err, ok := args[n-1].(error); ok {
			cause, args = err, args[:n-1]
		} else if args[n-1] == nil {
			args = args[:n-1]
		}
	}
	text := k.text
	if len(args) > 0 {
		text = fmt.Sprintf(k.text, args...)
	}
	return k.build(api, text, cause)
}

// Detail is In with a text of its own in place of the table's, for parameter errors that name
// what is wrong and where.
func (k *Kind) Detail(api, text string, cause error) *Error { return k.build(api, text, cause) }

func (k *Kind) build(api, text string, cause error) *Error {
	return &Error{
		ErrMsg: api + ":fail " + text, ErrNo: k.No, ErrorCode: k.Code, ErrorType: k.Type,
		kind: k, api: api, cause: cause,
	}
}

// Error returns the documented text followed by the cause, for logs.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.ErrMsg + ": " + e.cause.Error()
	}
	return e.ErrMsg
}

// Unwrap returns the cause, which may be nil.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, errno.InvalidToken) true for every error of that kind.
func (e *Error) Is(target error) bool {
	k, ok := target.(*Kind)
	return ok && k == e.kind
}

// Kind returns the row of the table.
func (e *Error) Kind() *Kind { return e.kind }

// Text returns the part after "api:fail ".
func (e *Error) Text() string { return strings.TrimPrefix(e.ErrMsg, e.api+":fail ") }

// As returns the *Error in err's chain, or wraps err as Failed with the native code -1001 (joinRoom).
func As(api string, err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Failed.In(api, NativeJoinRoom, err)
}

// ByName finds a kind by its name on the wire.
func ByName(name string) (*Kind, bool) {
	for _, k := range Kinds {
		if k.Name == name {
			return k, true
		}
	}
	return nil, false
}

// MarshalJSON gives exactly the documented fields.
func (e *Error) MarshalJSON() ([]byte, error) {
	type fields Error
	return json.Marshal((*fields)(e))
}

// Native codes of rows E-6 and E-7 that appear in the text of Failed and in interruption events.
const (
	NativeJoinRoom            = -1001
	NativeNoPublishPermission = -1002
	NativeNoSubscribe         = -1003
	NativeDuplicateLogin      = -1004
	NativeKickedOut           = -1006
	NativeRoomDismissed       = -1011
	NativeOverSubscribeLimit  = -1070
	NativeOverPublishLimit    = -1080
	NativeServerStatus        = -1084
	NativeStreamNotFound      = -2003
	NativePublishForbidden    = -2009
	NativeNoPlayoutDevice     = -5006
)
