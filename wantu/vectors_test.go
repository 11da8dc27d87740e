package wantu_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// readTestdata returns the contents of a JSON file in testdata.
func readTestdata[T any](t testing.TB, name string) T {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var value T
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

type signVectors struct {
	Key     string
	Vectors []struct{ Name, Body, String, Sign string }
}

type decodeVector struct {
	Name, Body, Hex string
	Refused         bool
	Text            map[string]string
}

func (v decodeVector) bytes(t testing.TB) []byte {
	t.Helper()
	if v.Hex == "" {
		return []byte(v.Body)
	}
	raw, err := hex.DecodeString(v.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

type notificationVectors struct {
	Key             string
	MerchantAccount string `json:"merchant_account"`
	StoreAccount    string `json:"store_account"`
	Notifications   []struct {
		Name, Body, Want string
		Fields           struct {
			TotalFee    int64             `json:"total_fee"`
			TradeStatus wantu.TradeStatus `json:"trade_status"`
			TradeID     string            `json:"trade_id"`
			OutTradeNo  string            `json:"out_trade_no"`
		}
		Time   string // trade_time, if it is unreadable
		NoCode bool   `json:"no_code"` // whether return_code is unreadable
	}
}

type queryVectors struct {
	Key             string
	MerchantAccount string `json:"merchant_account"`
	StoreAccount    string `json:"store_account"`
	Answers         []struct {
		Name, Body, Want string
		Status           int
		Unknown          bool
		Time             string // trade_time, if it is unreadable
	}
}

// canary is the key of the vectors. No error may contain it.
const canary = "canary-key-4f1b"

func checkNoKey(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), canary) {
		t.Errorf("the key is in the error: %v", err)
	}
}

func newClient(t testing.TB, config wantu.Config) *wantu.Client {
	t.Helper()
	if config.MerchantAccount == "" {
		config.MerchantAccount, config.StoreAccount = "HKG0000000001", "HKG0000000101"
	}
	if config.Key == "" {
		config.Key = canary
	}
	client, err := wantu.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
