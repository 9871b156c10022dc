package room

import "parlor/media"

// shown names a picture that the user looks at.
type shown struct {
	user   UserID
	source media.Source
}

// Show puts a user's video on a display, nil takes it off. The own id, or "" in a room or in none, is the own preview: of the camera, or of
// the screen that is shared.
func (c *Context) Show(user UserID, source media.Source, d *media.Display) {
	c.loop.Post(func() {
		key := shown{user, source}
		if d == nil {
			delete(c.shows, key)
		} else {
			c.shows[key] = d
		}
		if c.isSelf(user) {
			c.preview(source)
		} else if c.stay != nil {
			c.stay.peer.Show(string(user), source, d)
		}
	})
}

// isSelf runs on the loop.
func (c *Context) isSelf(user UserID) bool {
	return user == "" || c.stay != nil && user == UserID(c.stay.options.UserID)
}

// preview brings the own picture of a source to where it is to be seen. It runs on the loop.
func (c *Context) preview(source media.Source) {
	for _, k := range c.pictures() {
		if k.source == source {
			k.preview(c.ownDisplay(source))
		}
	}
}

// ownDisplay is where an own source shows. It runs on the loop.
func (c *Context) ownDisplay(source media.Source) *media.Display {
	if c.stay != nil {
		if d := c.shows[shown{UserID(c.stay.options.UserID), source}]; d != nil {
			return d
		}
	}
	return c.shows[shown{"", source}]
}

// pictures are the captures that can be previewed.
func (c *Context) pictures() []*capture { return []*capture{&c.camera, &c.screen} }
