package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/cmd/bench/internal/rig"
	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
)

// clients is how many clients send requests at the same time in closed loops.
const clients = 32

// userAgent is a desktop's, so that an order by WeChat's code is placed at once.
const userAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

// sale is a checkout at work, with the gateway and the shops around it.
type sale struct {
	*town
	node   *rig.Node
	plan   rig.Plan
	target wire.Target
}

// payment is one session with its order.
type payment struct {
	reference, session string
	order              *rig.Order
	notifiedAt         time.Time
}

// create creates a session whose order is placed at once.
func (s *sale) create(c *wire.Conn, merchant string) (*payment, error) {
	p := &payment{reference: fmt.Sprintf("HN-%08d", s.numbers.Add(1))}
	body := fmt.Appendf(nil, `{"amount":48000,"currency":"HKD","subject":%q,"client_reference_id":%q,`+
		`"success_url":"https://shop.example.com/orders","channels":["wechat"],"user_agent":%q}`, p.reference, p.reference, userAgent)
	r, err := c.Do(fmt.Appendf(nil, "POST /v1/checkout/sessions HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", s.node.Addr, rig.Key(merchant), len(body), body))
	if err != nil {
		return nil, fmt.Errorf("creating a session: %w", err)
	}
	p.session, p.order = rig.Text(r.Body, "id"), s.gateway.Of(p.reference)
	if r.Status != 201 || p.order == nil {
		return nil, fmt.Errorf("creating a session with an order: status %d, order %v, %s", r.Status, p.order != nil, r.Body)
	}
	return p, nil
}

// page gets the page of a session, as a browser does.
func (s *sale) page(c *wire.Conn, p *payment) (wire.Response, error) {
	r, err := c.Do(pageRequest(s.node.Addr, p.session))
	if err == nil && r.Status != 200 {
		err = fmt.Errorf("status %d", r.Status)
	}
	if err != nil {
		return r, fmt.Errorf("getting the page of %s: %w", p.session, err)
	}
	return r, nil
}

func pageRequest(addr, session string) []byte { return get(addr, "/c/"+session, "gzip, deflate, br") }

// get returns a browser's request for a path.
func get(addr, path, encodings string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: text/html\r\nAccept-Encoding: %s\r\n\r\n",
		path, addr, userAgent, encodings)
}

// pay pays the order and sends the notification. It returns how long the
// acknowledgement took.
func (s *sale) pay(c *wire.Conn, p *payment) (time.Duration, error) {
	body := p.order.Pay()
	request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s",
		p.order.NotifyPath, s.node.Addr, len(body), body)
	p.notifiedAt = time.Now()
	r, err := c.Do(request)
	if err == nil && (r.Status != 200 || !bytes.Contains(r.Body, []byte("SUCCESS"))) {
		err = fmt.Errorf("status %d, %s", r.Status, r.Body)
	}
	if err != nil {
		return 0, fmt.Errorf("sending a notification: %w", err)
	}
	return time.Since(p.notifiedAt), nil
}

// whole takes one whole payment: session with order, page, notification, and the
// webhook, before which the checkout queries the gateway. It returns the time from
// the notification to the webhook.
func (s *sale) whole(ctx context.Context, c *wire.Conn) (time.Duration, error) {
	p, err := s.create(c, rig.Told)
	if err != nil {
		return 0, err
	}
	if _, err := s.page(c, p); err != nil {
		return 0, err
	}
	if _, err := s.pay(c, p); err != nil {
		return 0, err
	}
	at, err := s.told.Await(ctx, p.reference)
	return at.Sub(p.notifiedAt), err
}

// wholePayments takes whole payments in a closed loop for some time. A payment that has
// begun is taken to its end. It returns the rate, and how many there were.
func (s *sale) wholePayments(ctx context.Context, lasts time.Duration) (rate float64, n int, err error) {
	timed, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	begin := time.Now()
	n, err = s.target.Closed(timed, clients, 0, func(c *wire.Conn, _ int) error {
		_, err := s.whole(ctx, c)
		return err
	})
	return perSecond(n, time.Since(begin)), n, err
}
