package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"fyne.io/fyne/v2"
)

// preferences are what a person chose, in a file of the data folder: each folder is a profile of its own, where Fyne's would be
// one for all. Every change is written at once; changes are rare. It implements fyne.Preferences.
type preferences struct {
	path string
	log  *slog.Logger

	mu        sync.Mutex
	values    map[string]json.RawMessage
	listeners []func()
}

// profile is the Fyne app with the preferences of the data folder.
type profile struct {
	fyne.App
	prefs *preferences
}

func (p *profile) Preferences() fyne.Preferences { return p.prefs }

// newPreferences reads the file; a missing one is empty, and so is a broken one, which is kept aside.
func newPreferences(path string, log *slog.Logger) *preferences {
	p := &preferences{path: path, log: log, values: make(map[string]json.RawMessage)}
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &p.values)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("the preferences cannot be read, starting without", "error", err)
		p.values = make(map[string]json.RawMessage)
		if err := os.Rename(path, path+".broken"); err != nil {
			log.Warn("the broken preferences stay", "error", err)
		}
	}
	return p
}

// save writes the file in one go, so that a crash leaves the old one or the new one. It runs under mu.
func (p *preferences) save() {
	if err := writeFile(p.path, p.values); err != nil {
		p.log.Warn("the preferences are not saved", "error", err)
	}
}

// writeFile replaces a file by the JSON of a value, readable by its owner only.
func writeFile(path string, value any) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // gone already when all went well
	_, err = temporary.Write(append(raw, '\n'))
	if err = errors.Join(err, temporary.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(temporary.Name(), path)
}

// get reads a value; what is missing or of another type is the fallback.
func get[T any](p *preferences, key string, fallback T) T {
	p.mu.Lock()
	defer p.mu.Unlock()
	raw, ok := p.values[key]
	if !ok {
		return fallback
	}
	var value T
	if json.Unmarshal(raw, &value) != nil {
		return fallback
	}
	return value
}

func set[T any](p *preferences, key string, value T) {
	raw, err := json.Marshal(value)
	if err != nil { // not a number: Fyne's interface has no error to return
		p.log.Warn("a preference cannot be saved", "key", key, "error", err)
		return
	}
	p.mu.Lock()
	if string(p.values[key]) == string(raw) {
		p.mu.Unlock()
		return
	}
	p.values[key] = raw
	p.save()
	listeners := p.listeners
	p.mu.Unlock()
	for _, f := range listeners {
		f()
	}
}

func (p *preferences) Bool(key string) bool                     { return get(p, key, false) }
func (p *preferences) BoolWithFallback(key string, v bool) bool { return get(p, key, v) }
func (p *preferences) SetBool(key string, v bool)               { set(p, key, v) }
func (p *preferences) BoolList(key string) []bool               { return get[[]bool](p, key, nil) }
func (p *preferences) BoolListWithFallback(key string, v []bool) []bool {
	return get(p, key, v)
}
func (p *preferences) SetBoolList(key string, v []bool)                { set(p, key, v) }
func (p *preferences) Float(key string) float64                        { return get(p, key, 0.0) }
func (p *preferences) FloatWithFallback(key string, v float64) float64 { return get(p, key, v) }
func (p *preferences) SetFloat(key string, v float64)                  { set(p, key, v) }
func (p *preferences) FloatList(key string) []float64                  { return get[[]float64](p, key, nil) }
func (p *preferences) FloatListWithFallback(key string, v []float64) []float64 {
	return get(p, key, v)
}
func (p *preferences) SetFloatList(key string, v []float64)          { set(p, key, v) }
func (p *preferences) Int(key string) int                            { return get(p, key, 0) }
func (p *preferences) IntWithFallback(key string, v int) int         { return get(p, key, v) }
func (p *preferences) SetInt(key string, v int)                      { set(p, key, v) }
func (p *preferences) IntList(key string) []int                      { return get[[]int](p, key, nil) }
func (p *preferences) IntListWithFallback(key string, v []int) []int { return get(p, key, v) }
func (p *preferences) SetIntList(key string, v []int)                { set(p, key, v) }
func (p *preferences) String(key string) string                      { return get(p, key, "") }
func (p *preferences) StringWithFallback(key, v string) string       { return get(p, key, v) }
func (p *preferences) SetString(key string, v string)                { set(p, key, v) }
func (p *preferences) StringList(key string) []string                { return get[[]string](p, key, nil) }
func (p *preferences) StringListWithFallback(key string, v []string) []string {
	return get(p, key, v)
}
func (p *preferences) SetStringList(key string, v []string) { set(p, key, v) }

func (p *preferences) RemoveValue(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.values[key]; ok {
		delete(p.values, key)
		p.save()
	}
}

func (p *preferences) AddChangeListener(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listeners = append(p.listeners, f)
}

func (p *preferences) ChangeListeners() []func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]func(){}, p.listeners...)
}
