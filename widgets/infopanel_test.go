package widgets_test

import (
	"testing"

	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/widgets"
)

func TestInfoPanel(t *testing.T) {
	en := english(t)
	p := widgets.NewInfoPanel(en, widgets.InfoField{Name: "token", Secret: true}, widgets.InfoField{Name: "roomId"},
		widgets.InfoField{Name: "time", Label: "in the room", Plain: true})
	w := open(t, p, 300, 100)
	golden(t, w, "infopanel", "empty")
	var copied, revealed []string
	p.OnCopy = func(field, value string) { copied = append(copied, field+"="+value) }
	p.OnReveal = func(field string, show bool) {
		revealed = append(revealed, field)
		p.SetRevealed(field, show)
	}
	const secret = "0015dc114b50538d600388f7b18PgDxEmA="
	p.Set("token", secret)
	p.Set("roomId", "1001")
	p.Set("time", "00:00:29")
	p.SetAlarm("time", true)
	p.SetCopied("roomId", true)
	golden(t, w, "infopanel", "masked")
	if diff := cmp.Diff([]string{"token", "***EmA=", "roomId", "1001", "in the room", "00:00:29"}, p.Texts()); diff != "" {
		t.Error(diff)
	}
	copyToken, reveal := p.Buttons("token")
	test.Tap(copyToken)
	test.Tap(reveal)
	if got := p.Texts()[1]; got != secret {
		t.Errorf("the revealed token is %q", got)
	}
	p.Set("token", secret+"2")
	if got := p.Texts()[1]; got != "***mA=2" {
		t.Errorf("a new token shows as %q, want it hidden", got)
	}
	if _, reveal := p.Buttons("roomId"); reveal != nil {
		t.Error("a field that is no secret can be revealed")
	}
	if button, _ := p.Buttons("time"); button != nil {
		t.Error("a plain field can be copied")
	}
	p.Set("no such field", "x") // changes nothing
	if diff := cmp.Diff([][]string{{"token=" + secret}, {"token"}}, [][]string{copied, revealed}); diff != "" {
		t.Error(diff)
	}
}

func TestMask(t *testing.T) {
	for _, tc := range []struct{ secret, want string }{
		{"", ""}, {"a", "***"}, {"12345678901", "***"}, {"123456789012", "***9012"}, {"令牌令牌令牌令牌令牌一二三四", "***一二三四"},
	} {
		if got := widgets.Mask(tc.secret); got != tc.want {
			t.Errorf("Mask(%q) = %q, want %q", tc.secret, got, tc.want)
		}
	}
}
