package link_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parlor/app/link"
)

const (
	app    = "0123456789abcdef01234567"
	ticket = "001" + app + "PgDx+mA/EmA="
)

var links = []struct {
	name, text string
	want       link.Link
	command    string
}{
	{
		"where", "parlor://join?server=http://10.0.0.5:7880&app=" + app + "&room=1001",
		link.Link{Server: "http://10.0.0.5:7880", AppID: app, RoomID: "1001"},
		"parlor --server http://10.0.0.5:7880 --app-id " + app + " --room 1001 --join",
	}, {
		"name", "parlor://join?server=https://meet.example&app=a&room=r@x&user=li_lei",
		link.Link{Server: "https://meet.example", AppID: "a", RoomID: "r@x", UserID: "li_lei"},
		"parlor --server https://meet.example --app-id a --room r@x --user li_lei --join",
	}, {
		"ticket", "parlor://join?server=http://[fd00::5]:7880&app=" + app + "&room=1001&user=u1&token=" + url.QueryEscape(ticket),
		link.Link{Server: "http://[fd00::5]:7880", AppID: app, RoomID: "1001", UserID: "u1", Token: ticket},
		"parlor --server 'http://[fd00::5]:7880' --app-id " + app + " --room 1001 --user u1 --token " + ticket + " --join",
	}, {
		"any order, any case of the scheme, a slash", "PARLOR://join/?room=1001&app=a&server=http%3A%2F%2Fhost",
		link.Link{Server: "http://host", AppID: "a", RoomID: "1001"},
		"parlor --server http://host --app-id a --room 1001 --join",
	},
}

func TestParse(t *testing.T) {
	for _, tc := range links {
		t.Run(tc.name, func(t *testing.T) {
			got, err := link.Parse(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
			again, err := link.Parse(got.String())
			if err != nil || again != got {
				t.Errorf("%s reads back as %+v, %v", got, again, err)
			}
			if got := got.Command(); got != tc.command {
				t.Errorf("Command\n got %s\nwant %s", got, tc.command)
			}
		})
	}
}

// TestString_IsReadable: a person sees where a link leads.
func TestString_IsReadable(t *testing.T) {
	if got := links[0].want.String(); got != links[0].text {
		t.Errorf("String() = %s, want %s", got, links[0].text)
	}
}

func TestParse_Wrong(t *testing.T) {
	const place = "parlor://join?server=http://h&app=a&room=r"
	for _, tc := range []struct{ text, want string }{
		{"", `it begins with ":"`},
		{"http://join?server=http://h&app=a&room=r", `it begins with "http:", want "parlor://"`},
		{"parlor:join?room=r", "only parlor://join?… is known"},
		{"parlor://leave?room=r", "only parlor://join?… is known"},
		{"parlor://me@join?room=r", "only parlor://join?… is known"},
		{place + "#x", "only parlor://join?… is known"},
		{"parlor://join/x?room=r", "only parlor://join?… is known"},
		{"parlor://join?%zz", "no list of name=value"},
		{"parlor://jo in", "cannot be read as a URL"},
		{"parlor://join", "server is missing"},
		{"parlor://join?server=http://h&room=r", "app is missing"},
		{"parlor://join?server=http://h&app=a", "room is missing"},
		{place + "&room=q", "room is there 2 times"},
		{place + "&colour=red", `"colour" is not known`},
		{place + "&user=u&token=", "token is empty"},
		{place + "&user=u&token=a%0ab", "token has byte 0x0a at 1"},
		{place + "&user=", `user is "", want 1 to 128`},
		{"parlor://join?server=http://h&app=a&room=a%20b", `room is "a b", want 1 to 128`},
		{"parlor://join?server=ftp://h&app=a&room=r", `server is "ftp://h", want a URL`},
		{"parlor://join?server=http://:80&app=a&room=r", `server is "http://:80", want a URL`},
		{"parlor://join?server=http://u:p@h&app=a&room=r", "no more than http://host:port"},
		{"parlor://join?server=http://h/path&app=a&room=r", "no more than http://host:port"},
		{place + "&user=" + strings.Repeat("u", 9000), "bytes are too many"},
	} {
		_, err := link.Parse(tc.text)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("Parse(%.60q): %v, want %q", tc.text, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), ticket[10:]) {
			t.Errorf("Parse(%.60q) shows the token: %v", tc.text, err)
		}
	}
}

func TestCommand_Quotes(t *testing.T) {
	const want = `parlor --server 'it'\''s $HOME' --app-id a --room r --join`
	if got := (link.Link{Server: "it's $HOME", AppID: "a", RoomID: "r"}).Command(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{"": false, "parlor": false, "parlor:": true, "Parlor://x": true, "parlord://x": false} {
		if got := link.Is(text); got != want {
			t.Errorf("Is(%q) = %v", text, got)
		}
	}
}

// FuzzParse: what is read is written and read again the same.
func FuzzParse(f *testing.F) {
	for _, tc := range links {
		f.Add(tc.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := link.Parse(text)
		if err != nil {
			if l != (link.Link{}) {
				t.Errorf("an error comes with %+v", l)
			}
			return
		}
		if again, err := link.Parse(l.String()); err != nil || again != l {
			t.Errorf("%q reads as %+v, written as %s, which reads as %+v, %v", text, l, l, again, err)
		}
	})
}
