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

// The default account and the default WeChat app of the sandbox. They are public, so a
// live configuration must refuse them.
const (
	DefaultMerchantAccount = "HKG0000000001"
	DefaultStoreAccount    = "HKG0000000101"
	DefaultKey             = "sandbox-md5-key-do-not-use-live" // #nosec G101 -- public by intent

	// DefaultMerchantName is the merchant's name on the pages that a shopper sees.
	DefaultMerchantName = "Wantu test merchant"

	DefaultWeChatAppID     = "wx0000000000000001"
	DefaultWeChatAppSecret = "sandbox-app-secret" // #nosec G101 -- public by intent
)

// Config has the account of the sandbox, its addresses and its behaviour.
type Config struct {
	// MerchantAccount is the only merchant. Defaults to DefaultMerchantAccount.
	MerchantAccount string
	// StoreAccount is the merchant's only store. Defaults to DefaultStoreAccount.
	StoreAccount string
	// Key signs requests, answers and notifications. Defaults to DefaultKey.
	Key string
	// MerchantName is the payee that the pages of the wallets show, such as the shop's
	// name. At the real gateway it belongs to the account: no request has a field for it,
	// but the url of web and wap contains it (secondary_merchant_name in manual 2.11).
	// Defaults to DefaultMerchantName.
	MerchantName string

	// WeChatAppID is the only app that OAuth and pay-form accept. If it is not set,
	// OAuth accepts DefaultWeChatAppID, and pay-form any app_id of WeChat's format.
	WeChatAppID string
	// WeChatAppSecret is the app's secret. It signs the parameters for WeChat.
	// Defaults to DefaultWeChatAppSecret.
	WeChatAppSecret string

	// PublicURL is the address of the sandbox for the shopper's browser: scheme and
	// host, such as http://localhost:8081. Defaults to the host of the request.
	PublicURL string
	// ScanURL is the address of the sandbox for a phone; the QR codes contain it. It
	// has at most 51 characters, so that qrcode_url has at most 64, the manual's
	// limit. Defaults to PublicURL.
	ScanURL string

	// FrameReturnsInside makes the page with the QR code (web with payment_inst) open
	// return_url inside its frame. Otherwise it opens return_url in the whole window.
	FrameReturnsInside bool

	// HTTPClient sends the notifications. It is copied; the copy follows no
	// redirect. Defaults to a new client.
	HTTPClient *http.Client
	// Clock is the time for everything: dates, expiry, the waits between notifications
	// and the delays of faults. A Clock stands still until it is moved, so a run can be
	// repeated. If it is nil, time passes as usual.
	Clock *Clock
	// Now returns the time for dates and expiry; waits use the system clock. It must be
	// nil if Clock is set. Defaults to the time of Clock, or time.Now.
	Now func() time.Time
	// Rand makes tokens and numbers. See [Seed] for a run that can be repeated.
	// Defaults to crypto/rand.Reader.
	Rand io.Reader
	// Logger gets a message for each notification that is not acknowledged, and for an
	// error of a page. Defaults to none.
	Logger *slog.Logger

	// NotifySchedule holds the waits between the attempts to notify. The first attempt
	// is made at once. Empty but not nil means a single attempt. Defaults to WeChat's:
	// 15 s, 15 s, 30 s, 3, 10, 20, 30, 30, 30 and 60 min, 3, 3, 3, 6 and 6 h.
	NotifySchedule []time.Duration

	// MaxOrders is the largest number of orders that the sandbox remembers. For a new
	// order beyond it, the oldest is forgotten: its number may be used again, and it is
	// no longer notified. Defaults to 10000.
	MaxOrders int
}

func (config Config) withDefaults() Config {
	config.MerchantAccount = cmp.Or(config.MerchantAccount, DefaultMerchantAccount)
	config.StoreAccount = cmp.Or(config.StoreAccount, DefaultStoreAccount)
	config.Key = cmp.Or(config.Key, DefaultKey)
	config.MerchantName = cmp.Or(config.MerchantName, DefaultMerchantName)
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
		return refuse("PublicURL", "must be http:// or https:// and a host, without a path")
	case !isBase(config.ScanURL):
		return refuse("ScanURL", "must be http:// or https:// and a host, without a path")
	case len(config.ScanURL) > maxQRCodeURL-len("/q/")-tokenLength:
		return refuse("ScanURL", "is longer than 51 characters")
	case config.MaxOrders < 1:
		return refuse("MaxOrders", "must be positive")
	}
	for _, wait := range config.NotifySchedule {
		if wait < 0 {
			return refuse("NotifySchedule", "contains a negative wait")
		}
	}
	return nil
}

// isBase reports whether text is empty or a URL with only a scheme and a host.
func isBase(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		text == u.Scheme+"://"+u.Host
}
