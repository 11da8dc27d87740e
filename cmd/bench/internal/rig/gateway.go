// Package rig is everything around the checkout that a benchmark needs: a gateway
// ([NewGateway]), shops that receive webhooks ([NewShop]), the checkout itself as a
// process ([Start]), and a PostgreSQL ([StartPostgres]).
package rig

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// Gateway is a simulated gateway that costs little. It signs as the sandbox does. It
// answers create-qrcode and query itself, and lets a sandbox answer everything else.
type Gateway struct {
	// URL is the base_url of the gateway. SlowURL is that of the same gateway, but each
	// answer takes SlowFor.
	URL, SlowURL string

	server, slow *http.Server
	rest         http.Handler
	slowFor      time.Duration

	connections, queries, creates atomic.Int64

	mu        sync.Mutex
	byNumber  map[string]*Order
	bySubject map[string]*Order
}

// Order is an order at the gateway.
type Order struct {
	outTradeNo, tradeID, fee, subject string
	// NotifyPath is the path of notify_url.
	NotifyPath string
	paidAt     atomic.Pointer[string]
}

// NewGateway starts a gateway. The answers at SlowURL take slowFor.
func NewGateway(ctx context.Context, slowFor time.Duration) (*Gateway, error) {
	rest, err := sandbox.New(sandbox.Config{})
	if err != nil {
		return nil, err
	}
	g := &Gateway{rest: rest, slowFor: slowFor}
	g.Forget()
	count := func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			g.connections.Add(1)
		}
	}
	if g.server, g.URL, err = serve(ctx, &http.Server{Handler: http.HandlerFunc(g.serve), ConnState: count, ReadHeaderTimeout: time.Minute}); err != nil {
		return nil, err
	}
	if g.slow, g.SlowURL, err = serve(ctx, &http.Server{Handler: http.HandlerFunc(g.serveSlowly), ReadHeaderTimeout: time.Minute}); err != nil {
		return nil, err
	}
	g.URL, g.SlowURL = g.URL+"/paygate", g.SlowURL+"/paygate"
	return g, nil
}

// serve starts a server on a free port of the loopback interface. It returns its URL.
func serve(ctx context.Context, s *http.Server) (*http.Server, string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	go func() { _ = s.Serve(l) }()
	return s, "http://" + l.Addr().String(), nil
}

// Close stops the gateway.
func (g *Gateway) Close() { _, _ = g.server.Close(), g.slow.Close() }

// Forget forgets all orders.
func (g *Gateway) Forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.byNumber, g.bySubject = map[string]*Order{}, map[string]*Order{}
}

// Counts are what the gateway has received since it was started.
type Counts struct {
	// Connections were opened, and Creates and Queries are calls. The calls at SlowURL
	// are not counted.
	Connections, Creates, Queries int64
}

// Counts returns what the gateway has received.
func (g *Gateway) Counts() Counts {
	return Counts{g.connections.Load(), g.creates.Load(), g.queries.Load()}
}

// Of returns the order with a subject, or nil.
func (g *Gateway) Of(subject string) *Order {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bySubject[subject]
}

func (g *Gateway) serveSlowly(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // before the wait, so that a client that has left is noticed
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	select {
	case <-time.After(g.slowFor):
		g.answer(w, r)
	case <-r.Context().Done():
	}
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/paygate/create-qrcode":
		g.creates.Add(1)
	case "/paygate/query":
		g.queries.Add(1)
	}
	g.answer(w, r)
}

func (g *Gateway) answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/paygate/create-qrcode" && r.URL.Path != "/paygate/query" {
		g.rest.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var fields wantu.Fields
	if r.URL.Path == "/paygate/query" {
		fields = g.query(body)
	} else {
		fields = g.create(body)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(sign(fields))
}

// create opens an order. Manual 2.2.
func (g *Gateway) create(body []byte) wantu.Fields {
	o := &Order{
		outTradeNo: Text(body, "out_trade_no"), fee: Text(body, "total_fee"), subject: Text(body, "subject"),
		NotifyPath: pathOf(Text(body, "notify_url")),
	}
	g.mu.Lock()
	o.tradeID = fmt.Sprintf("10002026%024d", len(g.byNumber))
	g.byNumber[o.outTradeNo], g.bySubject[o.subject] = o, o
	g.mu.Unlock()
	return wantu.Fields{
		"return_code": "200", "return_msg": "SUCCESS", "qrcode_url": "https://wallet.example.com/scan/" + o.outTradeNo,
		"out_trade_no": o.outTradeNo, "trade_id": o.tradeID, "total_fee": o.fee, "fee_type": currency,
		"store_account": sandbox.DefaultStoreAccount,
	}
}

// query tells the state of an order. Manual 2.5.
func (g *Gateway) query(body []byte) wantu.Fields {
	g.mu.Lock()
	o := g.byNumber[Text(body, "out_trade_no")]
	g.mu.Unlock()
	if o == nil {
		return wantu.Fields{"return_code": strconv.Itoa(int(wantu.CodeOrderInvalid)), "return_msg": wantu.CodeOrderInvalid.Name()}
	}
	fields := wantu.Fields{
		"return_code": "200", "return_msg": "SUCCESS", "out_trade_no": o.outTradeNo, "trade_id": o.tradeID, "trade_status": "NOT_PAY",
		"total_fee": o.fee, "fee_type": currency, "store_account": sandbox.DefaultStoreAccount,
	}
	if at := o.paidAt.Load(); at != nil {
		fields["trade_status"], fields["trade_time"] = "SUCCESS", *at
	}
	return fields
}

// Pay pays an order. It returns the body of the notification. Manual 2.6.
func (o *Order) Pay() []byte {
	at := wantu.FormatTime(time.Now())
	o.paidAt.Store(&at)
	return sign(wantu.Fields{
		"return_code": "200", "return_msg": "SUCCESS", "merchant_account": sandbox.DefaultMerchantAccount,
		"total_fee": o.fee, "fee_type": currency, "subject": o.subject, "out_trade_no": o.outTradeNo, "trade_id": o.tradeID,
		"trade_status": "SUCCESS", "trade_time": at,
	})
}

// sign returns fields as a JSON object with their signature. No value needs an escape.
func sign(fields wantu.Fields) []byte {
	body := make([]byte, 0, 512)
	body = append(body, '{')
	for name, value := range fields {
		body = fmt.Appendf(body, "%q:%q,", name, value)
	}
	return fmt.Appendf(body, `"sign":%q}`, wantu.Sign(fields, sandbox.DefaultKey))
}

// Text returns the text of a member of a JSON object, or "". It is a search for the
// name, for objects whose texts have no escapes.
func Text(object []byte, name string) string {
	_, rest, found := bytes.Cut(object, []byte(`"`+name+`":"`))
	if !found {
		return ""
	}
	text, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(text)
}

// pathOf returns the path of a URL.
func pathOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}
