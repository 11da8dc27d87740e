package checkout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
)

// refusedTexts returns texts that are refused in every field, each with a word of the
// problem.
func refusedTexts() map[string]struct{ text, problem string } {
	return map[string]struct{ text, problem string }{
		"NUL":                              {"a\x00b", "control"},
		"a tab":                            {"a\tb", "control"},
		"an escape sequence":               {"a\x1b[2Jb", "control"},
		"a control of Latin 1":             {"a\u0085b", "control"},
		"a separator of paragraphs":        {"a\u2029b", "control"},
		"a code point without a character": {"a\ufffeb", "control"},
		"bytes that are not UTF-8":         {"a\xffb", "UTF-8"},
		"a surrogate in UTF-8":             {"a\xed\xa0\x80b", "UTF-8"},
		"an overlong NUL":                  {"a\xc0\x80b", "UTF-8"},
		"a cut character":                  {"a\xe7\xa5", "UTF-8"},
		"an override":                      {"HK$1\u202e00.5", "direction"},
		"an override that is closed":       {"a\u202eb\u202cc", "direction"},
		"an embedding":                     {"a\u202ab\u202c", "direction"},
		"an isolate without its end":       {"a\u2067b", "isolate"},
		"an end without its isolate":       {"a\u2069b", "isolate"},
		"an end before its isolate":        {"\u2069a\u2067", "isolate"},
		"127 marks on one character":       {"a" + strings.Repeat("\u0301", 127), "marks"},
		"9 marks, enclosing them too":      {"a" + strings.Repeat("\u0301\u20dd", 4) + "\u0301", "marks"},
	}
}

// textFields has the fields of a session with free text.
var textFields = map[string]struct {
	field string
	set   func(n *checkout.NewSession, text string)
}{
	"subject":             {"subject", func(n *checkout.NewSession, text string) { n.Subject = text }},
	"client_reference_id": {"client_reference_id", func(n *checkout.NewSession, text string) { n.ClientReferenceID = text }},
	"a metadata key": {"metadata", func(n *checkout.NewSession, text string) {
		n.Metadata = map[string]string{shortened(text): "v"}
	}},
	"a metadata value": {"metadata", func(n *checkout.NewSession, text string) { n.Metadata = map[string]string{"k": text} }},
}

// shortened returns the start of a text, so that it fits into a metadata key. The
// longest text has marks of two bytes, and is cut between two of them.
func shortened(text string) string { return text[:min(len(text), 39)] }

func TestHostileTextIsRefusedInEachField(t *testing.T) {
	t.Parallel()
	for where, f := range textFields {
		for name, c := range refusedTexts() {
			t.Run(where+", "+name, func(t *testing.T) {
				t.Parallel()
				m, n := newMemory(), newTicket()
				f.set(&n, c.text)
				_, err := newTwoShopFixture(t, m).Create(t.Context(), n)
				checkFieldError(t, err, f.field, c.problem)
				if len(m.sessions) != 0 {
					t.Error("a session was stored")
				}
			})
		}
	}
}

func TestHostileTextOfARefundReference(t *testing.T) {
	t.Parallel()
	for name, c := range refusedTexts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, newMemory())
			_, err := f.Refund(t.Context(), f.session().ID, checkout.NewRefund{Amount: 1, ClientReferenceID: c.text})
			checkFieldError(t, err, "client_reference_id", c.problem)
		})
	}
}

func TestHostileTextOfAShopsName(t *testing.T) {
	t.Parallel()
	for name, c := range refusedTexts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := newFixture(t, newMemory()).config()
			config.Merchants[shop] = checkout.Merchant{ID: shop, Name: c.text}
			if _, err := checkout.New(config); err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("error %v, want one with %q", err, c.problem)
			}
		})
	}
}

// checkFieldError checks that err is a FieldError of a field whose problem has a word,
// and that it repeats no control character.
func checkFieldError(t *testing.T, err error, field, word string) {
	t.Helper()
	var wrong *checkout.FieldError
	if !errors.As(err, &wrong) || wrong.Field != field || !strings.Contains(wrong.Problem, word) {
		t.Fatalf("error %v, want a FieldError of %s with %q", err, field, word)
	}
	if strings.ContainsAny(err.Error(), "\x00\x1b\t\u202e\u2067") {
		t.Errorf("the error repeats the text: %q", err)
	}
}

func TestHostileInvisibleText(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"spaces":                        " \u00a0\u3000",
		"zero width space":              "\u200b",
		"joiners":                       "\u200c\u200d\u2060",
		"byte order mark":               "\ufeff",
		"braille without a dot":         "\u2800",
		"Hangul fillers":                "\u3164\u115f\u1160\uffa0",
		"soft hyphens":                  "\u00ad\u00ad",
		"marks of direction":            "\u200e\u200f\u061c",
		"an isolate of nothing":         "\u2066\u200b\u2069",
		"a mark on nothing":             " \u0301",
		"variation selectors":           "\ufe0f\U000e0100",
		"tags":                          "\U000e0041",
		"a musical note without a head": "\U0001d159",
		"an Egyptian blank":             "\U00013441",
		"a Mongolian separator":         "\u180e",
		"reserved and ignorable":        "\u2065\ufff0",
		"all of these, and space":       "\u200b \u2800 \u3164",
	} {
		for where, f := range textFields {
			if where == "a metadata value" {
				continue // it may be empty or blank
			}
			t.Run(where+", "+name, func(t *testing.T) {
				t.Parallel()
				n := newTicket()
				f.set(&n, text)
				_, err := newTwoShopFixture(t, newMemory()).Create(t.Context(), n)
				checkFieldError(t, err, f.field, "nothing that can be seen")
			})
		}
	}
	t.Run("an override alone", func(t *testing.T) {
		t.Parallel()
		n := newTicket()
		n.Subject = "\u202e"
		_, err := newTwoShopFixture(t, newMemory()).Create(t.Context(), n)
		checkFieldError(t, err, "subject", "direction")
	})
}

// Text of every language is stored unchanged.
func TestTextOfAllLanguagesIsKept(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"Chinese":                                "門票 — 演唱會（2026）",
		"Hebrew with points":                     "שָׁלוֹם",
		"Persian with a non-joiner":              "می\u200cخواهم",
		"Thai with a tone over a vowel":          "ที่นี่",
		"Vietnamese, decomposed":                 "Vie\u0302\u0323t Nam",
		"Tibetan, stacked":                       "བསྒྲུབས",
		"Hindi":                                  "क्षत्रिय",
		"a family in one picture":                "👨\u200d👩\u200d👧\u200d👦",
		"a flag of tags":                         "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		"a key cap":                              "1\ufe0f\u20e3",
		"a name that a library isolates":         "Order \u2068A-1\u2069, \u2067שלום \u2066x\u2069\u2069",
		"a mark of direction":                    "\u200fשלום\u200f!",
		"a soft hyphen":                          "Donau\u00addampfschiff",
		"8 marks on one character":               "a" + strings.Repeat("\u0301", 8),
		"a private character":                    "\ue000",
		"a character of a later Unicode version": "\U0003fffd",
		"the replacement character":              "\ufffd",
	} {
		for where, f := range textFields {
			t.Run(where+", "+name, func(t *testing.T) {
				t.Parallel()
				f, n := f, newTicket()
				f.set(&n, text)
				fixture := newTwoShopFixture(t, newMemory())
				s, err := fixture.Create(t.Context(), n)
				if err != nil {
					t.Fatal(err)
				}
				stored := fixture.readSession(s.ID)
				same(t, "subject", stored.Subject, n.Subject)
				same(t, "reference", stored.ClientReferenceID, n.ClientReferenceID)
				same(t, "metadata", stored.Metadata, n.Metadata)
			})
		}
	}
}
