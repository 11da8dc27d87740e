package wantu_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

func TestNewReturnsAFieldError(t *testing.T) {
	t.Parallel()
	insecure := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // #nosec G402 -- must be refused
	}}
	for name, c := range map[string]struct {
		change func(*wantu.Config)
		field  string
	}{
		"nothing wrong":                 {func(*wantu.Config) {}, ""},
		"production by default":         {func(c *wantu.Config) { c.BaseURL = "" }, ""},
		"test environment":              {func(c *wantu.Config) { c.BaseURL = wantu.TestURL + "/" }, ""},
		"http on 127.0.0.1":             {func(c *wantu.Config) { c.BaseURL = "http://127.0.0.1:1/paygate" }, ""},
		"http on ::1":                   {func(c *wantu.Config) { c.BaseURL = "http://[::1]:1" }, ""},
		"http on localhost":             {func(c *wantu.Config) { c.BaseURL = "http://localhost:1" }, ""},
		"http elsewhere":                {func(c *wantu.Config) { c.BaseURL = "http://merchants-api.wantu.cn/paygate" }, "BaseURL"},
		"http on a name like localhost": {func(c *wantu.Config) { c.BaseURL = "http://localhost.example.com" }, "BaseURL"},
		"http on the LAN":               {func(c *wantu.Config) { c.BaseURL = "http://192.168.1.2" }, "BaseURL"},
		"credentials":                   {func(c *wantu.Config) { c.BaseURL = "https://user:" + canary + "@wantu.cn" }, "BaseURL"},
		"query":                         {func(c *wantu.Config) { c.BaseURL = "https://wantu.cn/?key=" + canary }, "BaseURL"},
		"empty query":                   {func(c *wantu.Config) { c.BaseURL = "https://wantu.cn/?" }, "BaseURL"},
		"fragment":                      {func(c *wantu.Config) { c.BaseURL = "https://wantu.cn/#a" }, "BaseURL"},
		"no host":                       {func(c *wantu.Config) { c.BaseURL = "https:///paygate" }, "BaseURL"},
		"another scheme":                {func(c *wantu.Config) { c.BaseURL = "ftp://wantu.cn" }, "BaseURL"},
		"control character":             {func(c *wantu.Config) { c.BaseURL = "https://wantu.cn/\n" }, "BaseURL"},
		"unreadable":                    {func(c *wantu.Config) { c.BaseURL = "https://%zz" }, "BaseURL"},
		"no merchant":                   {func(c *wantu.Config) { c.MerchantAccount = "" }, "MerchantAccount"},
		"merchant with a space":         {func(c *wantu.Config) { c.MerchantAccount = "HKG 1" }, "MerchantAccount"},
		"merchant too long":             {func(c *wantu.Config) { c.MerchantAccount = strings.Repeat("1", 33) }, "MerchantAccount"},
		"no store":                      {func(c *wantu.Config) { c.StoreAccount = "" }, "StoreAccount"},
		"empty key":                     {func(c *wantu.Config) { c.Key = "" }, "Key"},
		"key with a line break":         {func(c *wantu.Config) { c.Key = canary + "\n" }, "Key"},
		"negative timeout":              {func(c *wantu.Config) { c.Timeout = -1 }, "Timeout"},
		"certificates not verified":     {func(c *wantu.Config) { c.HTTPClient = insecure }, "HTTPClient"},
		"the same on loopback": {func(c *wantu.Config) {
			c.HTTPClient, c.BaseURL = insecure, "https://127.0.0.1"
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := wantu.Config{
				BaseURL: wantu.ProductionURL, MerchantAccount: "HKG1", StoreAccount: "HKG2", Key: canary, Timeout: time.Second,
			}
			c.change(&config)
			client, err := wantu.New(config)
			checkNoKey(t, err)
			var field *wantu.FieldError
			switch {
			case c.field == "" && (err != nil || client == nil):
				t.Errorf("refused: %v", err)
			case c.field != "" && (!errors.As(err, &field) || field.Field != c.field || client != nil):
				t.Errorf("error %v, want a FieldError for %s", err, c.field)
			}
		})
	}
}

func TestNewLeavesTheCallersClientAlone(t *testing.T) {
	t.Parallel()
	mine := &http.Client{}
	newClient(t, wantu.Config{HTTPClient: mine})
	if mine.Transport != nil || mine.CheckRedirect != nil {
		t.Errorf("changed: %+v", mine)
	}
}
