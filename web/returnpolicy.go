package web

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/wantukit/wantukit/checkout"
)

// ReturnPolicy is the [checkout.ReturnPolicy]: it allows the URLs at the ReturnHosts of a
// shop. Make one with [NewReturnPolicy].
type ReturnPolicy struct {
	// shops are what each shop allows, by the shop's ID.
	shops map[string]returns
}

// returns is what one shop allows.
type returns struct {
	// hosts are as [ParseHost] returns them.
	hosts []string
	plain bool
}

// NewReturnPolicy returns the policy of shops, which are by ID. It fails for a host that
// [ParseHost] does not read.
func NewReturnPolicy(merchants map[string]Merchant) (*ReturnPolicy, error) {
	p := &ReturnPolicy{shops: map[string]returns{}}
	for id, m := range merchants {
		hosts, err := readAll(m.ReturnHosts, ParseHost)
		if err != nil {
			return nil, fmt.Errorf("web: ReturnHosts of merchant %q: an entry %w", id, err)
		}
		p.shops[id] = returns{hosts, m.PlainReturns}
	}
	return p, nil
}

// maxURL is the largest length of a shop's URL in bytes.
const maxURL = 2048

// CheckReturn implements checkout.ReturnPolicy. It returns a FieldError unless address is
// an absolute https URL at one of the shop's return hosts. It refuses URLs that a browser
// could read differently: with a user, a backslash, a space or a control character. It
// allows http if the shop has PlainReturns.
func (p *ReturnPolicy) CheckReturn(merchant, field, address string) error {
	bad := func(problem string) error { return &checkout.FieldError{Field: field, Problem: problem} }
	if len(address) > maxURL {
		return bad("is over 2048 bytes")
	}
	if strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\\' }) {
		return bad("has a space, a control character or a backslash")
	}
	u, err := url.Parse(address)
	shop := p.shops[merchant]
	switch {
	case err != nil || u.Opaque != "":
		return bad("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("must begin with https://")
	case u.Scheme == "http" && !shop.plain:
		return bad("must begin with https://: http:// needs a gateway on this machine")
	case u.User != nil || u.Host == "":
		return bad("must name a host and no user")
	case !isAtHost(u, shop.hosts):
		return &checkout.FieldError{Field: field, Problem: "names a host that is not among the shop's return hosts", Allowed: shop.hosts}
	}
	return nil
}
