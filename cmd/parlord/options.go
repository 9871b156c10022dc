package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"parlor/app/server"
	"parlor/cmd/internal/command"
)

// options are what the command line, the environment and the configuration file say, in this order
// of precedence.
type options struct {
	listen, udp      string
	apps, sdkApps    keys
	nats, advertise  list
	nodeID, dataDir  string
	ignorePrivileges bool
	limits           server.Limits
	logLevel         string
}

func parse(name string, args []string, std command.Std) (*options, error) {
	o := &options{
		apps:    keys{form: "APPID=APPKEY", checkID: checkAppID},
		sdkApps: keys{form: "SDKAPPID=SECRET", checkID: checkSDKAppID},
		// A name may stand for several addresses, and candidates need one.
		advertise: list{check: checkIP},
	}
	f := command.NewFlags(name, "[flags]", about, std)
	f.StringVar(&o.listen, "listen", "0.0.0.0:7880", "TCP `address` of the API; port 0 picks a free one")
	f.StringVar(&o.udp, "udp", "0.0.0.0:7882", "UDP `address` of all media; port 0 picks a free one")
	f.Var(&o.apps, "app", "`APPID=APPKEY` of an app whose tokens are accepted; APPID=@PATH reads the key from a file; repeat, or separate by commas")
	f.Var(&o.sdkApps, "sdkapp", "`SDKAPPID=SECRET` for calls and live rooms; checked, but not served by this version")
	f.Var(&o.advertise, "advertise", "`IP` address to tell clients for media, behind a NAT; repeat, or separate by commas")
	f.Var(&o.nats, "nats", "`URL` of an external NATS cluster, repeat or separate by commas; without, NATS runs in process")
	f.StringVar(&o.nodeID, "node-id", "", "`name` of this node; default: the one kept in --data, else a random one")
	f.StringVar(&o.dataDir, "data", "", "`directory` that keeps the node's name between starts")
	f.BoolVar(&o.ignorePrivileges, "ignore-privileges", false, "let every valid token publish and subscribe, whatever its privileges say")
	o.limitFlags(f)
	f.StringVar(&o.logLevel, "log-level", "info", "`level` of the log: debug, info, warn, error")
	config := f.String("config", "", "YAML `file` with the names of these flags as keys; flags and environment win")
	others, err := f.Parse(args)
	if err != nil {
		return nil, err
	}
	if err := command.NoMore(others); err != nil {
		return nil, err
	}
	for name, k := range map[string]*keys{"app": &o.apps, "sdkapp": &o.sdkApps} {
		if k.err != nil {
			return nil, command.Usagef("--%s: %v", name, k.err)
		}
	}
	if *config != "" {
		if err := readConfig(*config, f); err != nil {
			return nil, err
		}
	}
	if len(o.apps.byID) == 0 {
		return nil, command.Usagef("--app is missing: without a key no token can be checked")
	}
	return o, nil
}

// limitFlags adds the limits that an operator may want otherwise. A room of the documents' cloud has at most 50 visible users
// and 30 microphones (N-31).
func (o *options) limitFlags(f *command.Flags) {
	o.limits = server.Limits{MembersPerRoom: 500, VisiblePerRoom: 500, MicrophonesPerRoom: 500, MessagesPerSecond: 10}
	f.Var((*limit)(&o.limits.MembersPerRoom), "members-per-room", "greatest `number` of users in a room, visible or not; one more cannot join")
	f.Var((*limit)(&o.limits.VisiblePerRoom), "visible-per-room", "greatest `number` of visible users in a room; one more can only join invisible")
	f.Var((*limit)(&o.limits.MicrophonesPerRoom), "microphones-per-room", "greatest `number` of microphones published in a room, muted ones included; one more is refused")
	f.Var((*limit)(&o.limits.MessagesPerSecond), "messages-per-second", "`number` of text messages that a user may send per second, after twice as many at once")
}

// limit is a flag for a number from 1 on.
type limit int

// String implements flag.Value.
func (l *limit) String() string { return strconv.Itoa(int(*l)) }

// Set implements flag.Value.
func (l *limit) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return errors.New("want a number from 1 on")
	}
	*l = limit(n)
	return nil
}

// readConfig sets the flags that were not given otherwise.
func readConfig(path string, f *command.Flags) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return command.Usagef("--config: %v", err)
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil // empty
	} else if err != nil {
		return command.Usagef("%s: %v", path, err)
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return command.Usagef("%s:%d: should be keys and values", path, root.Line)
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		switch {
		case f.Lookup(key.Value) == nil, key.Value == "config", key.Value == "help", key.Value == "version":
			return command.Usagef("%s:%d: unknown key %q", path, key.Line, key.Value)
		case seen[key.Value]:
			return command.Usagef("%s:%d: key %q is there twice", path, key.Line, key.Value)
		}
		seen[key.Value] = true
		if f.Given(key.Value) {
			continue
		}
		if err := setFlag(f, key.Value, value); err != nil {
			return command.Usagef("%s:%d: %s: %v", path, value.Line, key.Value, err)
		}
	}
	return nil
}

func setFlag(f *command.Flags, name string, value *yaml.Node) error {
	items := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		switch f.Lookup(name).Value.(type) {
		case *list, *keys:
			items = value.Content
		default:
			return errors.New("should be one value, not a list")
		}
	}
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			return errors.New("should be text or a list of texts")
		}
		if err := f.Set(name, item.Value); err != nil {
			return err
		}
	}
	if k, ok := f.Lookup(name).Value.(*keys); ok {
		return k.err
	}
	return nil
}

// list is a flag that may be repeated.
type list struct {
	items []string
	check func(string) error
}

// String implements flag.Value.
func (l *list) String() string { return strings.Join(l.items, ",") }

// Set implements flag.Value.
func (l *list) Set(text string) error {
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			return errors.New("an item is empty")
		}
		if l.check != nil {
			if err := l.check(item); err != nil {
				return err
			}
		}
		l.items = append(l.items, item)
	}
	return nil
}

func checkIP(text string) error {
	if net.ParseIP(text) == nil {
		return fmt.Errorf("%q is no IP address", text)
	}
	return nil
}

// keys is a flag that gives ids their secrets. The flag package prints values which Set refuses, so
// Set refuses none and keeps what is wrong; neither that nor String shows a secret.
type keys struct {
	form    string
	checkID func(string) error
	byID    map[string]string
	err     error // the first
}

// String implements flag.Value.
func (k *keys) String() string {
	if len(k.byID) == 0 {
		return ""
	}
	return fmt.Sprintf("%d ids", len(k.byID))
}

// Set implements flag.Value.
func (k *keys) Set(text string) error {
	for item := range strings.SplitSeq(text, ",") {
		if err := k.add(strings.TrimSpace(item)); err != nil && k.err == nil {
			k.err = err
		}
	}
	return nil
}

func (k *keys) add(item string) error {
	id, key, ok := strings.Cut(item, "=")
	if !ok {
		return fmt.Errorf("should be %s", k.form)
	}
	if err := k.checkID(id); err != nil {
		return err
	}
	if _, twice := k.byID[id]; twice {
		return fmt.Errorf("%s is there twice", id)
	}
	key, err := command.ReadSecret(key)
	if err != nil {
		return err
	}
	if key == "" {
		return fmt.Errorf("%s has an empty key", id)
	}
	if k.byID == nil {
		k.byID = make(map[string]string)
	}
	k.byID[id] = key
	return nil
}

func checkAppID(id string) error {
	const length = 24 // T-1
	if len(id) != length {
		return fmt.Errorf("app id %q should have %d characters, but has %d", id, length, len(id))
	}
	return nil
}

func checkSDKAppID(id string) error {
	if n, err := strconv.ParseUint(id, 10, 32); err != nil || n == 0 {
		return fmt.Errorf("SDK app id %q should be a number", id)
	}
	return nil
}
