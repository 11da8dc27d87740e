package web

import (
	"net/http"
	"slices"

	"github.com/gorilla/sessions"
)

// browserStore keeps data of one browser in an encrypted cookie: the WeChat user's
// openid, the OAuth states, and the sessions whose pages it opened. The pages work
// without the cookie.
type browserStore struct {
	store *sessions.CookieStore
	// name is the cookie's name.
	name string
}

const (
	cookieName = "wantukit"
	cookieLife = 24 * 60 * 60 // seconds
	// cookieList is the largest length of a list in the cookie.
	cookieList = 5
)

func newBrowserStore(secret []byte, secure bool) browserStore {
	store := sessions.NewCookieStore(derive(secret, "cookie", "sign"), derive(secret, "cookie", "encrypt"))
	store.Options = &sessions.Options{
		Path: "/", MaxAge: cookieLife, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
	store.MaxAge(cookieLife)
	return browserStore{store, hostCookie(cookieName, secure)}
}

// hostCookie returns the name of a cookie of this site. Over https it has the prefix
// __Host-: browsers then accept the cookie from this host over TLS only, and not from
// other hosts of the domain.
func hostCookie(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// browser is the data of one browser.
type browser struct{ *sessions.Session }

// read returns the data of the browser that sent r. It is empty if the cookie is
// missing or cannot be read.
func (b browserStore) read(r *http.Request) browser {
	session, _ := b.store.Get(r, b.name) // with an error it returns a new session too
	return browser{session}
}

func (b browser) save(w http.ResponseWriter, r *http.Request) error { return b.Save(r, w) }

func (b browser) text(key string) string {
	text, _ := b.Values[key].(string)
	return text
}

func (b browser) openID(app string) string { return b.text("openid:" + app) }

func (b browser) setOpenID(app, openID string) { b.Values["openid:"+app] = openID }

// addOpened records that this browser has opened a session's page.
func (b browser) addOpened(sessionID string) {
	b.Values["opened"] = appendLatest(b.list("opened"), sessionID)
}

func (b browser) hasOpened(sessionID string) bool {
	return slices.Contains(b.list("opened"), sessionID)
}

// addPopup records that a shop's page has opened a session's page in a popup of this browser.
func (b browser) addPopup(sessionID string) {
	b.Values["popups"] = appendLatest(b.list("popups"), sessionID)
}

func (b browser) hasPopup(sessionID string) bool {
	return slices.Contains(b.list("popups"), sessionID)
}

// addOAuthState records an OAuth state of this browser. The state stays after its use,
// because WeChat may call back twice.
func (b browser) addOAuthState(state oauthState) {
	b.Values["states"] = appendLatest(b.list("states"), state.mark())
}

func (b browser) hasOAuthState(state oauthState) bool {
	return slices.Contains(b.list("states"), state.mark())
}

func (b browser) list(key string) []string {
	list, _ := b.Values[key].([]string)
	return list
}

// appendLatest appends item and removes the oldest items of a list that is too long.
func appendLatest(list []string, item string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(have string) bool { return have == item })
	list = append(list, item)
	return list[max(0, len(list)-cookieList):]
}
