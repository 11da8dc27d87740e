package wantu

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The gateway's base URLs. Manual 1.5.
const (
	ProductionURL = "https://merchants-api.wantu.cn/paygate"
	TestURL       = "https://sandbox-merchants.wantu.cn/paygate"
)

// Config says which gateway to call, for which store, with which key.
type Config struct {
	// BaseURL is the gateway's address without the endpoint: https, or http
	// on a loopback address. Defaults to ProductionURL.
	BaseURL string

	// MerchantAccount is the merchant's number at the gateway, such as
	// HKG1234567890. Defaults to nothing: it is required.
	MerchantAccount string

	// StoreAccount is the store's number. Defaults to nothing: it is required.
	StoreAccount string

	// Key is the secret that signs (商户支付密钥). Defaults to nothing: it is
	// required.
	Key string

	// PreviousKey is the old key during a key rotation. Requests are signed with
	// Key only. Answers and notifications may be signed with either, because the
	// gateway may use the old key for some time. Set both when the gateway starts
	// to accept the new key. Remove PreviousKey once all orders from before have
	// ended. Must differ from Key. Defaults to none.
	PreviousKey string

	// HTTPClient sends the requests. It is copied; the copy follows no
	// redirect. Its Transport defaults to one that all clients of this package
	// share. That one keeps up to 256 idle connections to a gateway for 90
	// seconds, so that calls at the same time need no new connections, and it
	// speaks HTTP/2 with a gateway that has it.
	HTTPClient *http.Client

	// Timeout limits each call, in addition to the caller's context. Defaults to
	// 15 seconds.
	Timeout time.Duration

	// Now returns the time for send_time. Defaults to time.Now.
	Now func() time.Time

	// Transport observes the calls, for logs, metrics and traces. Defaults to
	// none.
	Transport Transport
}

// Client calls the gateway for one store. It is safe for concurrent use.
type Client struct {
	baseURL, merchantAccount, storeAccount, key, previousKey string

	http      *http.Client
	timeout   time.Duration
	now       func() time.Time
	transport Transport
}

// New returns a client. It returns a [*FieldError] with the name of the Config
// field when one is wrong.
func New(config Config) (*Client, error) {
	if config.BaseURL == "" {
		config.BaseURL = ProductionURL
	}
	if config.HTTPClient == nil {
		config.HTTPClient = &http.Client{}
	}
	if config.Timeout == 0 {
		config.Timeout = 15 * time.Second
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if err := config.validate(); err != nil {
		return nil, err
	}
	return &Client{
		baseURL:         strings.TrimRight(config.BaseURL, "/"),
		merchantAccount: config.MerchantAccount,
		storeAccount:    config.StoreAccount,
		key:             config.Key,
		previousKey:     config.PreviousKey,
		http:            withoutRedirects(*config.HTTPClient),
		timeout:         config.Timeout,
		now:             config.Now,
		transport:       config.Transport,
	}, nil
}

func (config Config) validate() error {
	if problem := baseURLProblem(config.BaseURL); problem != "" {
		return &FieldError{Field: "BaseURL", Problem: problem}
	}
	f := &form{fields: Fields{}}
	f.required("MerchantAccount", config.MerchantAccount, 32, lettersDigitsOr("_-"))
	f.required("StoreAccount", config.StoreAccount, 32, lettersDigitsOr("_-"))
	f.required("Key", config.Key, 256, keyProblem)
	f.optional("PreviousKey", config.PreviousKey, 256, keyProblem)
	if config.PreviousKey != "" && config.PreviousKey == config.Key {
		f.fail("PreviousKey", "must differ from Key")
	}
	if !isLoopback(hostOf(config.BaseURL)) && skipsVerification(config.HTTPClient) {
		f.fail("HTTPClient", "must verify certificates unless BaseURL is a loopback address")
	}
	if config.Timeout < 0 {
		f.fail("Timeout", "must not be negative")
	}
	return f.err
}

func keyProblem(key string) string {
	if strings.TrimSpace(key) != key || freeText(key) != "" {
		return "starts or ends with a space, or contains & or a control character"
	}
	return ""
}

func baseURLProblem(text string) string {
	if problem := webURL(text); problem != "" {
		return problem
	}
	u, err := url.Parse(text)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		return "must have no query and no fragment"
	}
	// The signature does not cover nested values and MD5 is weak: only TLS
	// protects an answer from changes on its way.
	if u.Scheme != "https" && !isLoopback(u.Hostname()) {
		return "must be https unless it is a loopback address"
	}
	return ""
}

func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func skipsVerification(client *http.Client) bool {
	transport, ok := client.Transport.(*http.Transport)
	return ok && transport.TLSClientConfig != nil && transport.TLSClientConfig.InsecureSkipVerify
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func withoutRedirects(client http.Client) *http.Client {
	if client.Transport == nil {
		client.Transport = sharedTransport()
	}
	client.Transport = noRedirects{next: client.Transport}
	return &client
}
