package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// disk is a disk that a test can fill.
type disk struct {
	// folder is a folder on the disk.
	folder      string
	fill, empty func(*demo) error
}

// disks are a small mounted disk, if this user may mount one, and SQLite's own page
// limit. On the first a commit fails while it writes the log, and on the second
// before.
var disks = map[string]func(*testing.T) disk{"a small disk": smallDisk, "SQLite's own limit": limitedDisk}

func smallDisk(t *testing.T) disk {
	t.Helper()
	folder := t.TempDir()
	unmount, err := mountSmall(folder)
	if err != nil {
		t.Skipf("a small disk cannot be mounted here, as by root on Linux: %v", err)
	}
	t.Cleanup(func() {
		if err := unmount(); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(folder, "filler")
	fill := func(d *demo) error {
		// A write-ahead log with free space accepts small commits on a full disk. A
		// checkpoint makes SQLite start the log again.
		_, err := d.kit.DB().Writer().Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		if writeErr := os.WriteFile(filler, make([]byte, 16<<20), 0o600); !errors.Is(writeErr, syscall.ENOSPC) {
			return errors.Join(err, writeErr, errors.New("the disk is not full"))
		}
		return err
	}
	return disk{folder, fill, func(*demo) error { return os.Remove(filler) }}
}

func limitedDisk(t *testing.T) disk {
	t.Helper()
	limit := func(d *demo, pages string) error {
		_, err := d.kit.DB().Writer().Exec("PRAGMA max_page_count = " + pages)
		return err
	}
	return disk{
		t.TempDir(),
		func(d *demo) error { return errors.Join(limit(d, "1"), fillTimeline(d)) }, // fewer than there are stands for as many as there are
		func(d *demo) error { return limit(d, "1000000") },
	}
}

// fillTimeline fills the free space in the timeline's pages. Otherwise a few small
// notifications could still be stored.
func fillTimeline(d *demo) error {
	for size := 4 << 10; size > 0; size /= 4 {
		for rows := 0; ; rows++ {
			_, err := d.kit.DB().Writer().Exec(`INSERT INTO timeline (session_id, attempt_id, ref, at, kind, cause, result, detail, body)
				SELECT id, '', '', 0, 'filler', '', '', '', $1 FROM sessions LIMIT 1`, strings.Repeat("x", size))
			if err != nil {
				break
			}
			if rows > 10_000 {
				return errors.New("the limit of pages takes any number of rows")
			}
		}
	}
	return nil
}

// readiness returns the status of /readyz.
func (b *buyer) readiness() int {
	b.Helper()
	status, _ := b.get("/readyz")
	return status
}

// TestDiskFull: a notification that cannot be stored is not acknowledged, and
// /readyz and /healthz tell the truth. Once there is space again, everything goes
// on by itself: the payment, its webhook, and the refund that was refused.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for name, open := range disks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			b := newBuyerAt(t, startDemoIn(t, d.folder, nil))
			b.demo.sandbox.Notifications(false)
			refunded, before := b.buyUnnotified()
			id := b.session("wechat")
			a := b.start(id, flow.WalletWeChat)
			if err := d.fill(b.demo); err != nil {
				t.Fatal(err)
			}
			b.pay(a)
			refused := b.notifyUntilRefused(a)
			if status := b.readiness(); status != http.StatusServiceUnavailable {
				t.Errorf("/readyz answers %d on a full disk", status)
			}
			if status, _ := b.get("/healthz"); status != http.StatusOK {
				t.Errorf("/healthz answers %d: it would be restarted, to no avail", status)
			}
			code, r := b.refundAny(refunded)
			if order, err := b.demo.sandbox.Order(before.OutTradeNo); err != nil || (code == http.StatusCreated) != (len(order.Refunds) == 1) {
				t.Errorf("the refund is answered %d %s, the gateway made %v (%v)", code, r, order.Refunds, err)
			}
			if err := d.empty(b.demo); err != nil {
				t.Fatal(err)
			}
			eventually(t, "ready again", func() bool { return b.readiness() == http.StatusOK })
			b.notify(a) // as the gateway does, which was refused
			b.awaitPaid(id)
			b.paidOnce(id)
			b.settled(refunded, before)
			b.awaitWebhooks(id, refunded)
			t.Logf("%d notifications were taken before one was refused; the refund was answered %d", refused, code)
		})
	}
}

// buyUnnotified pays a session whose gateway sends only one notification.
func (b *buyer) buyUnnotified() (string, checkout.Attempt) {
	b.Helper()
	id := b.session("wechat")
	a := b.start(id, flow.WalletWeChat)
	b.pay(a)
	b.notify(a)
	b.awaitPaid(id)
	return id, a
}

// notifyUntilRefused sends notifications until one is refused, and returns how many
// were stored. A few may still fit into existing pages.
func (b *buyer) notifyUntilRefused(a checkout.Attempt) int {
	b.Helper()
	for taken := range 1000 {
		if b.demo.sandbox.Notify(b.Context(), a.OutTradeNo) != nil {
			return taken
		}
	}
	b.Fatal("a full disk takes a thousand notifications")
	return 0
}

// refundAny requests a refund and returns the answer, success or not.
func (b *buyer) refundAny(id string) (status int, text string) {
	b.Helper()
	var answer any
	status = b.api(http.MethodPost, "/v1/checkout/sessions/"+id+"/refunds", map[string]any{"amount": 100, "client_reference_id": "R"}, &answer)
	return status, http.StatusText(status)
}

// settled waits until no refund of a session is pending, and checks that the
// gateway made the refunds that succeeded.
func (b *buyer) settled(id string, a checkout.Attempt) {
	b.Helper()
	var made []checkout.PublicRefund
	eventually(b.T, "the refund has its outcome", func() bool {
		made = b.refunds(id)
		return len(made) == 0 || made[0].Status == checkout.RefundSucceeded
	})
	if order, err := b.demo.sandbox.Order(a.OutTradeNo); err != nil || len(order.Refunds) != len(made) {
		b.Errorf("the refunds are %+v, at the gateway %+v (%v)", made, order.Refunds, err)
	}
}

// awaitWebhooks waits until all webhooks are sent.
func (b *buyer) awaitWebhooks(ids ...string) {
	b.Helper()
	eventually(b.T, "the shop was told of everything", func() bool {
		events, told := 0, 0
		for _, id := range ids {
			all, err := b.demo.kit.Store().Events(b.Context(), id)
			if err != nil {
				return false
			}
			events += len(all)
		}
		err := b.demo.kit.DB().Writer().QueryRow(`SELECT count(DISTINCT event_id) FROM delivery_tries WHERE error = ''`).Scan(&told)
		return err == nil && told == events
	})
}
