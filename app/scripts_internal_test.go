package app

import (
	"strings"
	"testing"

	"parlor/app/ui"
)

// TestScript: the lines run in order, a malformed one is told, and a script that waits can be stopped.
func TestScript(t *testing.T) {
	check(t)
	d := newDesk(t, nil)
	rows := func(s ui.State) string { return strings.Join(s.Log, "\n") }
	d.script.run("short", [][]byte{[]byte(`{"method":"createRtcRoomContext","params":{"appId":"x"}}`), []byte(`{`), []byte(`{"method":"noSuch"}`)})
	s := d.until(t, func(s ui.State) bool { return strings.Contains(rows(s), "# short: 2 of 3 lines were called") })
	for _, want := range []string{`- createRtcRoomContext {"appId":"x"}`, "# short, line 2: malformed JSON", `< unknown method "noSuch"`} {
		if !strings.Contains(rows(s), want) {
			t.Errorf("no row %s in\n%s", want, rows(s))
		}
	}
	d.script.run("long", [][]byte{[]byte(`{"method":"noSuchToo"}`), []byte(`{"method":"x-sleep","params":{"ms":3600000}}`)})
	d.until(t, func(s ui.State) bool { return strings.Contains(rows(s), "noSuchToo") })
	d.script.run("next", [][]byte{[]byte(`{"method":"x-sleep","params":{"ms":1}}`)})
	d.until(t, func(s ui.State) bool {
		return strings.Contains(rows(s), " of 2 lines were called, then it was stopped") &&
			strings.Contains(rows(s), "# next: 1 of 1 lines were called")
	})
}
