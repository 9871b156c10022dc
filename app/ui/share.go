package ui

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/app/room"
	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// maxThumbnails are open at once: each costs a capture. What is further down shows its sign until it is scrolled to.
const maxThumbnails = 12

// thumbnail is the format of the small pictures in the chooser.
var thumbnail = media.VideoFormat{Width: 320, Height: 180, Rate: 1}

// toggleShare asks what to share, or stops sharing.
func (w *Window) toggleShare() {
	switch {
	case w.state.layout.share.on:
		w.call("x-stopScreenShare", map[string]any{})
	case w.state.connection == room.Inside:
		w.command("share.choose", nil, w.chooseShare)
	}
}

// shareWords say what is shared.
func (w *Window) shareWords() string {
	s := w.state.layout.share
	if s.label != "" && s.name == s.asked {
		return w.texts.T("share.bar", s.label)
	}
	return w.texts.T("share.bar", s.name)
}

// shareChooser is the dialog with what can be shared.
type shareChooser struct {
	w      *Window
	ctx    context.Context // ends with the dialog
	dialog *dialog

	tabs   *widgets.Tabs
	status *widget.Label
	again  *widgets.Button
	share  *widgets.Button
	scroll *container.Scroll
	body   *fyne.Container

	sound  string // the device that hears what the computer plays; "": none
	hear   *widgets.Check
	window bool // the tab of windows is chosen
	found  []media.ScreenInfo
	names  map[string]string // of what was found, for people
	listed bool
	cards  []*shareCard // of the tab
	lastAt time.Time    // of the last tap on the chosen card
}

// shareCard is one thing to share and, while it is looked at, its small picture.
type shareCard struct {
	info    media.ScreenInfo
	view    *widgets.ShareCard
	display *media.Display
	stop    context.CancelFunc // of the picture; nil: not open
}

// chooseShare opens the chooser and looks for screens on a goroutine of its own: that may take a second.
func (w *Window) chooseShare() {
	t := w.texts
	ctx, cancel := context.WithCancel(w.ctx)
	c := &shareChooser{w: w, ctx: ctx}
	c.tabs = widgets.NewTabs(t.T("share.screens"), t.T("share.windows"))
	c.tabs.OnChosen = c.choseTab
	c.status = widget.NewLabel("")
	c.status.Alignment = fyne.TextAlignCenter
	c.status.Wrapping = fyne.TextWrapWord
	c.again = widgets.NewIconButton(t.T("share.again"), assets.Icon(assets.Retry, theme.ColorNameForeground), func() {
		w.command("share.list", nil, c.list)
	})
	c.share = widgets.NewButton(t.T("share.share"), c.start)
	c.share.Importance = widget.HighImportance
	stay := widgets.NewButton(t.T("share.cancel"), func() { w.command("share.cancel", nil, func() { c.dialog.close() }) })
	c.sound = soundMonitor(w.state.frame.devices.byKind[kindMicrophone])
	c.hear = widgets.NewCheck(t.T("share.sound"), func(on bool) { w.command("share.sound", map[string]any{"on": on}, func() {}) })
	setVisible(c.hear, c.sound != "")
	c.body = container.NewStack()
	c.scroll = container.NewVScroll(c.body)
	c.scroll.OnScrolled = func(fyne.Position) { c.watch() }
	width := widgets.NewShareCard(assets.Screen, "", "").MinSize().Width*widgets.ShareColumns + 24
	spacer := canvas.NewRectangle(color.Transparent)
	spacer.SetMinSize(fyne.NewSize(width, min(370, w.win.Canvas().Size().Height-widgets.Scaled(230))))
	middle := container.NewStack(spacer, c.scroll, container.NewCenter(container.NewVBox(
		container.New(&fixedWidth{420}, c.status), container.NewCenter(c.again))))
	for id, o := range map[string]fyne.CanvasObject{
		"share.screens": c.tabs.Item(0), "share.windows": c.tabs.Item(1), "share.again": c.again, "share.share": c.share, "share.cancel": stay, "share.sound": c.hear,
	} {
		w.register(id, o)
	}
	c.dialog = w.openDialog(t.T("share.title"), column(8, c.tabs, middle), c.tabs.Item(0), func() {
		cancel()
		c.clear()
	}, c.hear, stay, c.share)
	c.list()
}

// list looks for what can be shared.
func (c *shareChooser) list() {
	c.listed, c.found = false, nil
	c.show(nil)
	devices := c.w.cfg.Devices
	c.w.wait.Go(func() {
		var found []media.ScreenInfo
		err := errors.New("this program has no devices")
		if devices != nil {
			found, err = devices.Screens()
		}
		c.w.post(func() {
			if c.ctx.Err() == nil {
				c.listed, c.found = true, found
				c.names = c.w.shareNames(found)
				c.show(err)
			}
		})
	})
}

// shareNames names screens and windows for people: windows by their titles; of several screens each has a number.
func (w *Window) shareNames(found []media.ScreenInfo) map[string]string {
	names := make(map[string]string, len(found))
	var screens []media.ScreenInfo
	for _, info := range found {
		names[info.ID] = first(info.Label, info.App, info.ID)
		if !info.Window {
			screens = append(screens, info)
		}
	}
	for i, info := range screens {
		names[info.ID] = w.texts.T("share.screen.only")
		if len(screens) > 1 {
			names[info.ID] = w.texts.T("share.screen.number", i+1, first(info.Label, info.ID))
		}
	}
	return names
}

// soundMonitor is the first microphone that hears what the computer plays, as sound servers offer them; "" when there is none.
func soundMonitor(microphones []media.DeviceInfo) string {
	for _, d := range microphones {
		name := strings.ToLower(d.Label + " " + d.ID)
		if strings.Contains(name, "monitor of") || strings.Contains(name, ".monitor") || strings.Contains(name, "loopback") {
			return d.ID
		}
	}
	return ""
}

func (c *shareChooser) choseTab(i int) {
	name := "screens"
	if i == 1 {
		name = "windows"
	}
	c.w.command("share.tab", map[string]any{"tab": name}, func() {
		c.window = i == 1
		c.tabs.Choose(i)
		c.show(nil)
	})
}

// show makes the cards of the tab anew; err says why there are none.
func (c *shareChooser) show(err error) {
	t := c.w.texts
	c.clear()
	grid := container.NewGridWithColumns(widgets.ShareColumns)
	for _, info := range c.found {
		if info.Window == c.window {
			grid.Add(c.add(info).view)
		}
	}
	for len(grid.Objects)%widgets.ShareColumns != 0 { // the last row's cards are as wide as the others
		grid.Add(canvas.NewRectangle(color.Transparent))
	}
	c.body.Objects = []fyne.CanvasObject{container.NewVBox(grid)}
	c.body.Refresh()
	c.scroll.ScrollToTop()
	words := ""
	switch {
	case err != nil:
		words = t.T("share.failed", err.Error())
	case !c.listed:
		words = t.T("share.searching")
	case len(c.cards) == 0 && c.window:
		words = t.T("share.windows.none")
	case len(c.cards) == 0:
		words = t.T("share.screens.none")
	}
	c.status.SetText(words)
	setVisible(c.status, words != "")
	setVisible(c.again, c.listed && words != "")
	setVisible(c.scroll, words == "")
	c.choose(c.first())
	c.watch()
}

// clear takes the cards away.
func (c *shareChooser) clear() {
	for _, card := range c.cards {
		card.close()
		delete(c.w.controls, card.id())
	}
	c.cards = nil
}

// first is the card to begin with: a screen that is the only one needs no choice.
func (c *shareChooser) first() *shareCard {
	if len(c.cards) == 1 {
		return c.cards[0]
	}
	return nil
}

func (c *shareChooser) add(info media.ScreenInfo) *shareCard {
	icon, note := assets.Screen, fmt.Sprintf("%d x %d", info.Width, info.Height)
	if info.Window {
		icon = assets.Window
		if info.App != "" {
			note = info.App
		}
	}
	card := &shareCard{info: info, view: widgets.NewShareCard(icon, c.names[info.ID], note)}
	card.display = c.w.stage.NewDisplay(card.view.SetFrame)
	at := len(c.cards)
	card.view.OnTapped = func(byKey bool) { c.tapped(card, byKey) }
	card.view.OnMove = func(by int) {
		if to := at + by; to >= 0 && to < len(c.cards) {
			c.w.win.Canvas().Focus(c.cards[to].view)
		}
	}
	c.cards = append(c.cards, card)
	c.w.register(card.id(), card.view)
	return card
}

func (s *shareCard) id() string { return "share." + s.info.ID }

// tapped chooses a card; a second tap on it, soon, or Enter on the chosen one, shares it.
func (c *shareChooser) tapped(card *shareCard, byKey bool) {
	again := card.view.Chosen() && (byKey || c.w.now().Sub(c.lastAt) < doubleTap)
	c.lastAt = c.w.now()
	if again {
		c.start()
		return
	}
	c.w.command("share.select", map[string]any{"screen": card.info.ID}, func() { c.choose(card) })
}

func (c *shareChooser) choose(chosen *shareCard) {
	for _, card := range c.cards {
		card.view.SetChosen(card == chosen)
	}
	if chosen != nil {
		c.share.Enable()
	} else {
		c.share.Disable()
	}
}

// start shares what is chosen.
func (c *shareChooser) start() {
	for _, card := range c.cards {
		if card.view.Chosen() {
			label := c.names[card.info.ID]
			if card.info.Window {
				label = c.w.texts.T("share.kind.window", label)
			}
			c.dialog.close()
			c.w.send(shareAsked{card.info.ID, label})
			params := map[string]any{"screen": card.info.ID}
			if c.hear.Checked {
				params["audio"] = c.sound
			}
			c.w.call("x-startScreenShare", params)
			return
		}
	}
}

// watch opens the small pictures of the cards that can be seen, and closes the others.
func (c *shareChooser) watch() {
	open := 0
	top, height := c.scroll.Offset.Y, c.scroll.Size().Height
	for i, card := range c.cards {
		m := card.view.MinSize()
		y := float32(i/widgets.ShareColumns) * (m.Height + theme.Padding())
		seen := y+m.Height > top && y < top+max(height, m.Height)
		switch {
		case seen && open < maxThumbnails:
			open++
			if card.stop == nil {
				c.open(card)
			}
		default:
			card.close()
		}
	}
}

// open starts a card's picture on a goroutine of its own, which ends with the card or the dialog.
func (c *shareChooser) open(card *shareCard) {
	if c.w.cfg.Devices == nil {
		return
	}
	ctx, cancel := context.WithCancel(c.ctx)
	card.stop = cancel
	c.w.wait.Go(func() {
		if err := preview(ctx, c.w.cfg.Devices, card.info.ID, card.display); err != nil {
			c.w.log.Debug("small picture", "screen", card.info.ID, "error", err)
		}
	})
}

// close ends the card's picture; it does not wait.
func (s *shareCard) close() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// preview shows a screen on a display until the context ends.
func preview(ctx context.Context, devices media.Devices, name string, d *media.Display) error {
	source, err := devices.OpenScreen(name, thumbnail)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { source.Close() }) // ends ReadVideo
	defer func() {
		if stop() {
			source.Close()
		}
	}()
	for {
		frame, err := source.ReadVideo()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if frame.Image == nil {
			continue // encoded: there is no decoder here
		}
		size := frame.Image.Rect.Size()
		img := d.Acquire(size.X, size.Y)
		draw.Draw(img, image.Rectangle{Max: size}, frame.Image, frame.Image.Rect.Min, draw.Src)
		d.Put(img)
	}
}
