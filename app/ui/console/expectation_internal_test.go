package console

import (
	"math"
	"testing"
	"time"
)

func TestExpectations(t *testing.T) {
	type step struct {
		ms   int
		mark Mark
		text string // "": time passes only
	}
	event := func(ms int) step { return step{ms, Event, `onRtcChatMembersChanged {"userIdList":["a"]}`} }
	passes := func(ms int) step { return step{ms: ms} }
	for _, tc := range []struct {
		name   string
		expect Expectation
		steps  []step
		want   lampState
		seen   int
		ended  int // ms
	}{
		{"comes", Expectation{Text: "onRtcChatMembers", Count: 1, Seconds: 2}, []step{event(500)}, lampGreen, 1, 500},
		{"comes twice", Expectation{Text: "onRtcChatMembers", Count: 2, Seconds: 2}, []step{event(500), event(900), event(950)}, lampGreen, 2, 900},
		{"waits", Expectation{Text: "onRtcChatMembers", Count: 2, Seconds: 2}, []step{event(500), passes(1999)}, lampWaiting, 1, 0},
		{"does not come", Expectation{Text: "onRtcChatMembers", Count: 2, Seconds: 2}, []step{event(500), passes(2000)}, lampRed, 1, 2000},
		{"comes too late", Expectation{Text: "onRtcChatMembers", Count: 1, Seconds: 2}, []step{event(2500), passes(2600)}, lampRed, 0, 2000},
		{"exactly", Expectation{Text: "onRtcChatMembers", Count: 1, Exactly: true, Seconds: 2}, []step{event(500), passes(1000)}, lampWaiting, 1, 0},
		{"exactly, in the end", Expectation{Text: "onRtcChatMembers", Count: 1, Exactly: true, Seconds: 2}, []step{event(500), passes(3000)}, lampGreen, 1, 2000},
		{"one too many", Expectation{Text: "onRtcChatMembers", Count: 1, Exactly: true, Seconds: 2}, []step{event(500), event(600)}, lampRed, 2, 600},
		{"never", Expectation{Text: "onRtcChatMembers", Exactly: true, Seconds: 1}, []step{passes(1000)}, lampGreen, 0, 1000},
		{"never, but it comes", Expectation{Text: "onRtcChatMembers", Exactly: true, Seconds: 1}, []step{event(1)}, lampRed, 1, 1},
		{"a result", Expectation{Text: "joinRtcRoom:ok", Count: 1, Seconds: 1}, []step{{10, Result, "joinRtcRoom:ok  5 ms"}}, lampGreen, 1, 10},
		{"calls and notes do not count", Expectation{Text: "join", Count: 1, Seconds: 1},
			[]step{{10, Call, "joinRtcRoom"}, {20, Note, "join"}, {30, Step, "join"}, {40, Warning, "join"}}, lampWaiting, 0, 0},
		{"another event", Expectation{Text: "onRtcVideo", Count: 1, Seconds: 1}, []step{event(5)}, lampWaiting, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var x expectations
			if !x.add(tc.expect, testTime) {
				t.Fatal("there is room for one")
			}
			red := 0
			for _, s := range tc.steps {
				at := testTime.Add(time.Duration(s.ms) * time.Millisecond)
				if s.text != "" {
					red += len(x.observe(Row{At: at, Mark: s.mark, Text: s.text}))
				}
				red += len(x.tick(at))
			}
			l := x.lamps[0]
			if l.state != tc.want || l.seen != tc.seen {
				t.Errorf("state %d after %d times, want %d after %d", l.state, l.seen, tc.want, tc.seen)
			}
			if want := testTime.Add(time.Duration(tc.ended) * time.Millisecond); tc.ended > 0 && !l.ended.Equal(want) {
				t.Errorf("it ended at %v, want %v", l.ended, want)
			}
			if (red == 1) != (tc.want == lampRed) || red > 1 {
				t.Errorf("it was told %d times that it is red", red)
			}
			if x.waiting() != (tc.want == lampWaiting) {
				t.Error("waiting is wrong")
			}
		})
	}
}

func TestExpectations_List(t *testing.T) {
	var x expectations
	for range maxExpectations {
		x.add(Expectation{Text: "a", Count: 1, Seconds: 1}, testTime)
	}
	if x.add(Expectation{Text: "a", Count: 1, Seconds: 1}, testTime) || len(x.lamps) != maxExpectations {
		t.Error("there is no bound")
	}
	saved := x.list()
	saved[0].Seconds = math.NaN()
	x.load(saved)
	if len(x.lamps) != maxExpectations-1 || x.lamps[0].state != lampOff || x.waiting() {
		t.Errorf("%d lamps are loaded, the first in state %d", len(x.lamps), x.lamps[0].state)
	}
	x.restart(testTime)
	if !x.waiting() || x.lamps[0].left(testTime.Add(400*time.Millisecond)) != 600*time.Millisecond {
		t.Error("they do not run again")
	}
	for _, wrong := range []Expectation{
		{Text: " ", Count: 1, Seconds: 1}, {Text: "a", Seconds: 1}, {Text: "a", Count: -1, Exactly: true, Seconds: 1},
		{Text: "a", Count: maxExpectCount + 1, Seconds: 1}, {Text: "a", Count: 1}, {Text: "a", Count: 1, Seconds: 3601},
	} {
		if wrong.check() == "" {
			t.Errorf("%+v is taken", wrong)
		}
	}
}
