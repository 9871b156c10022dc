package room

import (
	"context"
	"fmt"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/media"
	"parlor/media/peer"
)

// wish is what changeStreamPublishState said about one medium (N-15).
type wish uint8

const (
	unset wish = iota // roomConfig.autoPublish decides
	yes
	no
)

// split tells which media a stream type means.
func (t StreamType) split(apiName string) (audio, video bool, err error) {
	audio, video = t == StreamAudio || t == StreamBoth, t == StreamVideo || t == StreamBoth
	if !audio && !video {
		err = errno.InvalidParam.Detail(apiName, fmt.Sprintf(`expect params.streamType to be one of "audio", "video", "both", but got %.64s`, t), nil)
	}
	return audio, video, err
}

// ChangeStreamPublishState is changeStreamPublishState (N-13..N-17). Outside a room the wish is kept. An invisible user, and
// in a room one without the privilege, may not wish to publish.
func (c *Context) ChangeStreamPublishState(ctx context.Context, on bool, t StreamType) error {
	const api = "changeStreamPublishState"
	done, gone := c.begin(api)
	if gone != nil {
		return gone
	}
	defer done()
	audio, video, err := t.split(api)
	if err != nil {
		return err
	}
	err = c.loop.Do(ctx, func() error {
		switch {
		case on && c.stay != nil:
			if err := c.stay.mayPublish(api, audio, video); err != nil {
				return err
			}
		case on && c.invisible:
			return errno.Failed.In(api, errno.NativePublishForbidden)
		}
		w := no
		if on {
			w = yes
		}
		if audio {
			c.audio = w
		}
		if video {
			c.video = w
		}
		c.publish()
		return nil
	})
	return c.failure(api, err)
}

// publish makes the stay publish what is captured and wished. It runs on the loop.
func (c *Context) publish() {
	if c.stay == nil {
		return
	}
	c.stay.publish(&c.camera, c.wished(c.video))
	c.stay.publish(&c.microphone, c.wished(c.audio))
	c.stay.publish(&c.screen, c.screen.on != nil)
	c.stay.publish(&c.screenAudio, c.screenAudio.on != nil)
}

func (c *Context) wished(w wish) bool {
	if w == unset {
		return !c.stay.options.NoAutoPublish
	}
	return w == yes
}

// published is the wish to send one source.
type published struct {
	feed peer.Feed // the last one; kept while muted
	live bool
}

// allows tells whether privileges cover a kind of media.
func allows(p *api.Privileges, kind media.Kind) bool {
	if kind == media.Audio {
		return p.GetPublishAudio()
	}
	return p.GetPublishVideo()
}

// mayPublish returns why media may not be published, nil when they may. It runs on the loop.
func (s *stay) mayPublish(apiName string, audio, video bool) error {
	switch {
	case s.c.invisible:
		return errno.Failed.In(apiName, errno.NativePublishForbidden)
	case audio && !allows(s.privileges, media.Audio), video && !allows(s.privileges, media.Video):
		return errno.Failed.In(apiName, errno.NativeNoPublishPermission)
	}
	return nil
}

// publish brings the media connection up to the capture and the wish. A device that is closed leaves
// its track there, silent: opening it again needs no new negotiation. It runs on the loop.
func (s *stay) publish(k *capture, wished bool) {
	wished = wished && !s.c.invisible && allows(s.privileges, k.source.Kind())
	feed := k.feed()
	had := s.sources[k.source]
	switch {
	case !wished:
		if had != nil {
			delete(s.sources, k.source)
			s.peer.SetPublish(k.source, nil, false)
		}
		return
	case feed != nil:
		s.sources[k.source] = &published{feed: feed, live: true}
		s.peer.SetPublish(k.source, feed, true)
	case had != nil:
		had.live = false
		s.peer.SetPublish(k.source, had.feed, false)
	}
	s.tellLive()
}

// tellLive tells the server which of the own tracks send, when its picture of them is wrong. It runs on
// the loop.
func (s *stay) tellLive() {
	if s.telling {
		return
	}
	wrong := make(map[uint32]bool)
	for _, t := range s.model.tracks(s.options.UserID) {
		p := s.sources[media.Source(t.GetSource())]
		if p != nil && p.live != t.GetLive() {
			wrong[uint32(t.GetSource())] = p.live
		}
	}
	if len(wrong) == 0 {
		return
	}
	s.telling = true
	s.c.tasks.Go(func() {
		err := s.session.SetLive(context.Background(), wrong)
		if err != nil {
			s.c.log.Info("the server was not told what sends", "error", err)
			s.session.Pause(time.Second)
		}
		s.c.loop.Post(func() {
			s.telling = false
			if err == nil {
				s.model.setLive(s.options.UserID, wrong)
			}
			if !s.over {
				s.tellLive()
			}
		})
	})
}

// unheard takes the microphone out of a room in which too many are heard already: the server refuses whatever else is negotiated
// together with it. It runs on the loop.
func (s *stay) unheard() {
	if s.over || s.sources[media.Microphone] == nil {
		return
	}
	s.c.audio = no
	s.c.publish()
	s.c.emit(StateChanged{Err: errno.Failed.In("onRtcStateChanged", errno.NativeOverPublishLimit)})
}
