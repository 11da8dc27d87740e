package templates_test

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/templates"
)

func TestFormatAmount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor    int64
		currency string
		decimals int
		lang     templates.Lang
		want     string
	}{
		{48000, "HKD", 2, "en", "HK$480.00"},
		{123456789, "HKD", 2, "zh-Hant", "HK$1,234,567.89"},
		{7, "USD", 2, "zh-Hans", "US$0.07"},
		{48000, "CNY", 2, "zh-Hans", "¥480.00"},
		{48000, "CNY", 2, "zh-Hant", "CN¥480.00"},
		{48000, "CNY", 2, "en", "CN¥480.00"},
		{48000, "CHF", 2, "en", "CHF\u00a0480.00"},
		{48000, "JPY", 0, "en", "JPY\u00a048,000"},
		{48000, "KWD", 3, "en", "KWD\u00a048.000"},
		{7, "KWD", 3, "en", "KWD\u00a00.007"},
	} {
		if got := templates.FormatAmount(c.lang, c.minor, c.currency, c.decimals); got != c.want {
			t.Errorf("%d %s in %s is %q, want %q", c.minor, c.currency, c.lang, got, c.want)
		}
	}
}

func TestFormatTime(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 11, 23, 12, 5, 59, 0, time.UTC)
	hongKong := time.FixedZone("HKT", 8*3600)
	for _, c := range []struct {
		t    time.Time
		at   *time.Location
		lang templates.Lang
		want string
	}{
		{moment, hongKong, "en", "23 Nov 2026, 20:05 (GMT+8)"},
		{moment, hongKong, "zh-Hans", "2026年11月23日 20:05 (GMT+8)"},
		{moment, hongKong, "zh-Hant", "2026年11月23日 20:05 (GMT+8)"},
		{moment, nil, "en", "23 Nov 2026, 12:05 (GMT)"},
		{moment, time.FixedZone("", -(3*3600 + 30*60)), "en", "23 Nov 2026, 08:35 (GMT-3:30)"},
		{moment, time.FixedZone("", 5*3600+5*60), "en", "23 Nov 2026, 17:10 (GMT+5:05)"},
		{time.Time{}, hongKong, "en", ""},
	} {
		if got := templates.FormatTime(c.lang, c.t, c.at); got != c.want {
			t.Errorf("%v in %s is %q, want %q", c.t, c.lang, got, c.want)
		}
	}
}
