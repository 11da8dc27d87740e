package sandbox

import (
	"maps"
	"slices"
)

// Field is one request parameter of an endpoint.
type Field struct {
	Name      string
	Required  bool
	MaxLength int // in characters; every field has one
}

// Endpoints returns the sorted names of the endpoints under /paygate/.
func Endpoints() []string { return slices.Sorted(maps.Keys(endpoints())) }

// Fields returns the request parameters of an endpoint that the sandbox checks: first
// those of all requests (manual 2.1), then its own. It returns nil for an unknown
// endpoint.
//
// Where the manual's table and its example contradict each other, Required follows the
// example: refund_fee_type of refund, notify_url of merchant-qrcode and payment_inst of
// web may be left out. query and refund need out_trade_no or trade_id.
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
		row := Field{Name: f.name, Required: f.isRequired, MaxLength: f.limit}
		if !slices.Contains(rows, row) { // an endpoint may narrow pay_channel
			rows = append(rows, row)
		}
	}
	return rows
}
