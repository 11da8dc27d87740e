package sandbox

import (
	"cmp"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// The account and the WeChat app that the sandbox serves unless told otherwise.
// A live configuration must refuse them.
const (
	DefaultMerchantAccount = "HKG0000000001"
	DefaultStoreAccount    = "HKG0000000101"
	DefaultKey             = "sandbox-md5-key-do-not-use-live" // #nosec G101 -- public by intent

	DefaultWeChatAppID     = "wx0000000000000001"
	DefaultWeChatAppSecret = "sandbox-app-secret" // #nosec G101 -- public by intent
)

// Config says whom the sandbox serves and where it is reached.
type Config struct {
	// MerchantAccount is the one merchant. Defaults to DefaultMerchantAccount.
	MerchantAccount string
	// StoreAccount is its one store. Defaults to DefaultStoreAccount.
	StoreAccount string
	// Key signs requests, answers and notifications. Defaults to DefaultKey.
	Key string

	// WeChatAppID is the one app that OAuth and pay-form know. Without it OAuth
	// knows DefaultWeChatAppID, and pay-form takes any app_id of WeChat's shape.
	WeChatAppID string
	// WeChatAppSecret is the app's secret. It signs what goes to WeChat.
	// Defaults to DefaultWeChatAppSecret.
	WeChatAppSecret string

	// PublicURL is where the shopper's browser reaches the sandbox: scheme and
	// host, such as http://localhost:8081. Defaults to the host that the
	// gateway call was sent to.
	PublicURL string
	// ScanURL is where a phone reaches the sandbox; QR codes hold it. At most
	// 51 characters, so that a qrcode_url keeps to the manual's 64. Defaults to
	// PublicURL.
	ScanURL string

	// FrameReturnsInside has the page of the QR code (web with payment_inst) go
	// back to return_url inside its frame. Otherwise it takes the whole window
	// there.
	FrameReturnsInside bool

	// HTTPClient sends the notifications. It is copied; the copy follows no
	// redirect. Defaults to a client of its own.
	HTTPClient *http.Client
	// Clock, when set, is the time of everything: dates, expiry, the waits
	// between notifications and the delays of faults. It stands still until it
	// is moved, so a run can be repeated. Defaults to the system's.
	Clock *Clock
	// Now tells the time for dates and expiry; waits stay the system's. It must
	// be nil beside a Clock. Defaults to the Clock's, or time.Now.
	Now func() time.Time
	// Rand makes tokens and numbers. See [Seed] for a run that can be repeated.
	// Defaults to crypto/rand.Reader.
	Rand io.Reader
	// Logger is told of notifications. Defaults to none.
	Logger *slog.Logger

	// NotifySchedule holds the waits between the tries to notify; the first
	// try is at once. Empty but not nil means one try. Defaults to WeChat's:
	// 15 s, 15 s, 30 s, 3, 10, 20, 30, 30, 30 and 60 min, 3, 3, 3, 6 and 6 h.
	NotifySchedule []time.Duration

	// MaxOrders is how many orders are remembered. Beyond it the oldest is
	// forgotten, its number may be used again, and it is notified no more.
	// Defaults to 10000.
	MaxOrders int
}

func (config Config) withDefaults() Config {
	config.MerchantAccount = cmp.Or(config.MerchantAccount, DefaultMerchantAccount)
	config.StoreAccount = cmp.Or(config.StoreAccount, DefaultStoreAccount)
	config.Key = cmp.Or(config.Key, DefaultKey)
	config.WeChatAppID = cmp.Or(config.WeChatAppID, DefaultWeChatAppID)
	config.WeChatAppSecret = cmp.Or(config.WeChatAppSecret, DefaultWeChatAppSecret)
	config.PublicURL = strings.TrimRight(config.PublicURL, "/")
	config.ScanURL = strings.TrimRight(cmp.Or(config.ScanURL, config.PublicURL), "/")
	config.MaxOrders = cmp.Or(config.MaxOrders, 10_000)
	if config.HTTPClient == nil {
		config.HTTPClient = &http.Client{}
	}
	if config.Now == nil && config.Clock != nil {
		config.Now = config.Clock.Now
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Rand == nil {
		config.Rand = rand.Reader
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.NotifySchedule == nil {
		config.NotifySchedule = defaultSchedule()
	}
	return config
}

func (config Config) validate() error {
	refuse := func(field, problem string) error {
		return &wantu.FieldError{Field: "sandbox " + field, Problem: problem}
	}
	switch {
	case !isBase(config.PublicURL):
		return refuse("PublicURL", "must be http or https with a host and nothing behind it")
	case !isBase(config.ScanURL):
		return refuse("ScanURL", "must be http or https with a host and nothing behind it")
	case len(config.ScanURL) > maxQRCodeURL-len("/q/")-tokenLength:
		return refuse("ScanURL", "is longer than 51 characters")
	case config.MaxOrders < 1:
		return refuse("MaxOrders", "must be positive")
	}
	for _, wait := range config.NotifySchedule {
		if wait < 0 {
			return refuse("NotifySchedule", "holds a negative wait")
		}
	}
	return nil
}

// isBase reports whether text is empty or a URL of scheme and host alone.
func isBase(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		text == u.Scheme+"://"+u.Host
}
