// Package api is the contract between clients and the server: room.proto, the code generated from
// it, and the two functions that carry an errno.Error through Connect.
package api

import (
	"errors"

	"connectrpc.com/connect"

	"parlor/app/errno"
)

//go:generate go run parlor/cmd/internal/protogen

// NoSuchApp is the body of GET /healthz?app=ID, with status 404, when the server has no key of that app.
const NoSuchApp = "no such app"

// ToConnect turns any error of a handler into what may leave the process: the documented fields
// of an errno.Error, or a bare "internal error". Causes are never sent.
func ToConnect(err error) *connect.Error {
	var wire *connect.Error
	if errors.As(err, &wire) {
		return wire
	}
	var known *errno.Error
	if !errors.As(err, &known) {
		return connect.NewError(connect.CodeInternal, errors.New("internal error"))
	}
	wire = connect.NewError(code(known), errors.New(known.ErrMsg))
	detail, detailErr := connect.NewErrorDetail(&ErrorDetail{
		Kind: known.Kind().Name, ErrMsg: known.ErrMsg,
		ErrNo: int32(known.ErrNo), ErrorCode: int32(known.ErrorCode), ErrorType: known.ErrorType,
	})
	if detailErr == nil {
		wire.AddDetail(detail)
	}
	return wire
}

func code(e *errno.Error) connect.Code {
	switch e.Kind() {
	case errno.InvalidParam, errno.InvalidCamera:
		return connect.CodeInvalidArgument
	case errno.InvalidToken, errno.TokenExpired:
		return connect.CodeUnauthenticated
	case errno.AlreadyInRoom:
		return connect.CodeAlreadyExists
	case errno.PlatformAuthDeny, errno.AuthDeny:
		return connect.CodePermissionDenied
	case errno.Failed:
		return connect.CodeFailedPrecondition
	}
	return connect.CodeUnknown
}

// FromConnect turns an error of a call back into the errno.Error that the handler returned, under
// the name of the API that the client called. Errors that Connect or the network made become
// errno.Failed with the native code -1001.
func FromConnect(apiName string, err error) *errno.Error {
	if err == nil {
		return nil
	}
	var wire *connect.Error
	if errors.As(err, &wire) {
		for _, d := range wire.Details() {
			value, valueErr := d.Value()
			if valueErr != nil {
				continue
			}
			detail, ok := value.(*ErrorDetail)
			if !ok {
				continue
			}
			kind, ok := errno.ByName(detail.GetKind())
			if !ok {
				continue
			}
			return kind.Detail(apiName, textOf(detail.GetErrMsg()), err)
		}
	}
	return errno.As(apiName, err)
}

// textOf cuts "someApi:fail " off.
func textOf(errMsg string) string {
	const mark = ":fail "
	for i := 0; i+len(mark) <= len(errMsg); i++ {
		if errMsg[i:i+len(mark)] == mark {
			return errMsg[i+len(mark):]
		}
	}
	return errMsg
}
