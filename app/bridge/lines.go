package bridge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Request is one line of a script.
type Request struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// ParseLine reads one line of a script. Its errors are for the writer of the line; the id is set if it could be
// read.
func ParseLine(line []byte) (Request, error) {
	var r Request
	if len(line) > MaxLine {
		return r, fmt.Errorf("line is longer than %d bytes", MaxLine)
	}
	err := json.Unmarshal(line, &r)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return r, fmt.Errorf("%s should be string, but got %s", wrong.Field, wrong.Value)
	case errors.As(err, &wrong):
		return r, fmt.Errorf("a line should be an object, but got %s", wrong.Value)
	case err != nil:
		return r, fmt.Errorf("malformed JSON: %w", err)
	case r.Method == "":
		return r, errors.New("no method")
	}
	return r, nil
}

// Lines splits a stream into the lines of a script, to be given to CallLine one after another. Blank
// lines are left out. A line longer than MaxLine is cut to MaxLine+1 bytes, which CallLine refuses, so that
// memory has a bound. A failed read comes last, as an error. The lines are the caller's.
func Lines(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in := bufio.NewReader(r)
		for {
			line, err := readLine(in)
			if line = bytes.TrimSpace(line); len(line) > 0 && !yield(line, nil) {
				return
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// readLine reads up to the next newline and keeps at most MaxLine+1 bytes of it.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		part = bytes.TrimSuffix(part, []byte("\n"))
		line = append(line, part[:min(len(part), MaxLine+1-len(line))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}
