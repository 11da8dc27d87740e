package web

import (
	"errors"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"github.com/wantukit/wantukit/checkout"
)

// Only clients that request missing resources are limited. A request for an
// existing resource is always served, because many shoppers may share one address
// with somebody who guesses ids. Serving it does not help the guesser: ids and
// tokens have 128 bits, and an API key is as long as its shop made it.

const (
	// missBurst is the number of misses that a client has free: more than a shop
	// with a broken link needs.
	missBurst = 100
	// missInterval is the time after which a client has one more free miss.
	missInterval = time.Second
	// limiterClients bounds the memory of a limiter: it keeps up to twice as many
	// clients.
	limiterClients = 4096
)

// limiter is a rate limiter for requests for missing resources, called misses, by
// client. Its memory is bounded: with too many clients, it forgets the clients
// whose last request is the longest ago.
type limiter struct {
	now func() time.Time

	mu            sync.Mutex
	recent, older map[netip.Prefix]*rate.Limiter
}

// limiters are the limiters of a Server, one for each kind of request. A client
// that is limited in one of them is not limited in the others.
type limiters struct{ pages, api, notifications *limiter }

func newLimiters(now func() time.Time) limiters {
	return limiters{newLimiter(now), newLimiter(now), newLimiter(now)}
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, recent: map[netip.Prefix]*rate.Limiter{}}
}

// wait returns how long the client has to wait for its next free miss; 0 means that
// it has one.
func (l *limiter) wait(client netip.Prefix) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.find(client)
	if bucket == nil {
		return 0
	}
	missing := 1 - bucket.TokensAt(l.now())
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(missInterval))
}

// charge counts a miss of the client. The client may go below zero free misses, by
// requests that run at the same time.
func (l *limiter) charge(client netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.find(client)
	if bucket == nil {
		bucket = rate.NewLimiter(rate.Every(missInterval), missBurst)
		l.keep(client, bucket)
	}
	bucket.ReserveN(l.now(), 1)
}

// find returns the token bucket of a client and keeps it among the recent ones. It
// returns nil for a client without one, which has all its misses free.
func (l *limiter) find(client netip.Prefix) *rate.Limiter {
	if bucket, ok := l.recent[client]; ok {
		return bucket
	}
	bucket, ok := l.older[client]
	if ok {
		l.keep(client, bucket)
	}
	return bucket
}

func (l *limiter) keep(client netip.Prefix, bucket *rate.Limiter) {
	if len(l.recent) >= limiterClients {
		l.older, l.recent = l.recent, map[netip.Prefix]*rate.Limiter{}
	}
	l.recent[client] = bucket
}

// limit returns err, the error of a handler. If err is a miss, limit charges the
// client; if the client has no free miss, it returns an error with status 429
// instead.
func (l *limiter) limit(c echo.Context, err error) error {
	if !isMiss(err) {
		return err
	}
	client := clientOf(c)
	if wait := l.wait(client); wait > 0 {
		return errTooManyMisses(c, wait)
	}
	l.charge(client)
	return err
}

// isMiss reports whether err says that a resource is missing or an API key is
// unknown.
func isMiss(err error) bool {
	return hasCode(err, codeKeyUnknown) || errors.Is(err, checkout.ErrNotFound)
}

// errTooManyMisses returns the error with status 429, and sets Retry-After.
func errTooManyMisses(c echo.Context, wait time.Duration) error {
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(wholeSeconds(wait)))
	return &refusal{codeTooManyRequests, "too many requests for missing resources"}
}

// limitPages is the middleware of the pages, the returns, and their streams and
// forms.
func (s *Server) limitPages(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		s.warnOfProxy(c)
		return s.limiters.pages.limit(c, next(c))
	}
}

// limitAPI is the middleware of the merchant API.
func (s *Server) limitAPI(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error { return s.limiters.api.limit(c, next(c)) }
}
