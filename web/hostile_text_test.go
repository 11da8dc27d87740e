package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/web"
)

// These are the cases of hostile text from shops and strangers. docs/hostile.md lists
// them.

// goodFields are the required fields of a session, without its subject.
const goodFields = `"amount":1250,"currency":"HKD","success_url":"https://shop.example/ok"`

// problemOf sends a request to create a session, and returns the problem in the answer.
func (f *fixture) problemOf(body string) (p struct{ Field, Detail string }) {
	f.Helper()
	got := f.api(http.MethodPost, "/v1/checkout/sessions", body)
	if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != http.StatusBadRequest {
		f.Errorf("%d %s, want 400 and a problem", got.status, got.body)
	}
	return p
}

func TestHostileTextThatIsNotUnicode(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct{ text, detail string }{
		"half of a pair":              {`a\ud800b`, "half of a character"},
		"the other half":              {`a\udc00`, "half of a character"},
		"the halves the wrong way":    {`\ude00\ud83d`, "half of a character"},
		"a half before a whole":       {`\ud83d\ud83d\ude00`, "half of a character"},
		"a half in capital letters":   {`\uD83D`, "half of a character"},
		"a half behind a backslash":   {`\\\ud800`, "half of a character"},
		"a half before a backslash":   {`\ud83d\\ude00`, "half of a character"},
		"bytes that are not UTF-8":    {"a\xffb", "not valid UTF-8"},
		"a surrogate as bytes":        {"\xed\xa0\x80", "not valid UTF-8"},
		"a cut character at the end":  {"\xe8\x8c", "not valid UTF-8"},
		"NUL":                         {`a\u0000b`, "control characters"},
		"an override":                 {`\u202e00.1$KH`, "direction"},
		"127 marks on one character":  {"a" + strings.Repeat("\u0301", 100), "marks"},
		"a control that is not ASCII": {`a\u0085`, "control characters"},
	} {
		for field, value := range map[string]string{
			"subject": `"` + c.text + `"`, "client_reference_id": `"` + c.text + `"`, "metadata": `{"k":"` + c.text + `"}`,
		} {
			t.Run(name+" in "+field, func(t *testing.T) {
				t.Parallel()
				body := `{` + goodFields + `,"` + field + `":` + value
				if field != "subject" {
					body += `,"subject":"Tea"`
				}
				if p := f.problemOf(body + "}"); p.Field != field || !strings.Contains(p.Detail, c.detail) {
					t.Errorf("the problem is %q: %q, want one about %s and %s", p.Field, p.Detail, field, c.detail)
				}
			})
		}
	}
	t.Run("a half in a metadata key", func(t *testing.T) {
		t.Parallel()
		if p := f.problemOf(`{` + goodFields + `,"subject":"Tea","metadata":{"\ud800":"v"}}`); p.Field != "metadata" {
			t.Errorf("the problem is %q: %q", p.Field, p.Detail)
		}
	})
	t.Run("a half in each other text", func(t *testing.T) {
		t.Parallel()
		for field, value := range map[string]string{
			"channels": `["\ud800"]`, "locale": `"\ud800"`, "user_agent": `"\ud800"`, "user_agent_hints": `{"a":"\ud800"}`,
			"wechat_open_id": `"\ud800"`, "cancel_url": `"https://shop.example/\ud800"`,
		} {
			if p := f.problemOf(`{` + goodFields + `,"subject":"Tea","` + field + `":` + value + `}`); p.Field != field || !strings.Contains(p.Detail, "half") {
				t.Errorf("%s: the problem is %q: %q", field, p.Field, p.Detail)
			}
		}
	})
}

func TestHostileMetadataIsNeverChangedInSilence(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, metadata := range map[string]string{
		"a key twice":              `{"a":"1","b":"2","a":"1"}`,
		"a key twice, one escaped": `{"a":"1","\u0061":"2"}`,
		"null":                     `{"a":null}`,
		"a number":                 `{"a":1}`,
		"an object":                `{"a":{"b":"c"}}`,
		"a key that nobody sees":   `{"\u200b":"1"}`,
		"a key with NUL":           `{"a\u0000":"1"}`,
		"a list":                   `["a"]`,
	} {
		if p := f.problemOf(`{` + goodFields + `,"subject":"Tea","metadata":` + metadata + `}`); !strings.HasPrefix(p.Field, "metadata") {
			t.Errorf("%s: the problem is %q: %q", name, p.Field, p.Detail)
		}
	}
	const kept = `{"":"","emoji":"\ud83d\ude00","same":"\ufffd","slash":"\\ud800","value":" "}`
	if p := f.problemOf(`{` + goodFields + `,"subject":"Tea","metadata":` + kept + `}`); !strings.Contains(p.Detail, "empty") {
		t.Errorf("an empty key: the problem is %q", p.Detail)
	}
	id := f.session(`,"metadata":` + strings.Replace(kept, `"":"",`, `"none":"",`, 1))
	got := must(f.store.Session(t.Context(), id)).Metadata
	for key, want := range map[string]string{"none": "", "emoji": "😀", "same": "\ufffd", "slash": `\ud800`, "value": " "} {
		if value, is := got[key]; !is || value != want {
			t.Errorf("%s is %q, want %q", key, value, want)
		}
	}
}

func TestHostileSubjectThatNobodySees(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, subject := range map[string]string{
		"spaces": " \u3000 ", "zero width": `\u200b`, "braille without a dot": `\u2800`, "a Hangul filler": `\u3164`, "an override": `\u202e`,
	} {
		if p := f.problemOf(`{` + goodFields + `,"subject":"` + subject + `"}`); p.Field != "subject" {
			t.Errorf("%s: the problem is %q: %q", name, p.Field, p.Detail)
		}
	}
}

func TestHostileRefundReference(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session("")
	for name, reference := range map[string]string{
		"half of a pair": `\ud800`, "NUL": `\u0000`, "not UTF-8": "\xff", "an override": `\u202e1`, "nothing to see": `\u200b`,
	} {
		got := f.api(http.MethodPost, "/v1/checkout/sessions/"+id+"/refunds", `{"amount":1,"client_reference_id":"`+reference+`"}`)
		if got.status != http.StatusBadRequest || !strings.Contains(got.body, `"field":"client_reference_id"`) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// strictStore fails for an ID with NUL, as PostgreSQL does.
type strictStore struct{ checkout.Store }

func checkNoNUL(id string) error {
	if strings.Contains(id, "\x00") {
		return errors.New("invalid byte sequence for encoding UTF8: 0x00")
	}
	return nil
}

func (s strictStore) Session(ctx context.Context, id string) (checkout.Session, error) {
	session, err := s.Store.Session(ctx, id)
	return session, errors.Join(checkNoNUL(id), err)
}

func (s strictStore) Attempts(ctx context.Context, id string) ([]checkout.Attempt, error) {
	attempts, err := s.Store.Attempts(ctx, id)
	return attempts, errors.Join(checkNoNUL(id), err)
}

func (s strictStore) SessionWithAttempts(ctx context.Context, id string) (checkout.Session, []checkout.Attempt, error) {
	session, attempts, err := s.Store.SessionWithAttempts(ctx, id)
	return session, attempts, errors.Join(checkNoNUL(id), err)
}

func (s strictStore) AttemptByReturnToken(ctx context.Context, token string) (checkout.Attempt, error) {
	a, err := s.Store.AttemptByReturnToken(ctx, token)
	return a, errors.Join(checkNoNUL(token), err)
}

func (s strictStore) AttemptByNotifyToken(ctx context.Context, token string) (checkout.Attempt, error) {
	a, err := s.Store.AttemptByNotifyToken(ctx, token)
	return a, errors.Join(checkNoNUL(token), err)
}

func (s strictStore) Refunds(ctx context.Context, id string) ([]checkout.Refund, error) {
	refunds, err := s.Store.Refunds(ctx, id)
	return refunds, errors.Join(checkNoNUL(id), err)
}

func newStrictFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixtureAs(t, func(c *checkout.Config, _ *web.Config) { c.Store = strictStore{c.Store} })
}

func TestHostileAddressWithNUL(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct{ before, after, key string }{
		"page":            {"/c/", "", ""},
		"live status":     {"/c/", "/status", ""},
		"stream":          {"/c/", "/events", ""},
		"return link":     {"/r/", "", ""},
		"returned status": {"/r/", "/status", ""},
		"session":         {"/v1/checkout/sessions/", "", apiKey},
		"refunds":         {"/v1/checkout/sessions/", "/refunds", apiKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, guessed := newStrictFixture(t), newStrictFixture(t)
			ask := func(id string) answer { return f.get(of.before+id+of.after, "Authorization", "Bearer "+of.key) }
			const unknown = "aaaaaaaaaaaaaaaaaaaaaaaaa"
			checkSame(t, http.StatusNotFound, map[string]answer{
				"unknown": ask("cs_" + unknown + "a"), "NUL": ask("%00"), "NUL at the end": ask("cs_" + unknown + "%00"), "NUL in a token": ask(unknown + "%00"),
			})
			guessed.guessUntilLimited(func(int) answer {
				return guessed.get(of.before+"cs_"+unknown+"%00"+of.after, "Authorization", "Bearer "+of.key)
			})
		})
	}
	t.Run("notification", func(t *testing.T) {
		t.Parallel()
		f := newStrictFixture(t)
		if got := f.send(http.MethodPost, "/n/%00", `{}`); got.status != http.StatusNotFound {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}

// codings are values of Content-Encoding for a body without an encoding.
var codings = []string{"identity", "Identity", "IDENTITY", " identity ", "identity, identity", "identity,", ""}

func TestHostileProxyMarksTheNotification(t *testing.T) {
	t.Parallel()
	for _, coding := range codings {
		for mark, before := range map[string]string{"": "", " and a byte order mark": "\ufeff"} {
			t.Run("coding "+coding+mark, func(t *testing.T) {
				t.Parallel()
				n := newNotified(t)
				if got := n.deliver(before+n.signed(nil), "Content-Encoding", coding); got.status != http.StatusOK || got.body != string(wantu.AckSuccess()) {
					t.Errorf("%d %s", got.status, got.body)
				}
			})
		}
	}
	for name, c := range map[string]struct {
		coding, before string
		status         int
	}{
		"compressed twice, once not at all": {"identity, gzip", "", http.StatusUnsupportedMediaType},
		"a coding that nobody knows":        {"x-identity", "", http.StatusUnsupportedMediaType},
		"two byte order marks":              {"", "\ufeff\ufeff", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			if got := n.deliver(c.before+n.signed(nil), "Content-Encoding", c.coding); got.status != c.status || got.body != string(wantu.AckFail("refused")) {
				t.Errorf("%d %s, want %d", got.status, got.body, c.status)
			}
		})
	}
}

func TestHostileProxyMarksTheRequest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const body = "\ufeff{" + goodFields + `,"subject":"Tea"}`
	headers := []string{"Authorization", "Bearer " + apiKey, "Content-Type", "Application/JSON; charset=UTF-8", "Content-Encoding"}
	for _, coding := range codings {
		if got := f.send(http.MethodPost, "/v1/checkout/sessions", body, append(headers, coding)...); got.status != http.StatusCreated {
			t.Errorf("%q: %d %s", coding, got.status, got.body)
		}
	}
	got := f.send(http.MethodPost, "/v1/checkout/sessions", body, append(headers, "gzip")...)
	if got.status != http.StatusUnsupportedMediaType || !strings.Contains(got.body, "compressed") {
		t.Errorf("gzip: %d %s", got.status, got.body)
	}
}
