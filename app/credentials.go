package app

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Credentials are an app and its key.
type Credentials struct {
	ID  string `json:"appId"`  // 24 hexadecimal characters, as tokens want it
	Key string `json:"appKey"` // "" when only the app is known
}

// credentials returns the app to use: the one of the options, or the embedded server's own.
func (a *App) credentials() (Credentials, error) {
	if a.opts.AppID != "" && (a.opts.AppKey != "" || a.opts.Server != "" && a.opts.Server != Embedded) {
		return Credentials{ID: a.opts.AppID, Key: a.opts.AppKey}, nil
	}
	own, err := ownCredentials(filepath.Join(a.opts.Data, "app.json"))
	if err != nil {
		return Credentials{}, err
	}
	if a.opts.AppID != "" && a.opts.AppID != own.ID {
		return Credentials{}, fmt.Errorf("app %s is not the embedded server's: give --app-key, too", a.opts.AppID)
	}
	return own, nil
}

// OwnsApp tells whether an app is the one of the embedded server of this data folder: a link to it leads to the server inside, wherever
// that listens.
func OwnsApp(data, appID string) bool {
	own, err := readCredentials(filepath.Join(data, "app.json"))
	return err == nil && own.ID == appID
}

// ownCredentials reads the file, or makes an app and a key and writes them. Two programs that start at
// once agree on the file that was there first.
func ownCredentials(path string) (Credentials, error) {
	if c, err := readCredentials(path); !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	random := make([]byte, 12+24)
	rand.Read(random)
	c := Credentials{ID: hex.EncodeToString(random[:12]), Key: hex.EncodeToString(random[12:])}
	raw, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return Credentials{}, err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "app-*.json")
	if err != nil {
		return Credentials{}, fmt.Errorf("the app's key: %w", err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(append(raw, '\n'))
	if err = errors.Join(err, temporary.Close()); err != nil {
		return Credentials{}, fmt.Errorf("the app's key: %w", err)
	}
	if err := os.Link(temporary.Name(), path); errors.Is(err, fs.ErrExist) {
		return readCredentials(path)
	} else if err != nil {
		// Not every file system has links.
		if err := os.Rename(temporary.Name(), path); err != nil {
			return Credentials{}, fmt.Errorf("the app's key: %w", err)
		}
	}
	return c, nil
}

func readCredentials(path string) (Credentials, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Credentials{}, err
	}
	var c Credentials
	if err := json.Unmarshal(raw, &c); err != nil {
		return Credentials{}, fmt.Errorf("%s is damaged (remove it to get a new key): %w", path, err)
	}
	if len(c.ID) != 24 || c.Key == "" {
		return Credentials{}, fmt.Errorf("%s has no appId of 24 characters or no appKey (remove it to get a new key)", path)
	}
	return c, nil
}
