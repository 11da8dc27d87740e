package wantu_test

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// meeting is a gateway that answers once a number of calls has arrived. It counts the
// connections.
type meeting struct {
	size        int
	status      int
	connections atomic.Int64

	mu      sync.Mutex
	waiting []chan struct{}
}

func (m *meeting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-m.arrive()
	w.WriteHeader(m.status)
	_, _ = io.WriteString(w, strings.Repeat("x", 300))
}

// arrive returns a channel that is closed once all calls of a round have arrived.
func (m *meeting) arrive() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	here := make(chan struct{})
	m.waiting = append(m.waiting, here)
	if len(m.waiting) == m.size {
		for _, c := range m.waiting {
			close(c)
		}
		m.waiting = nil
	}
	return here
}

func (m *meeting) count(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		m.connections.Add(1)
	}
}

// TestCallsAtTheSameTimeKeepTheirConnections checks that calls at the same time open no
// more connections than their number, however often they are repeated, and whatever the
// gateway answers.
func TestCallsAtTheSameTimeKeepTheirConnections(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"an answer": http.StatusOK, "an error": http.StatusInternalServerError} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &meeting{size: 40, status: status}
			server := httptest.NewUnstartedServer(m)
			server.Config.ConnState = m.count
			server.Start()
			t.Cleanup(server.Close)
			client := newClient(t, wantu.Config{BaseURL: server.URL + "/paygate"})
			for range 10 {
				var calls sync.WaitGroup
				for range m.size {
					calls.Go(func() {
						if _, err := query(client); err == nil {
							t.Error("the gateway's answer was accepted")
						}
					})
				}
				calls.Wait()
			}
			// A connection is free a moment after its answer was read, so a call may open
			// another one.
			if opened := m.connections.Load(); opened > int64(2*m.size) {
				t.Errorf("%d calls at the same time opened %d connections", m.size, opened)
			}
		})
	}
}

// TestHTTP2 checks that calls share one connection to a gateway that has HTTP/2. The
// test's transport is the default one, and trusts the test's certificate.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	m := &meeting{size: 1, status: http.StatusOK}
	versions := sync.Map{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		versions.Store(r.Proto, true)
		m.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ConnState = m.count
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := wantu.NewTransport()
	transport.TLSClientConfig.RootCAs = certificates(server)
	client := newClient(t, wantu.Config{BaseURL: server.URL + "/paygate", HTTPClient: &http.Client{Transport: transport}})
	_, _ = query(client) // it opens the connection
	m.size = 20
	var calls sync.WaitGroup
	for range m.size {
		calls.Go(func() { _, _ = query(client) })
	}
	calls.Wait()
	if _, old := versions.Load("HTTP/1.1"); old {
		t.Error("a call used HTTP/1.1")
	}
	if opened := m.connections.Load(); opened != 1 {
		t.Errorf("%d calls at the same time opened %d connections, want 1", m.size, opened)
	}
}

func certificates(server *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return pool
}

// BenchmarkQuery measures a call without the network: signing, encoding, decoding and
// verifying.
func BenchmarkQuery(b *testing.B) {
	fields := wantu.Fields{
		"return_code": "SUCCESS", "return_msg": "success", "merchant_account": "HKG0000000001", "store_account": "HKG0000000101",
		"out_trade_no": "1112", "trade_id": "2026112300001", "trade_status": "NOT_PAY", "total_fee": "48000", "fee_type": "HKD",
		"pay_channel": "1", "nonce_str": "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
	}
	fields["sign"] = wantu.Sign(fields, canary)
	body, err := json.Marshal(fields)
	if err != nil {
		b.Fatal(err)
	}
	canned := roundTrip(func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body)))}, nil
	})
	client := newClient(b, wantu.Config{BaseURL: "https://gateway.invalid", HTTPClient: &http.Client{Transport: canned}})
	if _, err := query(client); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = query(client)
	}
}
