package widgets

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
)

// piece is a run of characters on one line of a message, all words or all part of one address.
type piece struct {
	text     string
	url      string // what a tap opens; "": nothing
	x, width float32
}

// textLine is one line of a message.
type textLine struct {
	pieces []piece
	after  string // what stands between it and the next line: blanks, a line end, or nothing within a word
}

// width is how far the line reaches.
func (l *textLine) width() float32 {
	if n := len(l.pieces); n > 0 {
		return l.pieces[n-1].x + l.pieces[n-1].width
	}
	return 0
}

// address finds what looks like an address; linkAt says whether it is one.
var address = regexp.MustCompile(`(?i)\b(?:https?|parlor)://[^\s<>"“”‘’「」『』《》（）【】，。、；！？]+`)

// Addresses lists the addresses in a text that can be opened, in their order.
func Addresses(text string) []string {
	var list []string
	for _, at := range address.FindAllStringIndex(text, -1) {
		if u, _ := linkAt(text, at); u != "" {
			list = append(list, u)
		}
	}
	return list
}

// linkAt returns the address at a place and where it ends: a full stop after an address, or the bracket around it, belongs to
// the sentence.
func linkAt(text string, at []int) (string, int) {
	found := text[at[0]:at[1]]
	for found != "" {
		last := found[len(found)-1]
		closing := strings.IndexByte(")]}", last)
		switch {
		case strings.IndexByte(".,;:!?'*_", last) >= 0,
			closing >= 0 && strings.Count(found, string(last)) > strings.Count(found, "([{"[closing:closing+1]):
			found = found[:len(found)-1]
			continue
		}
		break
	}
	if u, err := url.Parse(found); err != nil || u.Host == "" {
		return "", at[1]
	}
	return found, at[0] + len(found)
}

// flow breaks a message into lines of at most width units: at spaces, between Chinese characters, and within words that are
// longer than a line. widest is the width that the longest line takes.
func flow(text string, width, size float32, style fyne.TextStyle) (lines []textLine, widest float32) {
	f := &flowing{width: width, size: size, style: style}
	text = printable(text)
	at := 0
	for _, place := range address.FindAllStringIndex(text, -1) {
		if place[0] < at {
			continue
		}
		if u, end := linkAt(text, place); u != "" {
			f.words(text[at:place[0]], "")
			f.words(text[place[0]:end], u)
			at = end
		}
	}
	f.words(text[at:], "")
	f.newLine("")
	return f.lines, f.widest
}

// printable replaces what has no picture; a message comes from strangers.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', unicode.Is(unicode.Zs, r):
			return ' '
		case r == utf8.RuneError:
			return '?'
		case r == zeroWidthJoiner:
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

const zeroWidthJoiner = '\u200d' // makes one picture of several emoji

// flowing is the state of flow.
type flowing struct {
	width, size   float32
	style         fyne.TextStyle
	lines         []textLine
	line          []piece
	used          float32
	widest        float32
	pendingSpaces string // that come before the next unit unless a line ends here
	pendingURL    string
}

func (f *flowing) measure(text string) float32 { return fyne.MeasureText(text, f.size, f.style).Width }

// words adds text of one kind.
func (f *flowing) words(text, link string) {
	for text != "" {
		if text[0] == '\n' {
			f.newLine("\n")
			text = text[1:]
			continue
		}
		n := unitEnd(text)
		unit := text[:n]
		text = text[n:]
		if strings.TrimLeft(unit, " ") == "" {
			f.pendingSpaces, f.pendingURL = f.pendingSpaces+unit, link
			continue
		}
		f.unit(unit, link)
	}
}

// unit adds what is not to be broken, unless it is longer than a line.
func (f *flowing) unit(unit, link string) {
	spaces := f.measure(f.pendingSpaces)
	width := f.measure(unit)
	switch {
	case f.used+spaces+width <= f.width:
		f.put(f.pendingSpaces, f.pendingURL, spaces)
		f.put(unit, link, width)
		f.pendingSpaces = ""
		return
	case f.used > 0:
		f.newLine(f.pendingSpaces)
	}
	f.pendingSpaces = ""
	for width > f.width {
		n := f.fitting(unit)
		f.put(unit[:n], link, f.measure(unit[:n]))
		if unit = unit[n:]; unit == "" {
			return
		}
		f.newLine("")
		width = f.measure(unit)
	}
	f.put(unit, link, width)
}

// fitting is how many bytes of a unit fit on a line, at least one character.
func (f *flowing) fitting(unit string) int {
	var ends []int
	for i, r := range unit {
		if i > 0 && !joins(unit[:i], r) {
			ends = append(ends, i)
		}
	}
	ends = append(ends, len(unit))
	low, high := 0, len(ends)-1 // ends[low] is taken, ends[high] may be too long
	for low < high {
		middle := (low + high + 1) / 2
		if f.measure(unit[:ends[middle]]) <= f.width {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return ends[low]
}

// joins tells whether a character makes one picture with what is before it.
func joins(before string, r rune) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	return unicode.Is(unicode.M, r) || r == zeroWidthJoiner || last == zeroWidthJoiner ||
		r >= 0x1F3FB && r <= 0x1F3FF // skin tones
}

// put adds text to the line, to the last piece when that is of the same kind.
func (f *flowing) put(text, link string, width float32) {
	if text == "" {
		return
	}
	if n := len(f.line); n > 0 && f.line[n-1].url == link {
		last := &f.line[n-1]
		last.text += text
		last.width += width
	} else {
		f.line = append(f.line, piece{text: text, url: link, x: f.used, width: width})
	}
	f.used += width
	f.widest = max(f.widest, f.used)
}

func (f *flowing) newLine(after string) {
	f.lines = append(f.lines, textLine{f.line, after})
	f.line, f.used, f.pendingSpaces = nil, 0, ""
}

// unitEnd is the length of the first unit of a text that has no line end at its start: spaces, a word, or one Chinese character
// with the punctuation that must not begin a line.
func unitEnd(text string) int {
	first, n := utf8.DecodeRuneInString(text)
	if first == ' ' {
		return len(text) - len(strings.TrimLeft(text, " "))
	}
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		last, _ := utf8.DecodeLastRuneInString(text[:n])
		switch {
		case r == ' ' || r == '\n':
			return n
		case joins(text[:n], r), strings.ContainsRune("，。、；：！？）」』》】”’…,.;:!?)]}%", r), strings.ContainsRune("（「『《【“‘", last):
		case ideograph(r) || ideograph(last):
			return n
		}
		n += size
	}
	return n
}

// ideograph tells characters beside which a line may end anywhere.
func ideograph(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF ||
		r >= 0x1F300 && r <= 0x1FAFF
}
