package templates

import "testing"

// BenchmarkDrawOrderCode measures one code of an order.
func BenchmarkDrawOrderCode(b *testing.B) {
	for b.Loop() {
		if _, err := DrawOrderCode("weixin://wxpay/bizpayurl?pr=AbCdEfGhI"); err != nil {
			b.Fatal(err)
		}
	}
}
