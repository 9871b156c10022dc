package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/widgets"
)

// dialog is a box above the window that takes all keys and clicks until it is closed: by its buttons, its cross or Esc. A new
// one lies above those before it.
type dialog struct {
	w       *Window
	overlay *fyne.Container
	before  fyne.Focusable // gets the focus back
	closed  func()         // may be nil
}

// openDialog shows a box with a title, a body and buttons in a row below it; any of them may be nothing. first gets the focus, may
// be nil. closed is called when the box is gone, however that came about.
func (w *Window) openDialog(title string, body fyne.CanvasObject, first fyne.Focusable, closed func(), buttons ...fyne.CanvasObject) *dialog {
	d := &dialog{w: w, closed: closed, before: w.win.Canvas().Focused()}
	shut := widgets.NewToolButton(assets.Close, "", d.close)
	shut.SetLook(widgets.LookFlat)
	shut.SetTip(w.texts.T("banner.close"))
	w.register("dialog.close", shut)
	words := widget.NewLabel(title)
	words.TextStyle.Bold = true
	words.SizeName = theme.SizeNameSubHeadingText
	words.Truncation = fyne.TextTruncateEllipsis
	head := container.NewBorder(nil, nil, nil, container.NewCenter(shut), inset(-2, -2, -8, 0, words))
	var foot fyne.CanvasObject
	if len(buttons) > 0 {
		foot = inset(14, 0, 0, 0, row(8, append([]fyne.CanvasObject{layout.NewSpacer()}, buttons...)...))
	}
	scroll := container.NewVScroll(body)
	content := inset(12, 18, 22, 14, container.NewBorder(head, foot, nil, nil, inset(8, 0, 0, 8, scroll)))
	scrim := canvas.NewRectangle(fadedBlack)
	ground := newLine(theme.ColorNameOverlayBackground)
	ground.radius = 10
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(0, 0) }}
	d.overlay = container.New(lay, scrim, ground, content)
	lay.place = func(size fyne.Size) {
		put(scrim, 0, 0, size.Width, size.Height)
		least := content.MinSize()
		least.Height += body.MinSize().Height - scroll.MinSize().Height
		width, height := min(least.Width, size.Width-32), min(least.Height, size.Height-32)
		x, y := (size.Width-width)/2, (size.Height-height)/2
		put(ground, x, y, width, height)
		put(content, x, y, width, height)
	}
	w.dialogs = append(w.dialogs, d)
	w.win.Canvas().Overlays().Add(d.overlay)
	if first != nil {
		w.win.Canvas().Focus(first)
	}
	return d
}

// close takes the box away; calling it twice is fine.
func (d *dialog) close() {
	for i, open := range d.w.dialogs {
		if open != d {
			continue
		}
		gone := append([]*dialog(nil), d.w.dialogs[i:]...) // those above go with it
		d.w.dialogs = d.w.dialogs[:i]
		d.w.win.Canvas().Overlays().Remove(d.overlay)
		if d.before != nil {
			d.w.win.Canvas().Focus(d.before)
		}
		for _, g := range gone {
			if g.closed != nil {
				g.closed()
			}
		}
		return
	}
}

// closeOverlay closes what lies on top: a box or a menu.
func (w *Window) closeOverlay() {
	top := w.win.Canvas().Overlays().Top()
	switch n := len(w.dialogs); {
	case top == nil:
	case n > 0 && w.dialogs[n-1].overlay == top:
		w.dialogs[n-1].close()
	case w.menu.pop != nil:
		w.closeMenu()
	default:
		w.win.Canvas().Overlays().Remove(top)
	}
}

// dangerous is the importance of a button that ends something.
const dangerous = widget.DangerImportance

// ask shows a question with one button that does something and one that does nothing, which has the focus.
func (w *Window) ask(id, title, words, yes, no string, importance widget.Importance, do func()) {
	text := widget.NewLabel(words)
	text.Wrapping = fyne.TextWrapWord
	var d *dialog
	stay := widgets.NewButton(no, func() { d.close() })
	act := widgets.NewButton(yes, func() { d.close(); do() })
	act.Importance = importance
	w.register(id+".no", stay)
	w.register(id+".yes", act)
	body := container.New(&fixedWidth{widgets.Scaled(400)}, inset(-4, -4, -8, -8, text))
	d = w.openDialog(title, body, stay, nil, stay, act)
}
