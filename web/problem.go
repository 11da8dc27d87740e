package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/templates"
)

// problemCode says in one word what is wrong with a request, for a program. A code never
// changes its meaning. docs/api.md has the list.
type problemCode string

const (
	codeInvalid            problemCode = "invalid_request"
	codeUnreadable         problemCode = "body_unreadable"
	codeKeyUnknown         problemCode = "key_unknown"
	codeForbidden          problemCode = "forbidden"
	codeScopeMissing       problemCode = "scope_missing"
	codeRouteUnknown       problemCode = "route_unknown"
	codeNotFound           problemCode = "not_found"
	codeMethodNotAllowed   problemCode = "method_not_allowed"
	codeNotRefundable      problemCode = "not_refundable"
	codeKeyTaken           problemCode = "idempotency_key_taken"
	codeReferenceTaken     problemCode = "reference_taken"
	codeSessionEnded       problemCode = "session_ended"
	codeTooManyEndpoints   problemCode = "too_many_webhook_endpoints"
	codeConfigured         problemCode = "webhook_endpoint_configured"
	codeEndpointDisabled   problemCode = "webhook_endpoint_disabled"
	codeNoEndpoint         problemCode = "no_webhook_endpoint"
	codeBodyTooLarge       problemCode = "body_too_large"
	codeMediaType          problemCode = "media_type_unsupported"
	codeTooManyRequests    problemCode = "too_many_requests"
	codeInternal           problemCode = "internal"
	codeGatewayUnavailable problemCode = "gateway_unavailable"
	codeUnavailable        problemCode = "unavailable"
)

// problemKind is what a code stands for.
type problemKind struct {
	status  int
	meaning string
}

var problemKinds = map[problemCode]problemKind{
	codeInvalid:            {http.StatusBadRequest, "A field is missing or wrong: errors has an entry for each."},
	codeUnreadable:         {http.StatusBadRequest, "The body is not one whole JSON object."},
	codeKeyUnknown:         {http.StatusUnauthorized, "The API key is missing or unknown."},
	codeForbidden:          {http.StatusForbidden, "The request is not allowed to do this."},
	codeScopeMissing:       {http.StatusForbidden, "The API key is restricted and lacks the scope that detail names."},
	codeNotFound:           {http.StatusNotFound, "Your shop has no such object, such as a session."},
	codeRouteUnknown:       {http.StatusNotFound, "There is no such address. Compare it with the documentation."},
	codeMethodNotAllowed:   {http.StatusMethodNotAllowed, "This address does not take the method. Allow lists those that it takes."},
	codeNotRefundable:      {http.StatusConflict, "Nothing of the session was paid."},
	codeKeyTaken:           {http.StatusConflict, "Another request had the same Idempotency-Key: object names what it made."},
	codeReferenceTaken:     {http.StatusConflict, "Another object of your shop has the client_reference_id: object names it."},
	codeSessionEnded:       {http.StatusConflict, "The session has already ended in another way."},
	codeTooManyEndpoints:   {http.StatusConflict, "Your shop has as many webhook endpoints as it may have. Delete one first."},
	codeConfigured:         {http.StatusConflict, "The webhook endpoint is in the configuration file, and can be changed only there."},
	codeEndpointDisabled:   {http.StatusConflict, "The webhook endpoint is disabled. Enable it first."},
	codeNoEndpoint:         {http.StatusConflict, "Your shop has no webhook endpoint that wants this event."},
	codeBodyTooLarge:       {http.StatusRequestEntityTooLarge, "The body is larger than 64 KiB."},
	codeMediaType:          {http.StatusUnsupportedMediaType, "The body is not application/json, or it is compressed."},
	codeTooManyRequests:    {http.StatusTooManyRequests, "Too many requests. Ask again after Retry-After seconds."},
	codeInternal:           {http.StatusInternalServerError, "The checkout is at fault. Its log has the cause under the request's ID."},
	codeGatewayUnavailable: {http.StatusServiceUnavailable, "The gateway gave no answer that is needed. Ask again after Retry-After seconds."},
	codeUnavailable:        {http.StatusServiceUnavailable, "The database is unavailable. Ask again after Retry-After seconds."},
}

// problemList is the page at which the Type of each problem is explained.
func (s *Server) problemList(c echo.Context) error {
	kinds := make([]templates.ProblemKind, 0, len(problemKinds))
	for code, kind := range problemKinds {
		kinds = append(kinds, templates.ProblemKind{Code: string(code), Status: kind.status, Meaning: kind.meaning})
	}
	slices.SortFunc(kinds, func(a, b templates.ProblemKind) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code))
	})
	return render(c, http.StatusOK, templates.ProblemList(kinds), docsPolicy())
}

// refusal is an error with a code for the sender of a request.
type refusal struct {
	code   problemCode
	detail string
}

func (r *refusal) Error() string { return string(r.code) + ": " + r.detail }

// hasCode reports whether err is a refusal with a code.
func hasCode(err error, code problemCode) bool {
	var refused *refusal
	return errors.As(err, &refused) && refused.code == code
}

// problem is an error for a program (RFC 9457).
type problem struct {
	// Type is the URL of a page that says what the code means. Title says it in a sentence.
	Type   string      `json:"type"`
	Title  string      `json:"title"`
	Status int         `json:"status"`
	Code   problemCode `json:"code"`
	// Field and Detail are those of the first of Errors, where there are any.
	Field  string         `json:"field,omitempty"`
	Detail string         `json:"detail,omitempty"`
	Errors []fieldProblem `json:"errors,omitempty"`
	// Object is the ID of the object that a request is in conflict with, where there is one.
	Object string `json:"object,omitempty"`
	// RequestID is that of the response's header Request-Id.
	RequestID string `json:"request_id,omitempty"`
}

// fieldProblem is what is wrong with one field of a request.
type fieldProblem struct {
	Field  string             `json:"field"`
	Code   checkout.FieldCode `json:"code"`
	Detail string             `json:"detail"`
	// Allowed are the values that the field may have, where a list of them helps.
	Allowed []string `json:"allowed,omitempty"`
}

// newProblem returns the problem for an error, without its Type and RequestID. It is the
// only table from errors to codes. An error that is not in the table becomes a 500 without
// details.
func newProblem(err error) problem {
	p := problem{Code: codeInternal}
	var refused *refusal
	var claimed *checkout.ClaimedError
	var used *checkout.UsedError
	var disabled *checkout.DisabledError
	faults := checkout.FieldErrors(err)
	switch {
	case len(faults) > 0:
		p.Code, p.Errors = codeInvalid, fieldProblems(faults)
		p.Field, p.Detail = p.Errors[0].Field, p.Errors[0].Detail
	case errors.As(err, &used):
		p.Code, p.Field, p.Detail, p.Object = conflictCodes[used.Field], used.Field, used.Problem, used.ID
	case errors.As(err, &refused):
		p.Code, p.Detail = refused.code, refused.detail
	case errors.As(err, &claimed):
		p.Field, p.Object = claimFields[claimed.Claim.Kind], claimed.Claim.SessionID
		p.Code, p.Detail = conflictCodes[p.Field], "belongs to another session"
	case errors.Is(err, checkout.ErrNotFound): // no details: it is the same for every missing resource
		p.Code = codeNotFound
	case errors.Is(err, echo.ErrNotFound):
		p.Code = codeRouteUnknown
	case errors.Is(err, checkout.ErrTooManyEndpoints):
		p.Code = codeTooManyEndpoints
	case errors.Is(err, checkout.ErrConfigured):
		p.Code = codeConfigured
	case errors.As(err, &disabled):
		p.Code, p.Detail = codeEndpointDisabled, "the endpoint "+disabled.Endpoint+" is disabled"
	case errors.Is(err, checkout.ErrNoEndpoint):
		p.Code = codeNoEndpoint
	case errors.Is(err, checkout.ErrNotRefundable):
		p.Code, p.Detail = codeNotRefundable, "nothing of the session was paid"
	}
	kind := problemKinds[p.Code]
	p.Status, p.Title = kind.status, kind.meaning
	return p
}

// conflictCodes has the code of the problem with each field that names an earlier object.
var conflictCodes = map[string]problemCode{
	idempotencyKey: codeKeyTaken, "client_reference_id": codeReferenceTaken,
}

// claimFields has the field of each kind of claim.
var claimFields = map[checkout.ClaimKind]string{
	checkout.ClaimKey: idempotencyKey, checkout.ClaimReference: "client_reference_id",
}

// fieldProblems returns the first fault of each field.
func fieldProblems(faults []*checkout.FieldError) (all []fieldProblem) {
	seen := map[string]bool{}
	for _, fault := range faults {
		if seen[fault.Field] {
			continue
		}
		seen[fault.Field] = true
		code := fault.Code
		if code == "" {
			code = checkout.FieldInvalid
		}
		all = append(all, fieldProblem{Field: fault.Field, Code: code, Detail: fault.Problem, Allowed: fault.Allowed})
	}
	return all
}
