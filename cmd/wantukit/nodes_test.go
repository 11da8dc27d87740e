package main

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/web/kit"
)

// paidAt sends the time at which an open page shows that it is paid.
func paidAt(t *testing.T, base, id string) <-chan time.Time {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/c/"+id+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	paid := make(chan time.Time, 1)
	go func() {
		defer response.Body.Close()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if strings.Contains(lines.Text(), `"state":"paid"`) {
				paid <- time.Now()
				return
			}
		}
	}()
	return paid
}

func TestPageOfOneNodeShowsWhatAnotherSettled(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	watching := c.start()
	settling := c.start()
	watching.proxy = settling.proxy // the gateway's notification reaches the other
	id, err := session(t.Context(), watching.url)
	if err != nil {
		t.Fatal(err)
	}
	shown := paidAt(t, watching.url, id)
	pay := c.gateway + "/sandbox/orders/" + c.sandbox.Orders()[0].OutTradeNo + "/pay"
	if _, err := send(t.Context(), http.MethodPost, pay, "", http.StatusOK); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the payment is settled", func() bool {
		text, err := send(t.Context(), http.MethodGet, settling.url+"/v1/checkout/sessions/"+id, "", http.StatusOK)
		return err == nil && strings.Contains(string(text), `"payment_status":"paid"`)
	})
	settled := time.Now()
	select {
	case at := <-shown:
		t.Logf("shown %s after it was settled", at.Sub(settled))
	case <-time.After(10 * time.Second): // it would look again by itself after 15 s
		t.Error("the page does not show it within 10 s")
	}
}

func TestRollingRestartFailsNoRequest(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	nodes := []*node{c.start(), c.start()}
	ctx, stop := context.WithCancel(t.Context())
	var requests, failed atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				id, err := session(t.Context(), c.public.URL)
				if err == nil {
					_, err = send(t.Context(), http.MethodGet, c.public.URL+"/c/"+id, "", http.StatusOK)
				}
				requests.Add(2)
				if err != nil {
					failed.Add(1)
					t.Error(err)
				}
			}
		})
	}
	for i, old := range nodes {
		nodes[i] = c.start()
		old.end()
	}
	stop()
	wg.Wait()
	t.Logf("%d requests while two nodes were replaced, %d failed", requests.Load(), failed.Load())
	if requests.Load() < 20 {
		t.Error("hardly any request was sent")
	}
}

func TestMigrateThenServe(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	migrate := func(env ...string) (string, error) {
		command := exec.CommandContext(t.Context(), "wantukit", "migrate")
		command.Env, command.Dir = append(os.Environ(), env...), t.TempDir()
		out, err := command.CombinedOutput()
		return string(out), err
	}
	for range 2 {
		if out, err := migrate("WANTUKIT_DATABASE_URL=" + database); err != nil || !strings.Contains(out, "up to date") {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	data := filepath.Join(t.TempDir(), "data")
	if out, err := migrate("WANTUKIT_DATA=" + data); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(kit.Database{Folder: data}.SQLiteFile()); err != nil {
		t.Error(err)
	}
	const canary = "c4n4ry"
	for _, wrong := range []string{"postgres://u:" + canary + "@127.0.0.1:1/kit", "postgres://u:" + canary + "/@h:x/", "mysql://u:" + canary + "@h/kit"} {
		out, err := migrate("WANTUKIT_DATABASE_URL=" + wrong)
		if err == nil || strings.Contains(out, canary) {
			t.Errorf("%s: %v\n%s", wrong, err, out)
		}
	}
}
