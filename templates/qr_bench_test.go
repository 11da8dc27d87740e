package templates

import "testing"

// BenchmarkDrawQRCode measures one code of an order.
func BenchmarkDrawQRCode(b *testing.B) {
	for b.Loop() {
		if _, err := DrawQRCode("weixin://wxpay/bizpayurl?pr=AbCdEfGhI"); err != nil {
			b.Fatal(err)
		}
	}
}
