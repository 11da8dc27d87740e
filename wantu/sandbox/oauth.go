package sandbox

import (
	"crypto/hmac"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// openIDCookie keeps the open_id of a browser, so that each browser is one shopper.
	openIDCookie = "wantu_sandbox_openid"
	codeTTL      = 5 * time.Minute
	maxCodes     = 10_000
)

// grants remembers the newest codes of WeChat's OAuth.
type grants struct {
	now func() time.Time

	mu    sync.Mutex
	codes map[string]*grant
	queue []string // oldest first
}

type grant struct {
	openID  string
	scope   string
	expires time.Time
	used    bool
}

func newGrants(now func() time.Time) *grants {
	return &grants{now: now, codes: map[string]*grant{}}
}

func (g *grants) add(code, openID, scope string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.codes[code] = &grant{openID: openID, scope: scope, expires: g.now().Add(codeTTL)}
	g.queue = append(g.queue, code)
	if len(g.queue) > maxCodes {
		delete(g.codes, g.queue[0])
		g.queue = g.queue[1:]
	}
}

// redeem marks a code as used and returns its grant. errcode is 0, or WeChat's code of
// the error.
func (g *grants) redeem(code string) (_ grant, errcode int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := g.codes[code]
	switch {
	case found == nil || g.now().After(found.expires):
		return grant{}, 40029
	case found.used:
		return grant{}, 40163
	}
	found.used = true
	return *found, 0
}

// authorize redirects the browser to redirect_uri with a code. Like WeChat with
// snsapi_base, it does not ask the shopper. A browser always gets the same open_id.
func (s *Sandbox) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	target, err := url.Parse(query.Get("redirect_uri"))
	scope := query.Get("scope")
	switch {
	case query.Get("appid") != s.config.WeChatAppID:
		s.problem(w, http.StatusBadRequest, "appid 参数错误", "unknown appid")
		return
	case err != nil || !isURL(target.String()) || target.User != nil:
		s.problem(w, http.StatusBadRequest, "redirect_uri 参数错误", "redirect_uri must be http or https")
		return
	case query.Get("response_type") != "code":
		s.problem(w, http.StatusBadRequest, "response_type 参数错误", "response_type must be code")
		return
	case scope != "snsapi_base" && scope != "snsapi_userinfo":
		s.problem(w, http.StatusBadRequest, "scope 参数错误", "unknown scope")
		return
	}
	openID, err := s.openID(w, r)
	if err != nil {
		s.problem(w, http.StatusInternalServerError, "系统错误", "No random numbers are available")
		return
	}
	code, err := s.random.token(32)
	if err != nil {
		s.problem(w, http.StatusInternalServerError, "系统错误", "No random numbers are available")
		return
	}
	s.grants.add(code, openID, scope)
	values := target.Query()
	values.Set("code", code)
	values.Set("state", query.Get("state"))
	target.RawQuery = values.Encode()
	http.Redirect(w, r, target.String(), http.StatusFound) // #nosec G710 -- the redirect is what OAuth is for
}

// accessToken answers with the open_id of a code, or with an error of WeChat.
func (s *Sandbox) accessToken(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case query.Get("appid") != s.config.WeChatAppID:
		weChatError(w, 40013, "invalid appid")
		return
	case !hmac.Equal([]byte(query.Get("secret")), []byte(s.config.WeChatAppSecret)):
		weChatError(w, 40125, "invalid appsecret")
		return
	case query.Get("grant_type") != "authorization_code":
		weChatError(w, 40002, "invalid grant_type")
		return
	}
	token, err := s.random.text(48, hexDigits)
	if err != nil {
		weChatError(w, -1, "system error")
		return
	}
	found, errcode := s.grants.redeem(query.Get("code"))
	switch errcode {
	case 40163:
		weChatError(w, errcode, "code been used")
	case 40029:
		weChatError(w, errcode, "invalid code")
	default:
		writeJSON(w, http.StatusOK, map[string]any{
			"access_token": token[:24], "refresh_token": token[24:], "expires_in": 7200,
			"openid": found.openID, "scope": found.scope,
		})
	}
}

func weChatError(w http.ResponseWriter, code int, message string) {
	writeJSON(w, http.StatusOK, map[string]any{"errcode": code, "errmsg": message})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // an error means that the client hung up
}

// openID returns the open_id in the browser's cookie. If there is none, it makes one and
// sets the cookie.
func (s *Sandbox) openID(w http.ResponseWriter, r *http.Request) (string, error) {
	if kept, err := r.Cookie(openIDCookie); err == nil && isOpenID(kept.Value) {
		return kept.Value, nil
	}
	name, err := s.random.token(27)
	if err != nil {
		return "", err
	}
	openID := "o" + name            // 28 characters, like those of WeChat
	http.SetCookie(w, &http.Cookie{ // #nosec G124 -- a phone reaches the sandbox over plain http
		Name: openIDCookie, Value: openID, Path: "/connect/oauth2", MaxAge: 30 * 24 * 3600,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return openID, nil
}
