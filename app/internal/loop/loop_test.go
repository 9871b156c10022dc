package loop_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"parlor/app/internal/loop"
)

func TestLoop_RunsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(nil)
		var got []int
		for i := range 100 {
			l.Post(func() { got = append(got, i) })
		}
		l.Close()
		for i, v := range got {
			if v != i {
				t.Fatalf("got %v at %d, want the order of posting", v, i)
			}
		}
		if len(got) != 100 {
			t.Fatalf("got %d functions run before Close returned, want 100", len(got))
		}
	})
}

func TestLoop_Do(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(nil)
		want := errors.New("no")
		if got := l.Do(context.Background(), func() error { return want }); got != want {
			t.Errorf("got %v want %v", got, want)
		}
		block := make(chan struct{})
		l.Post(func() { <-block })
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if got := l.Do(ctx, func() error { return nil }); !errors.Is(got, context.Canceled) {
			t.Errorf("got %v while the loop is busy, want the context's error", got)
		}
		close(block)
		l.Close()
		l.Close()
		if got := l.Do(context.Background(), func() error { return nil }); !errors.Is(got, loop.ErrClosed) {
			t.Errorf("got %v after Close, want ErrClosed", got)
		}
		if l.Post(func() {}) {
			t.Error("Post after Close was accepted")
		}
	})
}
