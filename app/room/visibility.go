package room

import (
	"context"

	"parlor/app/api"
)

// ChangeUserVisibility is changeUserVisibility (N-30, N-31). An invisible user receives everything, is in nobody's list but its own,
// and publishes nothing; what it captures and wished to publish goes out again when it is visible again. Outside a room it
// is kept for the next join. Everybody is visible at first.
func (c *Context) ChangeUserVisibility(ctx context.Context, visible bool) error {
	const name = "changeUserVisibility"
	done, gone := c.begin(name)
	if gone != nil {
		return gone
	}
	defer done()
	c.visibility.Lock() // waits for a join on its way
	defer c.visibility.Unlock()
	var s *stay
	was := c.invisible
	set := func(invisible bool) error {
		c.invisible = invisible
		c.publish()
		s = c.stay
		if s != nil {
			s.tellMembers()
		}
		return nil
	}
	// Nothing is sent from the moment on at which the user wants to be unseen, and not before others see it.
	if err := c.finish(func() error {
		if s = c.stay; s == nil || !visible {
			return set(!visible)
		}
		return nil
	}); err != nil || s == nil {
		return c.failure(name, err)
	}
	if err := s.session.SetVisible(ctx, visible); err != nil {
		_ = c.finish(func() error { return set(was) })
		return api.FromConnect(name, err)
	}
	if visible {
		return c.failure(name, c.finish(func() error { return set(false) }))
	}
	return nil
}
