package sandbox

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/wantukit/wantukit/wantu"
)

// reply is an answer before it is signed.
type reply map[string]any

func refuse(code wantu.ReturnCode, desc string) reply {
	r := reply{"return_code": int(code), "return_msg": code.Name()}
	if desc != "" {
		r["return_desc"] = desc
	}
	return r
}

// succeed adds the return code to the fields of an endpoint's answer.
func succeed(fields reply) reply {
	fields["return_code"] = int(wantu.CodeSuccess)
	fields["return_msg"] = wantu.CodeSuccess.Name()
	return fields
}

// call is one verified request.
type call struct {
	request
	endpoint  string
	served    endpoint
	publicURL string    // the address of the sandbox for the shopper's browser
	rule      magicRule // the rule of its magic value, or the zero rule
}

// tableText returns the text of a field that is in the endpoint's table. It returns "" for
// any other field, because other fields were not checked.
func (c call) tableText(name string) string {
	if !c.served.has(name) {
		return ""
	}
	return c.Text(name)
}

// endpoint has the fields of an endpoint and the function that answers it.
type endpoint struct {
	fields     []field
	serve      func(*Sandbox, call) reply
	opensOrder bool // whether it opens an order, so that its total_fee may be magic
}

// has reports whether a field is in the endpoint's table.
func (e endpoint) has(name string) bool {
	return slices.ContainsFunc(e.fields, func(f field) bool { return f.name == name })
}

func endpoints() map[string]endpoint {
	return map[string]endpoint{
		"app":             {appFields(), (*Sandbox).app, true},
		"cancel":          {closeFields(), (*Sandbox).cancel, false},
		"close":           {closeFields(), (*Sandbox).closeOrder, false},
		"create-qrcode":   {qrCodeFields(), (*Sandbox).createQRCode, true},
		"currency":        {currencyFields(), (*Sandbox).currency, false},
		"merchant-qrcode": {merchantQRCodeFields(), (*Sandbox).merchantQRCode, false},
		"order-list":      {orderListFields(), (*Sandbox).orderList, false},
		"pay-form":        {payFormFields(), (*Sandbox).payForm, true},
		"pospay":          {posPayFields(), (*Sandbox).posPay, true},
		"query":           {queryFields(), (*Sandbox).query, false},
		"refund":          {refundFields(), (*Sandbox).refund, false},
		"wap":             {wapFields(), (*Sandbox).wap, true},
		"web":             {webFields(), (*Sandbox).web, true},
	}
}

// paygate answers a call of the merchant. If the endpoint exists and no fault strikes, the
// HTTP status is always 200.
func (s *Sandbox) paygate(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("endpoint")
	served, ok := endpoints()[name]
	if !ok {
		http.Error(w, "no such endpoint", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(r.Body) // net/http sees that the merchant hangs up only after the whole body is read
	if err != nil {
		body = nil // this is not a JSON object, so the call is refused
	}
	s.respond(w, r, name, body, func() reply { return s.handle(r, body, name, served) })
}

func (s *Sandbox) handle(r *http.Request, body []byte, name string, served endpoint) reply {
	sent, err := readRequest(body)
	if err != nil {
		return refuse(wantu.CodeDataFormatError, "body")
	}
	if refusal := s.authenticate(sent); refusal != nil {
		return refusal
	}
	for _, f := range append(commonFields(), served.fields...) {
		if refusal := f.check(sent); refusal != nil {
			return refusal
		}
	}
	return s.apply(call{request: sent, endpoint: name, served: served, publicURL: s.publicURL(r)})
}

// authenticate checks the account and the signature. The signature is checked before all
// other fields, so that a stranger learns nothing about them.
func (s *Sandbox) authenticate(m request) reply {
	switch {
	case m.Text("merchant_account") == "":
		return field{name: "merchant_account", isRequired: required}.check(m)
	case m.Text("merchant_account") != s.config.MerchantAccount:
		return refuse(wantu.CodeNoPrivilege, "merchant_account")
	case m.Text("sign") == "" && !m.isNested("sign"): // missing, empty or null
		return refuse(wantu.CodeParamMissing, "sign")
	case errors.Is(m.Verify(s.config.Key), wantu.ErrSignature):
		return refuse(wantu.CodeSignError, "sign")
	case m.Text("store_account") == "":
		return field{name: "store_account", isRequired: required}.check(m)
	case m.Text("store_account") != s.config.StoreAccount:
		return refuse(wantu.CodeNoPrivilege, "store_account")
	}
	return nil
}
