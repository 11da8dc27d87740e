package web

// Routes builds the URLs that other systems get from the kit: a page's for the
// shopper, a notification's and a return's for the gateway. No other code knows
// their paths.
type Routes struct{ publicURL string }

// NewRoutes returns the Routes below publicURL, an origin as [ParseOrigin] returns
// it. With "" the Routes build paths.
func NewRoutes(publicURL string) Routes { return Routes{publicURL} }

// Page returns the URL of a session's page.
func (r Routes) Page(sessionID string) string { return r.publicURL + "/c/" + sessionID }

// Notify returns the URL that the gateway posts an attempt's notifications to.
func (r Routes) Notify(token string) string { return r.publicURL + "/n/" + token }

// Return returns the URL that a wallet sends the shopper's browser back to.
func (r Routes) Return(token string) string { return r.publicURL + "/r/" + token }

// PaymentDirectory returns the URL of the directory that all pages are in. A shop
// registers it at WeChat as a payment directory.
func (r Routes) PaymentDirectory() string { return r.Page("") }

// paths are the Routes of this server itself, which needs no origin.
var paths = NewRoutes("")

// Other paths of the server.
const (
	// apiPath is where the merchant API begins.
	apiPath = "/v1"
	// problemsPath is the page that explains the problems of the API.
	problemsPath       = "/docs/problems"
	wechatCallbackPath = "/wechat/callback"
	viewAsPath         = "/demo/view-as"
	// A session's id follows.
	sandboxPath = "/demo/sandbox/"

	// These follow the path of a page or of a return.
	statusPath  = "/status"
	eventsPath  = "/events"
	confirmPath = "/confirm"
	// These follow the path of a page.
	attemptsPath = "/attempts"
	cancelPath   = "/cancel"
	leavePath    = "/leave"
)
