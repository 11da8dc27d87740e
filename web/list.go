package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// objectPage is the answer with a part of a list.
type objectPage[T any] struct {
	Object string `json:"object"`
	Data   []T    `json:"data"`
	// HasMore says that the list goes on in the direction in which it was asked for.
	HasMore bool `json:"has_more"`
	// NextCursor is the ID of the object from which it goes on, nil where it does not.
	NextCursor *string `json:"next_cursor"`
}

// parameters are the parameters of a request's query. Each is read once, and those that
// nobody has read are faults.
type parameters struct {
	values url.Values
	faults []error
}

// readParameters reads the query of a request.
func readParameters(c echo.Context) *parameters {
	values, err := url.ParseQuery(c.Request().URL.RawQuery)
	p := &parameters{values: values}
	if err != nil {
		p.bad("query", "cannot be read")
	}
	return p
}

func (p *parameters) bad(field, problem string, allowed ...string) {
	p.faults = append(p.faults, &checkout.FieldError{Field: field, Problem: problem, Allowed: allowed})
}

// text returns a parameter, or "".
func (p *parameters) text(name string) string {
	values := p.values[name]
	delete(p.values, name)
	switch {
	case len(values) == 0:
		return ""
	case len(values) > 1:
		p.faults = append(p.faults, &checkout.FieldError{Field: name, Code: checkout.FieldRepeated, Problem: "is there twice"})
	case values[0] == "":
		p.bad(name, "is empty: leave it out")
	}
	return values[0]
}

// number returns a parameter that is a whole number of at least 1, or 0.
func (p *parameters) number(name string) int64 {
	text := p.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		p.bad(name, "must be a whole number from 1")
	}
	return n
}

// when returns a parameter that is a time in RFC 3339 or in Unix seconds, or the zero time.
func (p *parameters) when(name string) time.Time {
	text := p.text(name)
	if text == "" {
		return time.Time{}
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0)
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		p.bad(name, notATime)
	}
	return at
}

// oneOf returns a parameter that is one of the allowed values, or "".
func oneOf[T ~string](p *parameters, name string, allowed []T) T {
	value := T(p.text(name))
	if value != "" && !slices.Contains(allowed, value) {
		p.bad(name, "is none of its values", texts(allowed)...)
	}
	return value
}

// texts returns values as texts.
func texts[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// maxPairs is how many keys of metadata a filter may have: as many as a session.
const maxPairs = 20

// pairs returns the parameters name[key], by their keys.
func (p *parameters) pairs(name string) map[string]string {
	pairs := map[string]string{}
	for given, values := range p.values {
		key, isPair := strings.CutPrefix(given, name+"[")
		key, isWhole := strings.CutSuffix(key, "]")
		if !isPair || !isWhole {
			continue
		}
		if len(values) > 1 {
			p.faults = append(p.faults, &checkout.FieldError{Field: shortened(given), Code: checkout.FieldRepeated, Problem: "is there twice"})
		}
		pairs[key] = values[0]
		delete(p.values, given)
	}
	if len(pairs) > maxPairs {
		p.bad(name, "has over "+strconv.Itoa(maxPairs)+" keys")
	}
	return pairs
}

// created sets the bounds of CreatedAt. Times are stored in milliseconds.
func (p *parameters) created(r *checkout.ListRequest) {
	r.From, r.To = p.when("created[gte]"), p.when("created[lt]")
	if after := p.when("created[gt]"); !after.IsZero() {
		r.From = later(r.From, after.Truncate(time.Millisecond).Add(time.Millisecond))
	}
	if last := p.when("created[lte]"); !last.IsZero() {
		before := last.Truncate(time.Millisecond).Add(time.Millisecond)
		if r.To.IsZero() || before.Before(r.To) {
			r.To = before
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// listRequest returns what all lists have in common.
func (p *parameters) listRequest(c echo.Context) checkout.ListRequest {
	r := checkout.ListRequest{
		Merchant: merchantOf(c), StartingAfter: p.text("starting_after"), EndingBefore: p.text("ending_before"),
		Limit: int(min(p.number("limit"), checkout.MaxListLimit+1)),
	}
	p.created(&r)
	return r
}

// err returns the faults of the parameters, of which those that nobody has read are unknown.
func (p *parameters) err() error {
	unknown := make([]string, 0, len(p.values))
	for name := range p.values {
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	for _, name := range unknown[:min(len(unknown), maxObjects)] {
		p.faults = append(p.faults, &checkout.FieldError{Field: shortened(name), Code: checkout.FieldUnknown, Problem: "is not a parameter of this request"})
	}
	return errors.Join(p.faults...)
}

// sendList answers with a part of a list. id returns the ID of an object.
func sendList[T, P any](c echo.Context, r checkout.ListRequest, list checkout.List[T], public func(T) P, id func(T) string) error {
	page := objectPage[P]{Object: "list", Data: publicList(list.Data, public), HasMore: list.HasMore}
	if list.HasMore {
		last := list.Data[len(list.Data)-1]
		if r.EndingBefore != "" {
			last = list.Data[0]
		}
		cursor := id(last)
		page.NextCursor = &cursor
	}
	return c.JSON(http.StatusOK, page)
}

// listSessions is GET /v1/checkout/sessions.
func (s *Server) listSessions(c echo.Context) error {
	p := readParameters(c)
	r := p.listRequest(c)
	by := checkout.SessionFilter{
		Status: oneOf(p, "status", checkout.Statuses()), PaymentStatus: oneOf(p, "payment_status", checkout.PaymentStatuses()),
		ClientReferenceID: p.text("client_reference_id"), Amount: p.number("amount"), Metadata: p.pairs("metadata"),
	}
	if err := p.err(); err != nil {
		return err
	}
	list, err := s.service.ListSessions(c.Request().Context(), r, by)
	if err != nil {
		return err
	}
	return sendList(c, r, list, s.service.Public, func(one checkout.Session) string { return one.ID })
}

// listAllRefunds is GET /v1/refunds.
func (s *Server) listAllRefunds(c echo.Context) error {
	p := readParameters(c)
	r := p.listRequest(c)
	by := checkout.RefundFilter{State: oneOf(p, "status", checkout.RefundStates()), SessionID: p.text("session")}
	if err := p.err(); err != nil {
		return err
	}
	list, err := s.service.ListRefunds(c.Request().Context(), r, by)
	if err != nil {
		return err
	}
	return sendList(c, r, list, checkout.Refund.Public, func(one checkout.Refund) string { return one.ID })
}

// listEvents is GET /v1/events.
func (s *Server) listEvents(c echo.Context) error {
	p := readParameters(c)
	r := p.listRequest(c)
	by := checkout.EventFilter{Type: oneOf(p, "type", checkout.EventTypes()), SessionID: p.text("session")}
	if err := p.err(); err != nil {
		return err
	}
	list, err := s.service.ListEvents(c.Request().Context(), r, by)
	if err != nil {
		return err
	}
	return sendList(c, r, list, checkout.Event.Public, func(one checkout.Event) string { return one.ID })
}

// getEvent is GET /v1/events/{id}.
func (s *Server) getEvent(c echo.Context) error {
	e, err := s.service.Event(c.Request().Context(), c.Param("id"))
	switch {
	case err != nil:
		return err
	case e.Merchant != merchantOf(c):
		return checkout.ErrNotFound
	default:
		return c.JSON(http.StatusOK, e.Public())
	}
}
