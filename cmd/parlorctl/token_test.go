package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	appFlags = "--app-id 0123456789abcdef01234567 --app-key testappkey0123456789abcdef012345 "

	v1 = "0010123456789abcdef01234567OgABAAAAAPFTZRD/U2UFAHJvb20xBQB1c2VyMQUAAAAQ/1NlAQAQ/1NlAgAQ/1NlAwAQ/1NlBAAQ/1NlIAACgrSz44ikgCVB5nMrnw+CcQT4bG2MnW6o1fMPeLYAWw=="
	v2 = "0010123456789abcdef01234567IwB4VjQSAPFTZRD/U2UFAHJvb20xBgB2aWV3ZXIBAAQAAAAAACAAW0fu6HgsaFZjg/6PNEixfpbaMbVaS2Y/e7bY+ft1OJM="
	v3 = "0010123456789abcdef01234567HAD/////APFTZQAAAAAJAHJAYS5iLWNfZAEAdQAAIADGzHyinNj3A6O5HVfG+BrPfMdMTXSyksrGzd7J2WRcOQ=="

	v5 = "0010123456789abcdef01234567OgADAAAAAPFTZRD/U2UFAHJvb20xBQB1c2VyMQUAAAAI+FNlAQAI+FNlAgAI+FNlAwAI+FNlBAAAAAAAIAAE4WJYZe9ZqsQNcdFDcNrfUe6g6mQY5lMSniEwpa+NSA=="
	v6 = "0010123456789abcdef01234567HQAEAAAAAPFTZRD/U2UFAHJvb20xAAABAAQAAAAAACAA4Q/2vcx0oqWGCzg5AjxnD+OUUZ8Z2ntDlIRJkPv3NpQ="

	v1JSON = `{"version":"001","appId":"0123456789abcdef01234567","roomId":"room1","userId":"user1","nonce":1,"issuedAt":1700000000,"expireAt":1700003600,` +
		`"privileges":{"0":1700003600,"1":1700003600,"2":1700003600,"3":1700003600,"4":1700003600},`
)

func TestToken(t *testing.T) {
	tests := []struct {
		name, args, stdin string
		code              int
		out, err          string
	}{
		{name: "V1", args: "token mint " + appFlags + "--room room1 --user user1 --nonce 1 --issued-at 1700000000 --ttl 1h", out: v1 + "\n"},
		{name: "V1 by end", args: "token mint " + appFlags + "--room room1 --user user1 --nonce 1 --issued-at 1700000000 --expire-at 1700003600 --privilege publish,subscribe", out: v1 + "\n"},
		{name: "V2", args: "token mint " + appFlags + "--room room1 --user viewer --nonce 305419896 --issued-at 1700000000 --ttl 1h --privilege subscribe --privilege-expire subscribe=0", out: v2 + "\n"},
		{name: "V3", args: "token mint " + appFlags + "--room r@a.b-c_d --user u --nonce 4294967295 --issued-at 1700000000 --expire-at 0 --privilege none", out: v3 + "\n"},
		{name: "V5", args: "token mint " + appFlags + "--room room1 --user user1 --nonce 3 --issued-at 1700000000 --ttl 1h --privilege-expire publish=1700001800,subscribe=0", out: v5 + "\n"},
		{name: "refused ids are minted with a warning", args: "token mint " + appFlags + "--room room1 --nonce 4 --issued-at 1700000000 --ttl 1h --privilege subscribe --privilege-expire 4=0 --user=",
			out: v6 + "\n",
			err: "parlorctl token mint: warning: \"\": id does not match [a-zA-Z0-9@._-]{1,128}; servers refuse the token\n"},
		{name: "missing flag", args: "token mint --app-id x", code: 2, err: "parlorctl token mint: --app-key is missing (see --help)\n"},
		{name: "bad app", args: "token mint --app-id x --app-key k --room r --user u", code: 1, err: "parlorctl token mint: access token: appId has 1 characters, want 24\n"},
		{name: "two ends", args: "token mint " + appFlags + "--room r --user u --ttl 1h --expire-at 5", code: 2, err: "parlorctl token mint: --ttl and --expire-at exclude each other (see --help)\n"},
		{name: "ttl beyond 32 bits", args: "token mint " + appFlags + "--room r --user u --issued-at 4294967295 --ttl 1s", code: 2, err: "parlorctl token mint: --ttl 1s ends at 4294967296, which does not fit in 32 bits (see --help)\n"},
		{name: "unknown privilege", args: "token mint " + appFlags + "--room r --user u --privilege fly", code: 2,
			err: "parlorctl token mint: --privilege: \"fly\" is neither publish, publish-audio, publish-video, publish-data, subscribe nor a number (see --help)\n"},
		{name: "privilege not granted", args: "token mint " + appFlags + "--room r --user u --privilege subscribe --privilege-expire publish=5", code: 2,
			err: "parlorctl token mint: --privilege-expire publish: --privilege does not grant it (see --help)\n"},
		{name: "nonce", args: "token mint " + appFlags + "--room r --user u --nonce -1", code: 2,
			err: "parlorctl token mint: invalid value \"-1\" for flag -nonce: want a number from 0 to 4294967295 (see --help)\n"},
		{name: "more arguments", args: "token mint " + appFlags + "--room r --user u tail", code: 2, err: "parlorctl token mint: unexpected argument \"tail\" (see --help)\n"},

		{name: "inspect", args: "token inspect " + v1 + " --at 1700003600", out: v1JSON + `"signature":"unchecked","expired":false}` + "\n"},
		{name: "inspect valid, expired", args: "token inspect --app-key testappkey0123456789abcdef012345 --at 1700003601 " + v1, out: v1JSON + `"signature":"valid","expired":true}` + "\n"},
		{name: "inspect invalid", args: "token inspect " + v1 + " --app-key other --at 1", out: v1JSON + `"signature":"invalid","expired":false}` + "\n"},
		{name: "inspect standard input", args: "token inspect - --at 1", stdin: v1 + "\nnext line", out: v1JSON + `"signature":"unchecked","expired":false}` + "\n"},
		{name: "inspect no token", args: "token inspect", code: 2, err: "parlorctl token inspect: TOKEN is missing (see --help)\n"},
		{name: "inspect two", args: "token inspect " + v1 + " " + v1, code: 2, err: "parlorctl token inspect: unexpected argument \"" + v1 + "\" (see --help)\n"},
		{name: "inspect version", args: "token inspect 002" + v1[3:], code: 1, err: "parlorctl token inspect: malformed access token: text byte 0: version is \"002\", want \"001\"\n"},
		{name: "inspect cut", args: "token inspect " + v1[:len(v1)-4], code: 1, err: "parlorctl token inspect: malformed access token: content byte 62: signature needs 32 bytes, 31 are left\n"},
		{name: "inspect alphabet", args: "token inspect " + v1[:40] + "*" + v1[41:], code: 1, err: "parlorctl token inspect: malformed access token: text byte 40: not canonical base64\n"},

		{name: "no command", args: "token dance", code: 2, err: "parlorctl token: unknown command \"dance\" (one of: inspect, mint) (see --help)\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errOut strings.Builder
			code := run(t.Context(), strings.Fields(tt.args), strings.NewReader(tt.stdin), &out, &errOut)
			if code != tt.code {
				t.Errorf("exit code: got %d, want %d", code, tt.code)
			}
			if diff := cmp.Diff(tt.out, out.String()); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.err, errOut.String()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}

func TestToken_Environment(t *testing.T) {
	t.Setenv("PARLOR_APP_ID", "0123456789abcdef01234567")
	t.Setenv("PARLOR_APP_KEY", "testappkey0123456789abcdef012345")
	var out, errOut strings.Builder
	args := strings.Fields("token mint --room room1 --user user1 --nonce 1 --issued-at 1700000000 --ttl 1h")
	if code := run(t.Context(), args, nil, &out, &errOut); code != 0 || out.String() != v1+"\n" {
		t.Errorf("got %d, %q, %q; want V1", code, out.String(), errOut.String())
	}
}

func TestRun_Version(t *testing.T) {
	var out, errOut strings.Builder
	if code := run(t.Context(), []string{"--version"}, nil, &out, &errOut); code != 0 || !strings.HasPrefix(out.String(), "parlorctl ") {
		t.Errorf("got %d, %q, %q", code, out.String(), errOut.String())
	}
}
