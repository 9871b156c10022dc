//go:build !linux

package server

import (
	"net"
	"time"
)

// setUnanswered does nothing: other systems have no such limit, HTTP/2 pings find the dead there.
func setUnanswered(*net.TCPConn, time.Duration) error { return nil }
