package reference

import (
	"context"
	"crypto/md5" // #nosec G501 -- the gateway's protocol demands it
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
	"github.com/wantukit/wantukit/wantu"
)

// Exchanges returns how many HTTP requests with a small body a second clients exchange
// with a server of net/http that answers at once, over kept connections.
func Exchanges(ctx context.Context, clients int, lasts time.Duration) (float64, error) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(wantu.AckSuccess())
	})
	const request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\n0123456789abcdef"
	return served(ctx, handler, []byte(request), clients, lasts)
}

// Pages returns how many times a second clients get a page that Echo has in memory.
func Pages(ctx context.Context, page, request []byte, clients int, lasts time.Duration) (float64, error) {
	e := echo.New()
	e.GET("/c/:id", func(c echo.Context) error {
		c.Response().Header().Set("Content-Encoding", "br")
		return c.Blob(http.StatusOK, "text/html; charset=utf-8", page)
	})
	return served(ctx, e, request, clients, lasts)
}

// served returns how often a second clients send a request to handler.
func served(ctx context.Context, handler http.Handler, request []byte, clients int, lasts time.Duration) (rate float64, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }()
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	begin := time.Now()
	n, err := wire.Target(l.Addr().String()).Closed(ctx, clients, 0, func(c *wire.Conn, _ int) error {
		_, err := c.Do(request)
		return err
	})
	return float64(n) / time.Since(begin).Seconds(), err
}

// Signatures returns how many MD5 sums of a notification's length one processor makes a
// second.
func Signatures(lasts time.Duration) (float64, error) {
	text := []byte(wantu.SigningString(wantu.Fields{
		"return_code": "200", "return_msg": "SUCCESS", "merchant_account": "HKG0000000001", "total_fee": "48000", "fee_type": "HKD",
		"subject": "HN-00000001", "out_trade_no": "abcdefghijklmnopqrstuvwxyz", "trade_id": "10002026000000000000000000000001",
		"trade_status": "SUCCESS", "trade_time": "2026-11-21 12:00:00",
	}) + "key=sandbox-md5-key-do-not-use-live")
	const sums = 100
	var sum byte
	rate, err := rateOf(lasts, sums, func() error {
		for range sums {
			sum += md5.Sum(text)[0] // #nosec G401 -- the gateway's protocol demands it
		}
		return nil
	})
	text[0] = sum // so that the sums are used
	return rate, err
}
