package wantu_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

type decimalVector struct {
	Text, String           string
	Sign                   int
	Refused                bool
	Minor0, Minor2, Minor8 string // "" if it needs rounding or does not fit
}

func TestDecimalVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readTestdata[[]decimalVector](t, "decimal.json") {
		t.Run(v.Text, func(t *testing.T) {
			t.Parallel()
			d, err := wantu.ParseDecimal(v.Text)
			if v.Refused {
				if !errors.Is(err, wantu.ErrMalformed) || d != (wantu.Decimal{}) {
					t.Errorf("read as %v, %v", d, err)
				}
				return
			}
			if err != nil || d.String() != v.String || d.Sign() != v.Sign {
				t.Errorf("read as %v with sign %d, %v", d, d.Sign(), err)
			}
			for digits, want := range map[int]string{0: v.Minor0, 2: v.Minor2, 8: v.Minor8} {
				fee, err := d.Minor(digits)
				if got := strconv.FormatInt(fee, 10); err == nil && got != want {
					t.Errorf("%d digits: %s, want %q", digits, got, want)
				}
				if (err != nil) != (want == "") || err != nil && !errors.Is(err, wantu.ErrMalformed) {
					t.Errorf("%d digits: error %v, want %q", digits, err, want)
				}
			}
		})
	}
}

func TestDecimalInJSON(t *testing.T) {
	t.Parallel()
	var d wantu.Decimal
	if err := json.Unmarshal([]byte(`"-0.10"`), &d); err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(d); err != nil || string(text) != `"-0.10"` {
		t.Errorf("written as %s, %v", text, err)
	}
	if err := json.Unmarshal([]byte(`"1e2"`), &d); !errors.Is(err, wantu.ErrMalformed) {
		t.Errorf("1e2 is read as %v, %v", d, err)
	}
}

func TestMinorUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fee    int64
		digits int
		want   string
	}{{10, 2, "0.10"}, {-4, 2, "-0.04"}, {0, 2, "0.00"}, {123, 0, "123"}, {100, 2, "1.00"}} {
		if got := wantu.MinorUnits(c.fee, c.digits).String(); got != c.want {
			t.Errorf("%d with %d digits is %s, want %s", c.fee, c.digits, got, c.want)
		}
	}
	for feeType, want := range map[string]int{"HKD": 2, "CNY": 2, "JPY": 0, "KRW": 0} {
		if digits, known := wantu.MinorDigits(feeType); digits != want || !known {
			t.Errorf("%s: %d, %t", feeType, digits, known)
		}
	}
	if _, known := wantu.MinorDigits("hkd"); known {
		t.Error("hkd is known")
	}
}

// FuzzDecimal: an accepted decimal is exact, and its text is read as the same decimal.
func FuzzDecimal(f *testing.F) {
	for _, v := range readTestdata[[]decimalVector](f, "decimal.json") {
		f.Add(v.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := wantu.ParseDecimal(text)
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) || len(text) > len("-0.")+18 {
			t.Fatalf("%q is accepted", text)
		}
		if again, err := wantu.ParseDecimal(d.String()); again != d || err != nil {
			t.Errorf("%q is %v, and then %v, %v", text, d, again, err)
		}
		if d.Sign() != 0 && d.String() != text {
			t.Errorf("%q is written %v", text, d)
		}
		for digits := range 9 {
			fee, err := d.Minor(digits)
			if err != nil {
				continue
			}
			if back := wantu.MinorUnits(fee, digits); back.Sign() != d.Sign() {
				t.Errorf("%q in minor units of %d digits is %v", text, digits, back)
			}
		}
	})
}
