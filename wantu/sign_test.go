package wantu_test

import (
	"crypto/md5" // #nosec G501 -- the protocol demands it
	"encoding/hex"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

func TestSignVectors(t *testing.T) {
	t.Parallel()
	file := readTestdata[signVectors](t, "sign.json")
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			message, err := wantu.Decode([]byte(v.Body))
			if err != nil {
				t.Fatal(err)
			}
			fields := message.Fields()
			if got := wantu.Sign(fields, file.Key); got != v.Sign {
				t.Errorf("Sign = %s, want %s for the string %q", got, v.Sign, v.String)
			}
			if got := wantu.SigningString(fields) + "key="; got != v.String {
				t.Errorf("SigningString = %q, want %q", got, v.String)
			}
			if !wantu.Verify(fields, v.Sign, file.Key) || !wantu.Verify(fields, strings.ToLower(v.Sign), file.Key) {
				t.Error("the signature does not verify")
			}
			if wantu.Verify(fields, v.Sign, file.Key+"x") {
				t.Error("the signature verifies under another key")
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	fields := wantu.Fields{"total_fee": "100"}
	good := wantu.Sign(fields, "key")
	for name, sign := range map[string]string{
		"nothing":       "",
		"too short":     good[:31],
		"too long":      good + "0",
		"not hex":       strings.Repeat("G", 32),
		"one digit off": changeLastDigit(good),
		"the MD5 of ''": "D41D8CD98F00B204E9800998ECF8427E",
	} {
		if wantu.Verify(fields, sign, "key") {
			t.Errorf("%s verifies", name)
		}
	}
	if wantu.Verify(fields, wantu.Sign(fields, ""), "") {
		t.Error("an empty key verifies")
	}
	if wantu.Verify(wantu.Fields{"total_fee": "101"}, good, "key") {
		t.Error("another amount verifies")
	}
}

func changeLastDigit(sign string) string {
	last := byte('0')
	if sign[31] == last {
		last = '1'
	}
	return sign[:31] + string(last)
}

func TestEncodeSignsWhatItSends(t *testing.T) {
	t.Parallel()
	body, err := wantu.Encode(map[string]any{
		"subject": "<b> & 票", "total_fee": 100, "empty": "", "nested": map[string]string{"a": "b"},
	}, canary)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), "<b> & 票") {
		t.Errorf("text is escaped without need: %s", body)
	}
	message, err := wantu.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := message.Verify(canary); err != nil {
		t.Error(err)
	}
	for _, object := range []map[string]any{{"a": 1, "A": 2}, {"Sign": 1}} {
		if _, err := wantu.Encode(object, canary); err == nil {
			t.Errorf("%v is encoded, although its names differ only in case", object)
		}
	}
	if _, err := wantu.Encode(map[string]any{"a": func() {}}, canary); err == nil {
		t.Error("a func is encoded")
	}
}

// benchmarkFields returns the fields of a usual request and the string that is signed.
func benchmarkFields() (wantu.Fields, string) {
	fields := wantu.Fields{
		"merchant_account": "HKG1449074190", "pay_channel": "1", "send_time": "2017-11-30 11:35:25",
		"version": "1.0", "total_fee": "2000", "subject": "BigBang演唱会票", "product_id": "123",
		"out_trade_no": "5322516544211", "attach": "xxxxxx", "fee_type": "HKD",
		"notify_url": "https://www.example.com/wantu/notify/6s3kq2m8", "store_account": "HKG1831455570",
		"device_sn": "snnnnn",
	}
	return fields, "attach=xxxxxx&device_sn=snnnnn&fee_type=HKD&merchant_account=HKG1449074190" +
		"&notify_url=https://www.example.com/wantu/notify/6s3kq2m8&out_trade_no=5322516544211&pay_channel=1" +
		"&product_id=123&send_time=2017-11-30 11:35:25&store_account=HKG1831455570&subject=BigBang演唱会票" +
		"&total_fee=2000&version=1.0&key=" + canary
}

func BenchmarkSign(b *testing.B) {
	fields, _ := benchmarkFields()
	b.ReportAllocs()
	for b.Loop() {
		_ = wantu.Sign(fields, canary)
	}
}

func BenchmarkVerify(b *testing.B) {
	fields, _ := benchmarkFields()
	sign := wantu.Sign(fields, canary)
	b.ReportAllocs()
	for b.Loop() {
		_ = wantu.Verify(fields, sign, canary)
	}
}

// BenchmarkBareMD5 measures only the MD5 hash in Sign and Verify.
func BenchmarkBareMD5(b *testing.B) {
	fields, text := benchmarkFields()
	sum := md5.Sum([]byte(text)) // #nosec G401
	if !wantu.Verify(fields, hex.EncodeToString(sum[:]), canary) {
		b.Fatal("the string is not what Sign hashes")
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = md5.Sum([]byte(text)) // #nosec G401
	}
}
