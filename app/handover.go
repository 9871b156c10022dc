package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"parlor/app/link"
)

const (
	handoverTimeout = 3 * time.Second // of one link; both ends are on this machine
	handoverTaken   = "taken"         // the answer to a link that a window took
)

// handoverPath is the socket of the window which takes links for a data folder.
func handoverPath(data string) string { return filepath.Join(data, "parlor.sock") }

// HandOver gives a link to the window that runs with the same data folder already, so that clicking a link does not open one
// program after another. It reports false without an error when there is none, and an error when the link is refused.
func HandOver(ctx context.Context, data, text string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, handoverTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", handoverPath(data))
	if err != nil {
		return false, nil // nobody is there
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return false, err
	}
	if _, err := io.WriteString(conn, text+"\n"); err != nil {
		return false, nil // it ended just now
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	switch answer = strings.TrimSpace(answer); {
	case err != nil:
		return false, nil
	case answer == handoverTaken:
		return true, nil
	}
	return false, errors.New(answer)
}

// handover takes links from later starts of the program. Only the user can reach it: the data folder is the user's alone.
type handover struct {
	listener *net.UnixListener
	open     func(link.Link) // must return at once
	tasks    sync.WaitGroup
	log      *slog.Logger
}

// newHandover listens in the data folder; nil without an error when another window does already.
func newHandover(data string, open func(link.Link), log *slog.Logger) (*handover, error) {
	path := handoverPath(data)
	if conn, err := net.DialTimeout("unix", path, handoverTimeout); err == nil {
		conn.Close()
		return nil, nil
	}
	// Nobody answers: the socket is that of a program which was killed.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("take links: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("take links: %w", err)
	}
	h := &handover{listener: listener, open: open, log: log}
	h.tasks.Go(h.accept)
	return h, nil
}

func (h *handover) accept() {
	for {
		conn, err := h.listener.AcceptUnix()
		if err != nil {
			return
		}
		h.serve(conn) // one after another: a person clicks slower than that
	}
}

func (h *handover) serve(conn *net.UnixConn) {
	defer conn.Close()
	if conn.SetDeadline(time.Now().Add(handoverTimeout)) != nil {
		return
	}
	text, err := bufio.NewReader(io.LimitReader(conn, 64<<10)).ReadString('\n')
	if err != nil {
		return // somebody only looked whether a window is there
	}
	answer := handoverTaken
	if l, err := link.Parse(strings.TrimSpace(text)); err != nil {
		answer = err.Error()
	} else {
		h.open(l)
	}
	if _, err := io.WriteString(conn, answer+"\n"); err != nil {
		h.log.Info("a link came, its bringer was gone", "error", err)
	}
}

// close stops taking links; the socket goes away with it.
func (h *handover) close() {
	h.listener.Close()
	h.tasks.Wait()
}
