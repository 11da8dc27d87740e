package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

func TestForeignHostIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{PublicURL: "http://pay.example:8081", ScanURL: "http://scan.example"}, ackBody)
	for host, home := range map[string]bool{
		"localhost": true, "localhost:8081": true, "LocalHost.": true, "box.localhost:8081": true, "127.0.0.1:8081": true,
		"192.168.1.7": true, "[::1]:8081": true, "[::1]": true, "gateway:8081": true, "pay.example": true, "PAY.example:80": true,
		"scan.example": true, "evil.example": false, "evil.example:8081": false, "localhost.evil.example": false,
		"evillocalhost.example": false, "127.0.0.1.evil.example": false, "pay.example.evil.example": false, "evil.example.": false,
	} {
		for _, path := range []string{
			"GET /", "GET /sandbox/orders", "GET /sandbox/orders/n1", "POST /sandbox/faults", "DELETE /sandbox/faults", "POST /sandbox/form/clear",
		} {
			method, path, _ := strings.Cut(path, " ")
			request := httptest.NewRequest(method, path, strings.NewReader(""))
			request.Host = host
			recorder := httptest.NewRecorder()
			s.ServeHTTP(recorder, request)
			if refused := recorder.Code == http.StatusForbidden; refused == home {
				t.Errorf("%s %s under %s: status %d", method, path, host, recorder.Code)
			}
		}
	}
}

func TestShopperMayUseAnyHost(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	openOrders(t, s, "n1")
	request := httptest.NewRequest(http.MethodGet, strings.TrimPrefix(order(t, s).URL, "http://localhost"), nil)
	request.Host = "tunnel.example"
	recorder := httptest.NewRecorder()
	if s.ServeHTTP(recorder, request); recorder.Code != http.StatusOK {
		t.Errorf("status %d", recorder.Code)
	}
}
