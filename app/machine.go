package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"parlor/app/link"
	"parlor/app/ui"
	"parlor/media/clip"
)

// serverRetry is how often a server that does not answer is tried again.
const serverRetry = 5 * time.Second

// machine is what the window may wish of the program and the computer; it implements ui.Machine.
type machine App

// PlaySound implements ui.Machine.
func (m *machine) PlaySound(name string, volume float64) {
	c := m.bridge.Context()
	if c == nil {
		return
	}
	pcm := clip.Sound(name)
	for i, s := range pcm {
		pcm[i] = int16(float64(s) * min(max(volume, 0), 1))
	}
	c.Play(pcm)
}

// CPUTime implements ui.Machine.
func (m *machine) CPUTime() time.Duration { return cpuTime() }

// CheckServer implements ui.Machine.
func (m *machine) CheckServer() {
	select {
	case m.look <- struct{}{}:
	default: // it is going to be looked at already
	}
}

// SaveServer implements ui.Machine.
func (m *machine) SaveServer(c ui.ServerChoice) error {
	path := filepath.Join(m.opts.Data, serverFile)
	if c.URL == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return writeFile(path, c)
}

// OpenWindow implements ui.Machine. Secrets go by the environment, which others on the machine cannot read.
func (m *machine) OpenWindow(l link.Link) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(program, "--data", m.opts.Data)
	cmd.Env = append(os.Environ(),
		"PARLOR_SERVER="+l.Server, "PARLOR_APP_ID="+l.AppID, "PARLOR_ROOM="+l.RoomID, "PARLOR_USER="+l.UserID, "PARLOR_TOKEN="+l.Token)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release() // it outlives this program: nobody waits for it
}

// SetLogLevel implements ui.Machine.
func (m *machine) SetLogLevel(level slog.Level) {
	if m.opts.LogLevel != nil {
		m.opts.LogLevel.Set(level)
	}
}

// SelfTest implements ui.Machine.
func (m *machine) SelfTest(done func(string, error)) {
	if m.opts.SelfTest == nil {
		done("", errors.New("this program has no self-test"))
		return
	}
	m.tasks.Go(func() { done(m.opts.SelfTest(m.ctx)) })
}

// serverFile keeps the server that was chosen in the settings; it may hold a key.
const serverFile = "server.json"

// chosenServer is what SaveServer kept; nothing when nothing was kept, or nothing that can be read.
func chosenServer(dir string, log *slog.Logger) ui.ServerChoice {
	var c ui.ServerChoice
	raw, err := os.ReadFile(filepath.Join(dir, serverFile))
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("the server chosen in the settings cannot be read, using the one in this program", "error", err)
		return ui.ServerChoice{}
	}
	return c
}

// watchServer looks whether the server answers when it is asked to, and again and again while it does not. It is a goroutine
// of the App.
func (a *App) watchServer() {
	retry := time.NewTimer(0)
	defer retry.Stop()
	if a.host != nil {
		retry.Stop() // the server in this program answers
	}
	for {
		select {
		case <-a.ctx.Done():
			return
		case <-a.look:
		case <-retry.C:
		}
		problem := unreachable(a.serverURL, a.app.ID)
		a.window.SetServerState(problem)
		if problem != "" {
			retry.Reset(serverRetry)
		}
	}
}

// unreachable says why a server cannot be used, "" when it can.
func unreachable(server, app string) string {
	err := healthy(server, app)
	if err == nil {
		return ""
	}
	host := server
	if u, parseErr := url.Parse(server); parseErr == nil && u.Host != "" {
		host = u.Host
	}
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err // without the address once more
	}
	return fmt.Sprintf("%s (%v)", host, err)
}
