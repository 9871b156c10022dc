package app

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"parlor/widgets"
)

// bundle is x-bundle {path}: it writes what a bug report needs into a zip file, and answers its path.
func (a *App) bundle(ctx context.Context, raw json.RawMessage) (any, error) {
	var p struct {
		Path string `json:"path"`
	}
	if err := decodeParams(raw, &p); err != nil {
		return nil, err
	}
	if p.Path == "" {
		p.Path = filepath.Join(a.opts.Data, "bundles", "parlor-"+time.Now().Format("20060102-150405")+".zip")
	}
	path, err := filepath.Abs(p.Path)
	if err != nil {
		return nil, err
	}
	if err := a.writeBundle(ctx, path); err != nil {
		return nil, fmt.Errorf("the bug bundle: %w", err)
	}
	return map[string]string{"path": path}, nil
}

// writeBundle makes the whole file or none.
func (a *App) writeBundle(ctx context.Context, path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "bundle-*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	z := zip.NewWriter(f)
	for _, part := range []struct {
		name string
		text func(context.Context) ([]byte, error)
	}{
		{"log.jsonl", a.window.LogFile}, {"state.json", a.window.StateFile}, {"stats.json", a.statsFile},
		{"settings.json", a.settingsFile}, {"versions.txt", versionsFile}, {"system.json", systemFile},
		{"program.log", func(context.Context) ([]byte, error) { return a.tail.text(), nil }}, {"goroutines.txt", goroutinesFile},
	} {
		text, err := part.text(ctx)
		if err != nil { // a bundle without a part is better than none
			text = fmt.Appendf(nil, "%s: %v\n", part.name, err)
		}
		if err := addFile(z, part.name, a.redact(text)); err != nil {
			return err
		}
	}
	if err := a.addScreenshot(ctx, z); err != nil {
		return err
	}
	return z.Close()
}

func addFile(z *zip.Writer, name string, text []byte) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()})
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

func (a *App) addScreenshot(ctx context.Context, z *zip.Writer) error {
	img, err := a.window.Picture(ctx)
	if err != nil {
		return addFile(z, "screenshot.txt", []byte(err.Error()))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return err
	}
	return addFile(z, "screenshot.png", b.Bytes())
}

// tokens are access tokens anywhere in a text.
var tokens = regexp.MustCompile(`001[0-9A-Za-z]{24}[0-9A-Za-z+/=]{16,}`)

// redact masks tokens, and the app's key wherever it may have got.
func (a *App) redact(text []byte) []byte {
	text = tokens.ReplaceAllFunc(text, func(found []byte) []byte { return []byte(widgets.Mask(string(found))) })
	for _, secret := range []string{a.app.Key, a.opts.AppKey, a.opts.Token} {
		if len(secret) >= 4 {
			text = bytes.ReplaceAll(text, []byte(secret), []byte("***"))
		}
	}
	return text
}

func indented(v any) ([]byte, error) { return json.MarshalIndent(v, "", " ") }

func (a *App) statsFile(context.Context) ([]byte, error) { return indented((*backend)(a).Stats()) }

func (a *App) settingsFile(context.Context) ([]byte, error) {
	o := a.opts
	return indented(map[string]any{
		"server": a.serverURL, "embedded": a.host != nil, "listen": o.Listen, "udp": o.UDP, "appId": a.app.ID, "hasKey": a.app.Key != "",
		"camera": o.Camera, "microphone": o.Microphone, "speaker": o.Speaker, "lang": o.Lang, "theme": o.Theme, "demo": o.Demo,
		"faults": a.faults.network.Report(),
	})
}

func versionsFile(context.Context) ([]byte, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, errors.New("the program was built without module information")
	}
	return []byte(info.String()), nil
}

// systemFile tells of the machine what matters to a bug, and nothing of its user.
func systemFile(context.Context) ([]byte, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	env := make(map[string]string)
	for _, name := range []string{"XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "WAYLAND_DISPLAY", "DISPLAY", "LANG", "LIBGL_ALWAYS_SOFTWARE"} {
		if value, set := os.LookupEnv(name); set {
			env[name] = value
		}
	}
	return indented(map[string]any{
		"os": runtime.GOOS, "arch": runtime.GOARCH, "cpus": runtime.NumCPU(), "go": runtime.Version(), "release": release(),
		"goroutines": runtime.NumGoroutine(), "heapBytes": m.HeapAlloc, "sysBytes": m.Sys, "environment": env,
		"time": time.Now().Format(time.RFC3339),
	})
}

// release is the name of the operating system's release, "" where there is no such file.
func release() string {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return strings.Trim(strings.TrimSpace(name), `"`)
		}
	}
	return ""
}

func goroutinesFile(context.Context) ([]byte, error) {
	var b bytes.Buffer
	err := pprof.Lookup("goroutine").WriteTo(&b, 1)
	return b.Bytes(), err
}
