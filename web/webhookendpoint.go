package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// defaultOverlap is for how long the secret before a roll signs too.
	defaultOverlap = 24 * time.Hour
	// defaultDeliveries is how many deliveries a page of the list has.
	defaultDeliveries = 10
)

// endpointJSON is a webhook endpoint in an answer.
type endpointJSON struct {
	Object   string `json:"object"`
	ID       string `json:"id"`
	Livemode bool   `json:"livemode"`
	URL      string `json:"url"`
	// Events is ["*"] for all types.
	Events []checkout.EventType `json:"events"`
	// Source is api or configuration.
	Source              string            `json:"source"`
	Status              string            `json:"status"`
	DisabledAt          *jsonTime         `json:"disabled_at"`
	DisabledReason      *string           `json:"disabled_reason"`
	PreviousSecretUntil *jsonTime         `json:"previous_secret_until"`
	Metadata            map[string]string `json:"metadata"`
	CreatedAt           *jsonTime         `json:"created_at"`
	// Secret is there only right after it was made.
	Secret string `json:"secret,omitempty"`
}

// jsonTime is a time of an answer: RFC 3339 in UTC with milliseconds.
type jsonTime time.Time

// MarshalJSON implements json.Marshaler.
func (t jsonTime) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

// optionalTime returns a time for an answer, nil for the zero time.
func optionalTime(t time.Time) *jsonTime {
	if t.IsZero() {
		return nil
	}
	j := jsonTime(t)
	return &j
}

// optionalText returns a text for an answer, nil for "".
func optionalText(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// endpointJSON returns an endpoint for an answer. secret is "" unless it was just made.
func (s *Server) endpointJSON(e checkout.WebhookEndpoint, secret string) endpointJSON {
	j := endpointJSON{
		Object: "webhook_endpoint", ID: e.ID, Livemode: !s.service.Merchant(e.Merchant).TestMode, URL: e.URL, Events: e.Events, Source: "api", Status: "enabled",
		DisabledAt: optionalTime(e.DisabledAt), DisabledReason: optionalText(e.DisabledReason),
		PreviousSecretUntil: optionalTime(e.PreviousUntil), Metadata: e.Metadata, CreatedAt: optionalTime(e.CreatedAt), Secret: secret,
	}
	if e.IsConfigured() {
		j.Source, j.URL = "configuration", withoutSecrets(e.URL)
	}
	if !e.DisabledAt.IsZero() {
		j.Status = "disabled"
	}
	if j.Events == nil {
		j.Events = []checkout.EventType{"*"}
	}
	if j.Metadata == nil {
		j.Metadata = map[string]string{}
	}
	return j
}

// withoutSecrets returns a URL without its password and its query, which an operator may
// keep from those who have an API key.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

// endpointRequest is the body of a request that creates or changes an endpoint.
type endpointRequest struct {
	URL      *string              `json:"url"`
	Events   []checkout.EventType `json:"events"`
	Metadata textMap              `json:"metadata"`
}

// createEndpoint is POST /v1/webhook_endpoints.
func (s *Server) createEndpoint(c echo.Context) error {
	var r endpointRequest
	if err := readFields(c, &r); err != nil {
		return err
	}
	n := checkout.NewWebhookEndpoint{Events: r.Events, Metadata: r.Metadata}
	if r.URL != nil {
		n.URL = *r.URL
	}
	e, secret, err := s.webhooks.Create(c.Request().Context(), merchantOf(c), n)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, s.endpointJSON(e, secret))
}

// readFields is readJSON for a request whose fields are all decided later. It returns the
// faults as an error.
func readFields(c echo.Context, into any) error {
	faults, err := readJSON(c, into)
	return errors.Join(err, faults)
}

// readOptionalFields is readFields for a request that may have no body.
func readOptionalFields(c echo.Context, into any) error {
	if c.Request().ContentLength == 0 {
		return nil
	}
	return readFields(c, into)
}

// listEndpoints is GET /v1/webhook_endpoints. There are few, so it has one page.
func (s *Server) listEndpoints(c echo.Context) error {
	endpoints, err := s.webhooks.List(c.Request().Context(), merchantOf(c))
	if err != nil {
		return err
	}
	page := objectPage[endpointJSON]{Object: "list", Data: []endpointJSON{}}
	for _, e := range endpoints {
		page.Data = append(page.Data, s.endpointJSON(e, ""))
	}
	return c.JSON(http.StatusOK, page)
}

// getEndpoint is GET /v1/webhook_endpoints/{id}.
func (s *Server) getEndpoint(c echo.Context) error {
	e, err := s.webhooks.Get(c.Request().Context(), merchantOf(c), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.endpointJSON(e, ""))
}

// endpointChange is the body of POST /v1/webhook_endpoints/{id}.
type endpointChange struct {
	URL      *string              `json:"url"`
	Events   []checkout.EventType `json:"events"`
	Metadata *textMap             `json:"metadata"`
	Disabled *bool                `json:"disabled"`
}

// changeEndpoint is POST /v1/webhook_endpoints/{id}.
func (s *Server) changeEndpoint(c echo.Context) error {
	var r endpointChange
	if err := readFields(c, &r); err != nil {
		return err
	}
	change := checkout.WebhookEndpointChange{URL: r.URL, Events: r.Events, Disabled: r.Disabled}
	if r.Metadata != nil {
		change.Metadata = map[string]string(*r.Metadata)
		if change.Metadata == nil {
			change.Metadata = map[string]string{}
		}
	}
	e, err := s.webhooks.Change(c.Request().Context(), merchantOf(c), c.Param("id"), change)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.endpointJSON(e, ""))
}

// deleteEndpoint is DELETE /v1/webhook_endpoints/{id}.
func (s *Server) deleteEndpoint(c echo.Context) error {
	id := c.Param("id")
	if err := s.webhooks.Delete(c.Request().Context(), merchantOf(c), id); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Object  string `json:"object"`
		ID      string `json:"id"`
		Deleted bool   `json:"deleted"`
	}{"webhook_endpoint", id, true})
}

// rollEndpoint is POST /v1/webhook_endpoints/{id}/roll.
func (s *Server) rollEndpoint(c echo.Context) error {
	var r struct {
		OverlapSeconds *int64 `json:"overlap_seconds"`
	}
	if err := readOptionalFields(c, &r); err != nil {
		return err
	}
	overlap := defaultOverlap
	if r.OverlapSeconds != nil {
		// A longer one stays over the limit, and does not overflow.
		overlap = time.Duration(max(-1, min(*r.OverlapSeconds, int64(2*checkout.MaxSecretOverlap/time.Second)))) * time.Second
	}
	e, secret, err := s.webhooks.Roll(c.Request().Context(), merchantOf(c), c.Param("id"), overlap)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.endpointJSON(e, secret))
}

// deliveryJSON is the delivery of an event to an endpoint in an answer.
type deliveryJSON struct {
	Object       string                 `json:"object"`
	Event        string                 `json:"event"`
	Type         checkout.EventType     `json:"type"`
	Endpoint     string                 `json:"endpoint"`
	Status       checkout.DeliveryState `json:"status"`
	CreatedAt    *jsonTime              `json:"created_at"`
	NextTryAt    *jsonTime              `json:"next_try_at"`
	ParkedReason *string                `json:"parked_reason"`
	Tries        []tryJSON              `json:"tries"`
}

// tryJSON is one try of a delivery in an answer.
type tryJSON struct {
	Number       int       `json:"number"`
	At           *jsonTime `json:"at"`
	HTTPStatus   *int      `json:"http_status"`
	Milliseconds int64     `json:"milliseconds"`
	// Response is the first 512 bytes of the answer.
	Response string    `json:"response"`
	Error    *string   `json:"error"`
	NextAt   *jsonTime `json:"next_at"`
}

func newDeliveryJSON(d checkout.WebhookDelivery) deliveryJSON {
	j := deliveryJSON{
		Object: "webhook_delivery", Event: d.EventID, Type: d.EventType, Endpoint: d.Endpoint, Status: d.State,
		CreatedAt: optionalTime(d.EventAt), NextTryAt: optionalTime(d.NextAt()), ParkedReason: optionalText(d.ParkedReason), Tries: []tryJSON{},
	}
	for _, t := range d.Tries {
		one := tryJSON{
			Number: t.Number, At: optionalTime(t.At), Milliseconds: t.Took.Milliseconds(), Response: t.Answer,
			Error: optionalText(t.Error), NextAt: optionalTime(t.NextAt),
		}
		if t.Status != 0 {
			one.HTTPStatus = &t.Status
		}
		j.Tries = append(j.Tries, one)
	}
	return j
}

// testEndpoint is POST /v1/webhook_endpoints/{id}/test.
func (s *Server) testEndpoint(c echo.Context) error {
	if err := readNothing(c); err != nil {
		return err
	}
	d, err := s.webhooks.Test(c.Request().Context(), merchantOf(c), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, newDeliveryJSON(d))
}

// listDeliveries is GET /v1/webhook_endpoints/{id}/deliveries.
func (s *Server) listDeliveries(c echo.Context) error {
	p := readParameters(c)
	before, limit := p.text("starting_after"), p.number("limit")
	if limit > checkout.MaxDeliveries {
		p.bad("limit", "must be at most "+strconv.Itoa(checkout.MaxDeliveries))
	}
	if err := p.err(); err != nil {
		return err
	}
	deliveries, hasMore, err := s.webhooks.Deliveries(c.Request().Context(), merchantOf(c), c.Param("id"), before, int(cmp.Or(limit, defaultDeliveries)))
	if err != nil {
		return err
	}
	page := objectPage[deliveryJSON]{Object: "list", Data: []deliveryJSON{}, HasMore: hasMore}
	for _, d := range deliveries {
		page.Data = append(page.Data, newDeliveryJSON(d))
	}
	if hasMore {
		page.NextCursor = &deliveries[len(deliveries)-1].EventID
	}
	return c.JSON(http.StatusOK, page)
}

// getDelivery is GET /v1/webhook_endpoints/{id}/deliveries/{event}.
func (s *Server) getDelivery(c echo.Context) error {
	d, err := s.webhooks.Delivery(c.Request().Context(), merchantOf(c), checkout.WebhookKey{EventID: c.Param("event"), Endpoint: c.Param("id")})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newDeliveryJSON(d))
}

// retryEndpoint is POST /v1/webhook_endpoints/{id}/retry.
func (s *Server) retryEndpoint(c echo.Context) error {
	var r struct {
		Event string `json:"event"`
	}
	if err := readOptionalFields(c, &r); err != nil {
		return err
	}
	n, err := s.webhooks.Retry(c.Request().Context(), merchantOf(c), c.Param("id"), r.Event)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct {
		Object   string `json:"object"`
		Endpoint string `json:"endpoint"`
		Events   int    `json:"events"`
		HasMore  bool   `json:"has_more"`
	}{"webhook_retry", c.Param("id"), n, n == checkout.MaxDeliveries})
}

// redeliverEvent is POST /v1/events/{id}/redeliver.
func (s *Server) redeliverEvent(c echo.Context) error {
	var r struct {
		Endpoint string `json:"endpoint"`
	}
	if err := readOptionalFields(c, &r); err != nil {
		return err
	}
	endpoints, err := s.webhooks.Redeliver(c.Request().Context(), merchantOf(c), c.Param("id"), r.Endpoint)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, struct {
		Object    string   `json:"object"`
		Event     string   `json:"event"`
		Endpoints []string `json:"endpoints"`
	}{"webhook_redelivery", c.Param("id"), endpoints})
}
