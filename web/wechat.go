package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/templates"
)

// WeChatEndpoints are the URLs of WeChat's OAuth.
type WeChatEndpoints struct {
	// Authorize is the URL where the browser requests a code. Defaults to
	// https://open.weixin.qq.com/connect/oauth2/authorize.
	Authorize string
	// AccessToken is the URL where the server exchanges a code for an openid.
	// Defaults to https://api.weixin.qq.com/sns/oauth2/access_token.
	AccessToken string
}

const (
	wechatTimeout = 10 * time.Second
	wechatAnswer  = 16 << 10
)

func (e WeChatEndpoints) orDefault() WeChatEndpoints {
	if e.Authorize == "" {
		e.Authorize = "https://open.weixin.qq.com/connect/oauth2/authorize"
	}
	if e.AccessToken == "" {
		e.AccessToken = "https://api.weixin.qq.com/sns/oauth2/access_token"
	}
	return e
}

// wechatConnections is how many idle connections to WeChat are kept, for as many shoppers
// who come from WeChat at the same time.
const wechatConnections = 64

// newWeChatClient returns the client for Config.HTTPClient's default.
func newWeChatClient() *http.Client {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: wechatTimeout, MaxIdleConnsPerHost: wechatConnections, IdleConnTimeout: 90 * time.Second,
	}
	return &http.Client{Timeout: wechatTimeout, Transport: transport}
}

// withoutRedirects returns a client that follows no redirect. The URL that requests an
// openid holds the app secret, and Go's client sends the URL as Referer to the target
// of a redirect.
func withoutRedirects(client http.Client) *http.Client {
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// askOpenID redirects the browser to WeChat for the openid, without a question to the
// user (snsapi_base). WeChat redirects the browser to wechatCallback.
func (s *Server) askOpenID(c echo.Context, session checkout.Session) error {
	app := s.merchants[session.Merchant].WeChat
	state, err := s.newOAuthState(session.ID)
	if err != nil {
		return err
	}
	b := s.browsers.read(c.Request())
	b.addOAuthState(state)
	if err := b.save(c.Response(), c.Request()); err != nil {
		return fmt.Errorf("writing the cookie: %w", err)
	}
	query := url.Values{
		"appid": {app.ID}, "redirect_uri": {s.publicURL + wechatCallbackPath},
		"response_type": {"code"}, "scope": {"snsapi_base"}, "state": {string(state)},
	}
	c.Response().Header().Set("Referrer-Policy", originReferrer)
	return c.Redirect(http.StatusSeeOther, app.Endpoints.orDefault().Authorize+"?"+query.Encode()+"#wechat_redirect")
}

// wechatCallback exchanges the code for the openid, keeps the openid in the cookie, and
// redirects to the page. The page's URL holds neither. For a repeated callback, with
// the same code or another one, the openid is in the cookie already.
//
// A browser without the state in its cookie gets no openid: WeChat has lost the cookie, or
// somebody has sent the shopper a callback with their own code. The page has other ways to
// pay.
func (s *Server) wechatCallback(c echo.Context) error {
	b, state := s.browsers.read(c.Request()), oauthState(c.QueryParam("state"))
	id, err := s.sessionOf(state)
	if err != nil {
		return err
	}
	session, err := s.service.Session(c.Request().Context(), id)
	if err != nil {
		return err
	}
	app := s.merchants[session.Merchant].WeChat
	page := paths.Page(session.ID)
	if !b.hasOAuthState(state) {
		return c.Redirect(http.StatusSeeOther, page+"?notice="+templates.NoticeWeChatRefused)
	}
	if b.openID(app.ID) == "" && !isHead(c) {
		openID, err := s.exchange(c.Request().Context(), app, c.QueryParam("code"))
		if err != nil {
			s.logger.Warn("WeChat gave no openid", "session", session.ID, "error", err)
			return c.Redirect(http.StatusSeeOther, page+"?notice="+templates.NoticeWeChatRefused)
		}
		b.setOpenID(app.ID, openID)
		if err := b.save(c.Response(), c.Request()); err != nil {
			return fmt.Errorf("writing the cookie: %w", err)
		}
	}
	return c.Redirect(http.StatusSeeOther, page+"?start="+string(flow.WalletWeChat))
}

// openIDPattern matches an openid. WeChat's openids have 28 characters; the gateway's
// manual allows 32.
var openIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// sealOpenID checks and encrypts the shopper's openid that a shop sends. With it, the
// page need not request the openid from WeChat. It returns "" for "", and a FieldError
// for an openid that is malformed or that the shop has no WeChat account for.
func (s *Server) sealOpenID(shop Merchant, openID string) (string, error) {
	bad := func(problem string) error { return &checkout.FieldError{Field: "wechat_open_id", Problem: problem} }
	switch {
	case openID == "":
		return "", nil
	case shop.WeChat.ID == "":
		return "", bad("is of no use: the shop has no WeChat account")
	case !openIDPattern.MatchString(openID):
		return "", bad("must be 1 to 32 letters, digits, - and _")
	}
	return sealer(s.secret).seal("openid:"+shop.WeChat.ID, openID)
}

// payer returns the openid of the WeChat user who pays, and their payer tag. It returns
// the openid in the browser's cookie, else the openid that the shop sent, else "". It
// does not return the shop's openid after WeChat's sheet has failed for it: somebody
// else may look at the page, so the browser has to request the openid from WeChat.
func (s *Server) payer(c echo.Context, session checkout.Session) (openID, tag string) {
	app := s.merchants[session.Merchant].WeChat.ID
	if openID = s.browsers.read(c.Request()).openID(app); openID != "" {
		return openID, s.tag("payer", openID)
	}
	if session.SealedOpenID == "" {
		return "", ""
	}
	openID, err := sealer(s.secret).unseal("openid:"+app, session.SealedOpenID)
	if err == nil {
		tag = s.tag("payer", openID)
		var failed bool
		if failed, err = s.service.BridgeFailed(c.Request().Context(), session.ID, tag); err == nil && !failed {
			return openID, tag
		}
	}
	if err != nil {
		s.logger.Warn("the shop's openid cannot be used", "session", session.ID, "error", err)
	}
	return "", ""
}

// exchange exchanges a code for an openid at WeChat. Its errors hold no code, secret or
// URL.
func (s *Server) exchange(ctx context.Context, app WeChatApp, code string) (string, error) {
	if code == "" {
		return "", errors.New("the callback has no code")
	}
	query := url.Values{
		"appid": {app.ID}, "secret": {app.Secret}, "code": {code}, "grant_type": {"authorization_code"},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, app.Endpoints.orDefault().AccessToken+"?"+query.Encode(), nil)
	if err != nil {
		return "", errors.New("WeChat's access_token address is not a URL")
	}
	response, err := s.wechatClient.Do(r)
	if err != nil {
		return "", errors.New("WeChat could not be reached")
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("WeChat answered with HTTP status %d", response.StatusCode)
	}
	var answer struct {
		OpenID  string `json:"openid"`
		ErrCode int    `json:"errcode"`
	}
	// All of the answer is read, so that its connection can be used again.
	body, err := io.ReadAll(io.LimitReader(response.Body, wechatAnswer))
	if err != nil {
		return "", errors.New("WeChat's answer broke off")
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", errors.New("WeChat's answer is not JSON")
	}
	if answer.OpenID == "" {
		return "", fmt.Errorf("WeChat answered errcode %d", answer.ErrCode)
	}
	return answer.OpenID, nil
}
