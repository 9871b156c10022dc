// Command parlord is Parlor's server: rooms, events and media on one TCP and one UDP port.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"parlor/app/server"
	"parlor/cmd/internal/command"
)

// drainTime bounds the end after a signal. Members are told within milliseconds; the rest is for
// connections that do not answer.
const drainTime = 900 * time.Millisecond

const about = `Serves rooms until it gets SIGINT or SIGTERM; then it tells the members and ends within a second.
When it is ready it prints one line of JSON on standard output.

GET /healthz, /readyz and /metrics (Prometheus) are on the same port as the API.`

func main() { command.Main("parlord", run) }

func run(ctx context.Context, name string, args []string, std command.Std) error {
	o, err := parse(name, args, std)
	if err != nil {
		return err
	}
	log, err := command.NewLog(std.Err, o.logLevel)
	if err != nil {
		return err
	}
	if len(o.sdkApps.byID) > 0 {
		log.Warn("--sdkapp is only checked: calls and live rooms are not served by this version")
	}
	s, err := server.New(server.Config{
		Listen: o.listen, UDP: o.udp, Advertise: o.advertise.items,
		Apps: o.apps.byID, NodeID: o.nodeID, NATS: o.nats.items, DataDir: o.dataDir,
		IgnorePrivileges: o.ignorePrivileges, Limits: o.limits, Log: log,
	})
	if err != nil {
		return err
	}
	if err := printReady(std.Out, s); err != nil {
		return fmt.Errorf("print the ready line: %w", closing(s, err))
	}
	<-ctx.Done()
	log.Info("stopping")
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	return s.Shutdown(drain)
}

func closing(s *server.Server, err error) error {
	_ = s.Close() // err is what the caller wants to know
	return err
}

// ready is the line on standard output that scripts wait for.
type ready struct {
	Ready bool   `json:"ready"`
	HTTP  string `json:"http"`
	UDP   string `json:"udp"`
	Node  string `json:"node"`
}

func printReady(w io.Writer, s *server.Server) error {
	return json.NewEncoder(w).Encode(ready{
		Ready: true, HTTP: s.HTTPAddr().String(), UDP: s.UDPAddr().String(), Node: s.NodeID(),
	})
}
