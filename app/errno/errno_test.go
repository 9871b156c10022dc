package errno_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parlor/app/errno"
)

func TestKind_In(t *testing.T) {
	tests := []struct {
		name string
		err  *errno.Error
		want string
	}{
		{"R-19 both verbs", errno.AlreadyInRoom.In("joinRtcRoom", "u1", "r1"),
			`{"errMsg":"joinRtcRoom:fail user u1 is already in the room r1","errNo":21100,"errorCode":115901,"errorType":"D"}`},
		{"R-20 no verb", errno.InvalidToken.In("joinRtcRoom"),
			`{"errMsg":"joinRtcRoom:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}`},
		{"R-24 native code", errno.Failed.In("joinRtcRoom", errno.NativeJoinRoom),
			`{"errMsg":"joinRtcRoom:fail error code:-1001","errNo":21102,"errorCode":115903,"errorType":"F"}`},
		{"R-22 destroyed", errno.EngineDestroyed.In("joinRtcRoom"),
			`{"errMsg":"joinRtcRoom:fail engine has been destroyed,please invoke tt.createRtcRoomContext create new engine","errNo":21102,"errorCode":115910,"errorType":"D"}`},
		{"R-23 X-31", errno.InvalidParam.In("joinRtcRoom"),
			`{"errMsg":"joinRtcRoom:fail params invalid","errNo":20000,"errorCode":115999,"errorType":"D"}`},
		{"R-46 X-37", errno.InvalidToken.In("updateToken"),
			`{"errMsg":"updateToken:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}`},
		{"a percent sign from outside is no verb", errno.AlreadyInRoom.In("joinRtcRoom", "100%d", "r"),
			`{"errMsg":"joinRtcRoom:fail user 100%d is already in the room r","errNo":21100,"errorCode":115901,"errorType":"D"}`},
		{"the cause stays here", errno.InvalidToken.In("joinRtcRoom", io.EOF),
			`{"errMsg":"joinRtcRoom:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}`},
		{"a detail in place of the text", errno.InvalidParam.Detail("exitRtcRoom", "params.roomId should be string, but got number", nil),
			`{"errMsg":"exitRtcRoom:fail params.roomId should be string, but got number","errNo":20000,"errorCode":115999,"errorType":"D"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.err)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestError_Is(t *testing.T) {
	err := error(errno.InvalidToken.In("joinRtcRoom", io.EOF))
	if !errors.Is(err, errno.InvalidToken) || errors.Is(err, errno.Failed) {
		t.Error("errors.Is does not work on kinds")
	}
	if !errors.Is(err, io.EOF) {
		t.Error("the cause is lost")
	}
	if got, want := err.Error(), "joinRtcRoom:fail invalid token: EOF"; got != want {
		t.Errorf("got %q for the log, want %q", got, want)
	}
	if got, want := errno.As("x", err).Text(), "invalid token"; got != want {
		t.Errorf("got text %q want %q", got, want)
	}
}

func TestAs(t *testing.T) {
	if errno.As("x", nil) != nil {
		t.Error("an error out of nothing")
	}
	e := errno.As("joinRtcRoom", io.ErrUnexpectedEOF)
	if e.ErrNo != 21102 || !errors.Is(e, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want Failed around the cause", e)
	}
}

// TestTable pins every triple of the table to a golden file: a change of a number or text is seen in
// two files, or it is a mistake.
func TestTable(t *testing.T) {
	type row struct {
		Name, Type string
		No, Code   int
	}
	var got []row
	names := make(map[string]bool)
	for _, k := range errno.Kinds {
		got = append(got, row{k.Name, k.Type, k.No, k.Code})
		if names[k.Name] {
			t.Errorf("kind %s stands twice", k.Name)
		}
		names[k.Name] = true
		if found, ok := errno.ByName(k.Name); !ok || found != k {
			t.Errorf("kind %s is not found by its name", k.Name)
		}
	}
	raw, err := os.ReadFile("testdata/errno.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []row
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the table is not the golden file (-want +got):\n%s", diff)
	}
}
