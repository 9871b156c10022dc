package console

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"parlor/app/bridge"
	"parlor/widgets"
)

// maxScript bounds a script, in bytes: more than a person writes.
const maxScript = 4 << 20

// scenario is a script that is built in. ROOM and USER are the room form's.
type scenario struct {
	id    string
	lines string
}

// scenarios are the built-in scripts; their names are in the translations.
var scenarios = []scenario{
	{"joinleave", `
{"method":"createRtcRoomContext","params":{"appId":"{{app}}"}}
{"method":"changeAudioCapture","params":{"state":1}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":"{{token}}"}}
{"method":"x-wait","params":{"event":"onRtcChatMembersChanged","match":{"userIdList":["USER"]},"timeoutMs":5000}}
{"method":"changeAudioCapture","params":{"state":0}}
{"method":"x-sleep","params":{"ms":500}}
{"method":"exitRtcRoom","params":{"roomId":"ROOM"}}`},
	{"tokens", `
{"method":"createRtcRoomContext","params":{"appId":"{{app}}"}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":"{{token ttl=-60}}"}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":"{{token key=wrong}}"}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":"{{token user=somebody.else}}"}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":"{{token room=another.room}}"}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":"001not-a-token"}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":""}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":"{{token}}"}}
{"method":"updateToken","params":{"token":"{{token key=wrong}}"}}
{"method":"updateToken","params":{"token":"{{token}}"}}
{"method":"exitRtcRoom","params":{"roomId":"ROOM"}}`},
	{"twice", `
{"method":"createRtcRoomContext","params":{"appId":"{{app}}"}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":"{{token}}"}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM","userId":"USER","token":"{{token}}"}}
{"method":"joinRtcRoom","params":{"roomId":"ROOM.2","userId":"USER","token":"{{token}}"}}
{"method":"exitRtcRoom","params":{"roomId":"ROOM"}}
{"method":"exitRtcRoom","params":{"roomId":"ROOM"}}`},
}

// quoted is a text as it stands within quotes.
func quoted(text string) string {
	raw := string(jsonOf(text))
	return raw[1 : len(raw)-1]
}

// text is the script for a situation.
func (s scenario) text(now Situation) string {
	return strings.NewReplacer("ROOM", quoted(now.RoomID), "USER", quoted(now.UserID)).Replace(s.lines)
}

// fillScript reads a script, lines as parlorctl api takes them, and puts in the app for {{app}}, a screen to share for {{screen}},
// and tokens. Errors name the line.
func fillScript(script io.Reader, now Situation, mint func(TokenWish) (string, error)) ([][]byte, error) {
	wish := TokenWish{RoomID: now.RoomID, UserID: now.UserID}
	names := strings.NewReplacer("{{app}}", quoted(now.AppID), "{{screen}}", "test")
	var lines [][]byte
	for line, err := range bridge.Lines(io.LimitReader(script, maxScript)) {
		if err != nil {
			return nil, err
		}
		filled, err := fillTokens(names.Replace(string(line)), wish, mint)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(lines)+1, err)
		}
		lines = append(lines, []byte(filled))
	}
	if len(lines) == 0 {
		return nil, errors.New("the script is empty")
	}
	return lines, nil
}

// scriptPane runs scripts.
type scriptPane struct {
	c       *Console
	content *fyne.Container
	path    *widgets.Entry
	run     *widgets.Button
	stop    *widgets.Button
	now     *widget.Label
	built   []*widgets.Button
}

func newScriptPane(c *Console, host Host) *scriptPane {
	t := c.texts
	p := &scriptPane{c: c, now: caption(""), path: widgets.NewEntry(t.T("api.script.path"))}
	p.run = widgets.NewButton(t.T("api.script.run"), p.runFile)
	p.path.OnSubmitted = func(string) { p.runFile() }
	p.stop = widgets.NewButton(t.T("api.script.stop"), func() {
		c.cfg.Command("script.stop", nil, func() { c.cfg.RunScript("", nil) })
	})
	host.Adopt(p.path)
	host.Register("api.script.path", p.path)
	host.Register("api.script.run", p.run)
	host.Register("api.script.stop", p.stop)
	list := column(4)
	for _, s := range scenarios {
		b := widgets.NewButton(p.words(s.id), func() { p.runBuiltin(s) })
		host.Register("api.script."+s.id, b)
		p.built = append(p.built, b)
		list.Add(b)
	}
	p.content = container.NewStack(container.NewVScroll(inset(4, 8, 0, 8, column(6,
		flush(bold(t.T("api.script.builtin"))), list, inset(8, 0, 0, 0, flush(bold(t.T("api.script.file")))),
		container.NewBorder(nil, nil, nil, p.run, p.path), flush(caption(t.T("api.script.hint"))), p.stop, flush(p.now)))))
	p.show()
	return p
}

func (p *scriptPane) words(id string) string {
	t := p.c.texts
	switch id {
	case "joinleave":
		return t.T("api.script.joinleave")
	case "tokens":
		return t.T("api.script.tokens")
	}
	return t.T("api.script.twice")
}

func (p *scriptPane) runBuiltin(s scenario) {
	p.c.cfg.Command("script.run", map[string]any{"name": s.id}, func() {
		p.start(s.id, strings.NewReader(s.text(p.c.situation)))
	})
}

func (p *scriptPane) runFile() {
	path := strings.TrimSpace(p.path.Text)
	p.c.cfg.Command("script.run", map[string]any{"path": path}, func() {
		p.c.cfg.Background(func() func() {
			text, err := readScript(path)
			return func() {
				if err != nil {
					p.c.Write(Warning, p.c.texts.T("api.script.failed", err.Error()))
					return
				}
				p.start(path, bytes.NewReader(text))
			}
		})
	})
}

// readScript reads a script from disk.
func readScript(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxScript+1))
	if err == nil && len(text) > maxScript {
		err = fmt.Errorf("%s has more than %d bytes", path, maxScript)
	}
	return text, err
}

func (p *scriptPane) start(name string, text io.Reader) {
	lines, err := fillScript(text, p.c.situation, p.c.cfg.Token)
	if err != nil {
		p.c.Write(Warning, p.c.texts.T("api.script.failed", err.Error()))
		return
	}
	p.c.cfg.RunScript(name, lines)
}

// ScriptRuns shows that a script runs; after its end name is "".
func (c *Console) ScriptRuns(name string) {
	c.script = name
	c.onPage(func(p *page) { p.script.show() })
}

func (p *scriptPane) show() {
	running := p.c.script != ""
	for _, b := range append([]*widgets.Button{p.run}, p.built...) {
		enable(b, !running)
	}
	enable(p.stop, running)
	words := ""
	if running {
		words = p.c.texts.T("api.script.runs", p.c.script)
	}
	p.now.SetText(words)
}
