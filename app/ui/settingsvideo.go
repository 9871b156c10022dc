package ui

import (
	"fmt"

	"parlor/media"
)

// video is the camera and the pictures.
func (s *settingsScreen) video(f *settingsForm) {
	w, t := s.w, s.w.texts
	f.device(kindCamera, t.T("set.camera"))
	f.refresh("set.video.refresh")
	f.heading(t.T("set.picture"))
	f.choice("set.video.picture", t.T("set.picture.size"), t.T("set.picture.note"), pictureSizes,
		func() int { return indexOf(pictureSizes, w.state.frame.prefs.Picture) },
		func(i int) { w.setEncoder(pictureSizes[i], w.state.frame.prefs.Rate) })
	rates := make([]string, len(pictureRates))
	for i, r := range pictureRates {
		rates[i] = t.T("set.picture.rate.words", r)
	}
	f.choice("set.video.rate", t.T("set.picture.rate"), "", rates,
		func() int { return indexOf(pictureRates, w.state.frame.prefs.Rate) },
		func(i int) { w.setEncoder(w.state.frame.prefs.Picture, pictureRates[i]) })
	f.heading(t.T("set.tiles"))
	f.check("set.video.mirror", t.T("set.own"), t.T("menu.mirror"), "",
		func() bool { return !w.state.frame.prefs.Unmirrored }, w.setMirror)
	f.check("set.video.hideSelf", "", t.T("menu.hideSelf"), "", func() bool { return w.state.frame.prefs.HideSelf }, w.setHideSelf)
	counts := []string{t.T("set.tiles.all")}
	for _, n := range tileCounts[1:] {
		counts = append(counts, t.T("set.tiles.words", n))
	}
	f.choice("set.video.tiles", t.T("set.tiles.most"), t.T("set.tiles.note"), counts,
		func() int { return indexOf(tileCounts, w.state.frame.prefs.MostTiles) }, func(i int) { w.setMaxTiles(tileCounts[i]) })
	f.check("set.video.audioOnly", "", t.T("menu.audioOnly"), t.T("set.audioOnly.note"),
		func() bool { return w.state.layout.audioOnly }, w.setAudioOnly)
}

// largest is the picture that may be sent.
func (p *preferences) largest() media.VideoFormat {
	f := media.VideoFormat{Rate: float64(p.Rate)}
	if _, err := fmt.Sscanf(p.Picture, "%dx%d", &f.Width, &f.Height); err != nil {
		return media.VideoFormat{} // no bound
	}
	return f
}

// setEncoder is one documented call; the choice is kept for later starts.
func (w *Window) setEncoder(picture string, rate int) {
	p := w.state.frame.prefs
	p.Picture, p.Rate = picture, rate
	w.prefer(p)
	f := p.largest()
	w.call("setVideoEncoderConfig", map[string]any{
		"maxSolution": map[string]any{"width": f.Width, "height": f.Height, "frameRate": rate},
	})
}
