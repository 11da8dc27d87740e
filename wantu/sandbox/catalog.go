package sandbox

import (
	"maps"
	"slices"
)

// Field is one row of an endpoint's table of request parameters.
type Field struct {
	Name      string
	Required  bool
	MaxLength int // characters
}

// Endpoints returns the names of what is served under /paygate/, sorted.
func Endpoints() []string { return slices.Sorted(maps.Keys(endpoints())) }

// Fields returns what the sandbox checks of a request to endpoint: the
// parameters of all requests (manual 2.1), then its own. It returns nil for an
// endpoint that is not served.
//
// Where the manual's table and its example disagree, Required follows the
// example: refund_fee_type of refund, notify_url of merchant-qrcode and
// payment_inst of web may be left out. query and refund want out_trade_no or
// trade_id.
func Fields(endpoint string) []Field {
	served, ok := endpoints()[endpoint]
	if !ok {
		return nil
	}
	all := append([]field{
		{"merchant_account", required, 32, nil},
		{"store_account", required, 32, nil},
		{"sign", required, 32, nil},
	}, commonFields()...)
	rows := make([]Field, 0, len(all)+len(served.fields))
	for _, f := range append(all, served.fields...) {
		row := Field{Name: f.name, Required: f.must, MaxLength: f.limit}
		if !slices.Contains(rows, row) { // an endpoint may narrow pay_channel
			rows = append(rows, row)
		}
	}
	return rows
}
