package web

import (
	"net/http"
	"slices"

	"github.com/gorilla/sessions"
)

// browsers keeps what belongs to one browser in an encrypted cookie: the WeChat
// user's openid, OAuth states, and which checkouts it opened. The page works
// without.
type browsers struct {
	store *sessions.CookieStore
	// name is the cookie's.
	name string
}

const (
	cookieName = "wantukit"
	cookieLife = 24 * 60 * 60 // seconds
	// remembered bounds each list in the cookie.
	remembered = 5
)

func newBrowsers(secret []byte, secure bool) browsers {
	store := sessions.NewCookieStore(derive(secret, "cookie", "sign"), derive(secret, "cookie", "encrypt"))
	store.Options = &sessions.Options{
		Path: "/", MaxAge: cookieLife, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
	store.MaxAge(cookieLife)
	return browsers{store, hostCookie(cookieName, secure)}
}

// hostCookie is the name under which a site has a cookie. By __Host- a browser
// takes it from this host alone, over https: no other name of the domain and no
// page without TLS can set it.
func hostCookie(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// browser is one browser's session. A cookie that cannot be read is an empty
// one.
type browser struct{ *sessions.Session }

func (b browsers) of(r *http.Request) browser {
	session, _ := b.store.Get(r, b.name) // an unreadable cookie yields a new session
	return browser{session}
}

func (b browser) save(w http.ResponseWriter, r *http.Request) error { return b.Save(r, w) }

func (b browser) text(key string) string {
	text, _ := b.Values[key].(string)
	return text
}

func (b browser) openID(app string) string { return b.text("openid:" + app) }

func (b browser) setOpenID(app, openID string) { b.Values["openid:"+app] = openID }

// open notes that this browser has opened a session's page.
func (b browser) open(sessionID string) {
	b.Values["opened"] = remember(b.list("opened"), sessionID)
}

func (b browser) hasOpened(sessionID string) bool {
	return slices.Contains(b.list("opened"), sessionID)
}

// expect notes an OAuth state and the session that it belongs to. It stays
// after its use, because a callback may come twice.
func (b browser) expect(state, sessionID string) {
	states := remember(b.list("states"), state)
	for key := range b.Values {
		if name, ok := key.(string); ok && len(name) > 6 && name[:6] == "state:" && !slices.Contains(states, name[6:]) {
			delete(b.Values, key)
		}
	}
	b.Values["states"] = states
	b.Values["state:"+state] = sessionID
}

// expected returns the session that an OAuth state was made for, or "".
func (b browser) expected(state string) string {
	if !slices.Contains(b.list("states"), state) {
		return ""
	}
	return b.text("state:" + state)
}

func (b browser) list(key string) []string {
	list, _ := b.Values[key].([]string)
	return list
}

// remember appends item and forgets the oldest beyond the bound.
func remember(list []string, item string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(have string) bool { return have == item })
	list = append(list, item)
	return list[max(0, len(list)-remembered):]
}
