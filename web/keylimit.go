package web

import (
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

const (
	// DefaultAPIRequestsPerSecond is how many requests to the merchant API a key may make in
	// a second, if Merchant.APIRequestsPerSecond is 0.
	DefaultAPIRequestsPerSecond = 500
	// MaxAPIRequestsPerSecond is the most that a Merchant may have.
	MaxAPIRequestsPerSecond = 100_000
	// limitWindow is the time in which a key that made no request gets its whole quota back.
	limitWindow = 2 * time.Second
)

// keyLimits has a rate limiter for each API key that was used. There are no more of them than
// keys.
type keyLimits struct {
	now func() time.Time

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newKeyLimits(now func() time.Time) *keyLimits {
	return &keyLimits{now: now, buckets: map[string]*rate.Limiter{}}
}

// quota says how much of its quota a key has left.
type quota struct {
	// limit is how many requests a key may make at once, and left how many it still may.
	limit, left int
	// full is the time until left is limit again, and wait until left is at least 1.
	full, wait time.Duration
}

// take takes a request of a key from its quota. wait is 0 if there was one.
func (k *keyLimits) take(keyID string, perSecond int) quota {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, limit := k.now(), perSecond*int(limitWindow/time.Second)
	bucket := k.buckets[keyID]
	if bucket == nil {
		bucket = rate.NewLimiter(rate.Limit(perSecond), limit)
		k.buckets[keyID] = bucket
	}
	q := quota{limit: limit}
	if !bucket.AllowN(now, 1) {
		q.wait = timeFor(1-bucket.TokensAt(now), perSecond)
	}
	tokens := bucket.TokensAt(now)
	q.left = max(0, int(tokens))
	q.full = timeFor(float64(limit)-tokens, perSecond)
	return q
}

// timeFor returns the time in which a key gets a number of requests.
func timeFor(requests float64, perSecond int) time.Duration {
	return time.Duration(requests / float64(perSecond) * float64(time.Second))
}

// limitKey is the middleware that bounds the requests of each key. Each answer says what is
// left (draft-ietf-httpapi-ratelimit-headers).
func (s *Server) limitKey(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		key := requestKey(c)
		q := s.keyLimits.take(key.ID, s.merchants[key.Merchant].apiRequestsPerSecond())
		h := c.Response().Header()
		h.Set("RateLimit-Policy", fmt.Sprintf(`"key";q=%d;w=%d`, q.limit, wholeSeconds(limitWindow)))
		h.Set("RateLimit", fmt.Sprintf(`"key";r=%d;t=%d`, q.left, wholeSeconds(q.full)))
		if q.wait > 0 {
			h.Set(echo.HeaderRetryAfter, strconv.Itoa(wholeSeconds(q.wait)))
			return &refusal{codeTooManyRequests, "this key makes too many requests"}
		}
		return next(c)
	}
}

// wholeSeconds returns a time in seconds, rounded up.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
