package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"
)

// nowhere is a server that refuses connections.
const nowhere = "--server http://127.0.0.1:1"

// apiTest is one script and what the program makes of it.
type apiTest struct {
	name, args string
	in         io.Reader
	code       int
	out, err   []string
}

func apiTests() []apiTest {
	return []apiTest{
		{name: "empty script", args: nowhere, in: strings.NewReader("")},
		{
			name: "results and mistakes", args: nowhere,
			in: strings.NewReader(`{"id":1,"method":"createRtcRoomContext","params":{"appId":"a"}}
{"id":2,"method":"x-network"}
not JSON
{"id":3,"method":"nothing"}

{"id":4,"method":"exitRtcRoom","params":{"roomId":"r"}}`),
			out: []string{
				`{"id":1,"ok":true}`,
				`{"id":2,"ok":true,"res":{"lossPercent":0,"delayMs":0,"jitterMs":0,"rateKbps":0,"passed":0,"lost":0,"overflow":0}}`,
				`{"error":"malformed JSON: invalid character 'o' in literal null (expecting 'u')"}`,
				`{"id":3,"error":"unknown method \"nothing\""}`,
				`{"id":4,"callback":"success","res":{"errMsg":"exitRtcRoom:ok"}}`,
				`{"id":4,"callback":"complete","res":{"errMsg":"exitRtcRoom:ok"}}`,
			},
		},
		{
			name: "no server", args: nowhere,
			in: strings.NewReader(`{"id":1,"method":"createRtcRoomContext","params":{"appId":"a"}}
{"id":2,"method":"joinRtcRoom","params":{"roomId":"r","userId":"u","token":"t"}}`),
			out: []string{
				`{"id":1,"ok":true}`,
				`{"id":2,"callback":"fail","res":{"errMsg":"joinRtcRoom:fail error code:-1001","errNo":21102,"errorCode":115903,"errorType":"F"}}`,
				`{"id":2,"callback":"complete","res":{"errMsg":"joinRtcRoom:fail error code:-1001","errNo":21102,"errorCode":115903,"errorType":"F"}}`,
			},
		},
		{
			name: "x-quit", args: nowhere, in: strings.NewReader(`{"id":1,"method":"x-quit"}` + "\n" + `{"id":2,"method":"x-stats"}`),
			out: []string{`{"id":1,"ok":true}`},
		},
		{
			name: "long line", args: nowhere, in: strings.NewReader(strings.Repeat("x", 3<<20) + "\n" + `{"id":2,"method":"x-sleep","params":{"ms":0}}`),
			out: []string{`{"error":"line is longer than 1048576 bytes"}`, `{"id":2,"ok":true}`},
		},
		{
			name: "broken standard input", args: nowhere, in: iotest.ErrReader(errors.New("disk on fire")), code: 1,
			err: []string{"parlorctl: standard input: disk on fire"},
		},
		{name: "calling", args: nowhere + " --module calling", code: 2, err: []string{"parlorctl: --module calling is not served by this version (see --help)"}},
		{name: "unknown module", args: nowhere + " --module tv", code: 2, err: []string{`parlorctl: --module "tv" is not one of rtc, calling, live (see --help)`}},
		{name: "server is missing", code: 2, err: []string{"parlorctl: --server is missing (see --help)"}},
		{name: "log level", args: nowhere + " --log-level loud", code: 2, err: []string{`parlorctl: --log-level "loud" is not one of debug, info, warn, error (see --help)`}},
	}
}

func TestAPI(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(time.Minute).Stop()
	for _, tt := range apiTests() {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := run(t.Context(), append([]string{"api"}, strings.Fields(tt.args)...), tt.in, &stdout, &stderr)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if diff := cmp.Diff(tt.out, lines(stdout.String())); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.err, lines(strings.ReplaceAll(stderr.String(), "parlorctl api:", "parlorctl:"))); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}

func lines(text string) (list []string) {
	for l := range strings.Lines(text) {
		list = append(list, strings.TrimSuffix(l, "\n"))
	}
	return list
}

// TestAPI_Signal: a signal ends the program cleanly while a script waits and the input is open.
func TestAPI_Signal(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	ctx, signal := context.WithCancelCause(t.Context())
	in, script := io.Pipe()
	out, stdout := io.Pipe()
	ended := make(chan int)
	go func() {
		code := run(ctx, []string{"api", "--server", "http://127.0.0.1:1"}, in, stdout, io.Discard)
		stdout.Close()
		ended <- code
	}()
	io.WriteString(script, `{"id":1,"method":"x-sleep","params":{"ms":0}}`+"\n")
	reply := bufio.NewScanner(out)
	if reply.Scan(); reply.Text() != `{"id":1,"ok":true}` {
		t.Fatalf("got %q", reply.Text())
	}
	io.WriteString(script, `{"id":2,"method":"x-sleep","params":{"ms":3600000}}`+"\n")
	signal(errors.New("terminated"))
	for reply.Scan() {
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	script.Close()
}

// TestAPI_NobodyReads: the program ends when its output is not taken, instead of holding up the room.
func TestAPI_NobodyReads(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	out, stdout := io.Pipe()
	var stderr strings.Builder
	script := strings.NewReader(strings.Repeat(`{"method":"nothing"}`+"\n", maxPending+2000))
	code := run(t.Context(), []string{"api", "--server", "http://127.0.0.1:1"}, script, stdout, &stderr)
	if want := "parlorctl api: standard output: 4096 lines wait for a reader\n"; code != 1 || stderr.String() != want {
		t.Errorf("exit code %d and %q, want 1 and %q", code, stderr.String(), want)
	}
	out.Close()
}
