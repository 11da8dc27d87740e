package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// cluster is a number of nodes, each a process, on one database, behind a load
// balancer that sends each request to the next ready node.
type cluster struct {
	*testing.T
	plan    clusterPlan
	folder  string
	gateway string
	sandbox *sandbox.Sandbox
	public  *httptest.Server
	next    atomic.Uint64

	mu    sync.Mutex
	nodes []*node
}

// clusterPlan is the configuration of a cluster.
type clusterPlan struct {
	// database is the URL of a PostgreSQL. Without it, one node uses SQLite.
	database string
	// shop is added to the shop's configuration. Its lines begin with four spaces.
	shop string
	// sandbox changes the sandbox's configuration. called is called for each call
	// that the gateway has carried out and not yet answered. Both may be nil.
	sandbox func(*sandbox.Config)
	called  func()
	// flaky makes one of so many disk calls of an SQLite database fail. 0 is none.
	flaky int
}

const clusterKey = "sk_cluster_0123456789"

const clusterShops = `merchants:
  - id: harbour
    name: Harbour Nights
    gateway: {base_url: %q, merchant_account: %q, store_account: %q, key: %q}
    api_keys: [%q]
    return_hosts: [shop.example.com]
`

// newCluster returns a cluster on PostgreSQL.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	return newClusterOf(t, clusterPlan{database: pgtest.Database(t)})
}

func newClusterOf(t *testing.T, plan clusterPlan) *cluster {
	t.Helper()
	c := &cluster{T: t, plan: plan, folder: t.TempDir()}
	var changes []func(*sandbox.Config)
	if plan.sandbox != nil {
		changes = append(changes, plan.sandbox)
	}
	c.gateway, c.sandbox = startSandbox(t, plan.watched, changes...)
	shops := fmt.Sprintf(clusterShops, c.gateway+"/paygate", sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount, sandbox.DefaultKey, clusterKey)
	if err := os.WriteFile(c.config(), []byte(shops+plan.shop), 0o600); err != nil {
		t.Fatal(err)
	}
	c.public = httptest.NewServer(http.HandlerFunc(c.route))
	t.Cleanup(c.public.Close)
	return c
}

// startSandbox runs a sandbox until the test ends, and returns its address. before
// wraps its handler.
func startSandbox(t *testing.T, before func(http.Handler) http.Handler, changes ...func(*sandbox.Config)) (at string, s *sandbox.Sandbox) {
	t.Helper()
	gateway, err := listen(t.Context(), "127.0.0.1:0", reach{})
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	if s, err = newSandbox(gateway, logger, changes...); err != nil {
		t.Fatal(err)
	}
	untilTheEnd(t, func(ctx context.Context) error { return gateway.serve(ctx, before(s), s.Close, logger) })
	return "http://" + gateway.Addr().String(), s
}

// untilTheEnd runs a function until the test ends. It cancels its context after
// everything that was started later has ended.
func untilTheEnd(t testing.TB, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("it did not end cleanly: %v", err)
		}
	})
}

// watched wraps the gateway with called.
func (p clusterPlan) watched(gateway http.Handler) http.Handler {
	if p.called == nil {
		return gateway
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/paygate/") {
			defer p.called() // a small answer is sent when the handler is done
		}
		gateway.ServeHTTP(w, r)
	})
}

func (c *cluster) config() string { return filepath.Join(c.folder, "shops.yaml") }

// route is a simple load balancer. If no node is ready it sends the request to any
// node, as many load balancers do.
func (c *cluster) route(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	nodes := c.nodes
	c.mu.Unlock()
	for _, hopeful := range []bool{false, true} {
		for range nodes {
			n := nodes[c.next.Add(1)%uint64(len(nodes))]
			if n.ready.Load() || hopeful {
				n.proxy.ServeHTTP(w, r)
				return
			}
		}
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

// node is a process that runs serve.
type node struct {
	t       *testing.T
	command *exec.Cmd
	since   time.Time
	url     string
	proxy   *httputil.ReverseProxy
	ready   atomic.Bool
	up      chan struct{} // closed when it is ready for the first time
	ended   chan struct{}
	mu      sync.Mutex
	said    []string // the lines of its log
}

// lines returns the lines of the node's log that contain a text.
func (n *node) lines(text string) (found []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, line := range n.said {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

var servingAt = regexp.MustCompile(`msg=serving addr=(\S+)`)

// start starts a node and waits until it is ready. If its flaky disk stops it,
// start starts another one.
func (c *cluster) start() *node {
	c.Helper()
	for {
		n := c.launch()
		select {
		case <-n.up:
			return n
		case <-n.ended:
			if c.plan.flaky == 0 {
				c.Fatal("the node ended")
			} // where its disk failed it is started again, as a supervisor does
		case <-time.After(patience):
			c.Fatal("the node is not ready")
		}
	}
}

// launch starts a node, which gets requests once it is ready.
func (c *cluster) launch() *node {
	c.Helper()
	n := &node{t: c.T, since: time.Now(), up: make(chan struct{}), ended: make(chan struct{})}
	n.command = exec.Command("wantukit", "serve", "--addr", "127.0.0.1:0", "--public-url", c.public.URL, "--config", c.config(),
		"--data", filepath.Join(c.folder, "data"), "--drain-for", "1s")
	n.command.Env = append(os.Environ(), "WANTUKIT_SECRET=a secret that all the nodes share: 32 bytes")
	if c.plan.database != "" {
		n.command.Env = append(n.command.Env, "WANTUKIT_DATABASE_URL="+c.plan.database)
	}
	if c.plan.flaky > 0 {
		n.command.Env = append(n.command.Env, flakyDisk+"="+strconv.Itoa(c.plan.flaky))
	}
	n.command.Dir = c.folder
	log, err := n.command.StderrPipe()
	if err == nil {
		err = n.command.Start()
	}
	if err != nil {
		c.Fatal(err)
	}
	address := make(chan string, 1)
	go n.read(log, address)
	c.Cleanup(n.end)
	go func() {
		select {
		case at := <-address:
			c.join(n, at)
		case <-n.ended:
		}
	}()
	return n
}

// join adds a node to the load balancer until the node ends.
func (c *cluster) join(n *node, at string) {
	n.url = "http://" + at
	n.proxy = proxyTo(at)
	c.mu.Lock()
	c.nodes = append(slices.Clone(c.nodes), n)
	c.mu.Unlock()
	n.watch()
	c.mu.Lock()
	c.nodes = slices.DeleteFunc(slices.Clone(c.nodes), func(other *node) bool { return other == n })
	c.mu.Unlock()
}

// proxyTo returns a reverse proxy to an address.
func proxyTo(at string) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: at})
			r.Out.Host = r.In.Host
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // who is sent 502 sees it
	}
}

// read reads a node's log until the node ends.
func (n *node) read(log io.Reader, address chan<- string) {
	defer close(n.ended)
	for lines := bufio.NewScanner(log); lines.Scan(); {
		n.t.Log(lines.Text())
		n.mu.Lock()
		n.said = append(n.said, lines.Text())
		n.mu.Unlock()
		if m := servingAt.FindStringSubmatch(lines.Text()); m != nil {
			address <- m[1]
		}
	}
	_ = n.command.Wait()
}

// watch polls /readyz, as a load balancer does, until the node ends.
func (n *node) watch() {
	client := http.Client{Timeout: 5 * time.Second}
	pause := 10 * time.Millisecond
	for {
		response, err := client.Get(n.url + "/readyz")
		if err == nil {
			response.Body.Close()
		}
		ready := err == nil && response.StatusCode == http.StatusOK
		n.ready.Store(ready)
		if ready && pause < 50*time.Millisecond {
			pause = 50 * time.Millisecond
			close(n.up)
		}
		select {
		case <-n.ended:
			n.ready.Store(false)
			return
		case <-time.After(pause):
		}
	}
}

// kill sends SIGKILL and waits for the end.
func (n *node) kill() {
	n.ready.Store(false)
	_ = n.command.Process.Kill()
	<-n.ended
}

// end sends SIGTERM and waits for the end.
func (n *node) end() {
	_ = n.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.ended:
	case <-time.After(patience):
		_ = n.command.Process.Kill()
		n.t.Error("the node did not end")
	}
}

// send sends a request and returns the answer's body. It fails if the status is not
// want.
func send(ctx context.Context, method, url, body string, want int) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+clusterKey)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("%s %s: %d %s", method, url, response.StatusCode, text)
	}
	return text, err
}

// session makes a session with an order, and returns its id.
func session(ctx context.Context, base string) (string, error) {
	text, err := send(ctx, http.MethodPost, base+"/v1/checkout/sessions", `{"amount": 48000, "currency": "HKD", "subject": "Ticket",
		"channels": ["wechat"], "user_agent": "`+desktop.userAgent+`", "success_url": "https://shop.example.com/ok"}`, http.StatusCreated)
	var made struct {
		ID string `json:"id"`
	}
	if err == nil {
		err = json.Unmarshal(text, &made)
	}
	return made.ID, err
}
