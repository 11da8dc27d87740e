package web

import (
	"context"
	"slices"
	"strings"

	"github.com/wantukit/wantukit/checkout"
)

// expandable are the values of the parameter expand.
var expandable = []string{"attempts", "refunds", "timeline"}

// expandedSession is a session with the lists that the shop asks for. The others are nil.
type expandedSession struct {
	checkout.PublicSession
	Attempts *[]checkout.PublicAttempt `json:"attempts,omitempty"`
	Refunds  *[]checkout.PublicRefund  `json:"refunds,omitempty"`
	Timeline *[]checkout.PublicEntry   `json:"timeline,omitempty"`
}

// expand returns the values of the parameter expand, which has commas between them.
func (p *parameters) expand() []string {
	text := p.text("expand")
	if text == "" {
		return nil
	}
	parts := strings.Split(text, ",")
	if slices.ContainsFunc(parts, func(part string) bool { return !slices.Contains(expandable, part) }) {
		p.bad("expand", "has something that cannot be expanded", expandable...)
	}
	return parts
}

// expand returns a session with the lists that are named.
func (s *Server) expand(ctx context.Context, session checkout.Session, parts []string) (expandedSession, error) {
	expanded := expandedSession{PublicSession: s.service.Public(session)}
	if slices.Contains(parts, "attempts") {
		attempts, err := s.service.Attempts(ctx, session.ID)
		if err != nil {
			return expanded, err
		}
		all := publicList(attempts, func(a checkout.Attempt) checkout.PublicAttempt { return a.Public(session) })
		expanded.Attempts = &all
	}
	if slices.Contains(parts, "refunds") {
		refunds, err := s.service.Refunds(ctx, session.ID)
		if err != nil {
			return expanded, err
		}
		all := publicList(refunds, checkout.Refund.Public)
		expanded.Refunds = &all
	}
	if slices.Contains(parts, "timeline") {
		entries, err := s.service.Timeline(ctx, session.ID)
		if err != nil {
			return expanded, err
		}
		all := publicList(entries, checkout.Entry.Public)
		expanded.Timeline = &all
	}
	return expanded, nil
}

// publicList returns what the shop may see of each item. It is never nil.
func publicList[T, P any](items []T, public func(T) P) []P {
	all := make([]P, len(items))
	for i, item := range items {
		all[i] = public(item)
	}
	return all
}
