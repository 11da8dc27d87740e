//go:build !js

package main_test

import "testing"

// The hostile and odd cases of browser and web that the page's program meets
// while it runs. Those that keep it from running are in
// TestPaidIsSeenByTheFallback; whole payments are in cmd/wantukit.

func TestHostileProxyAndTheStream(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ before, after func(*counter) }{
		"cut while the page watches": {after: func(c *counter) { c.spoil(&c.cutStream) }},
		"held back from the start":   {before: func(c *counter) { c.heldStream = true }},
		"refused from the start":     {before: func(c *counter) { c.noStream = true }},
	}
	for name, proxy := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			if proxy.before != nil {
				proxy.before(c)
			}
			shopper := visit(t, c, "/c")
			shopper.lives()
			if proxy.after != nil {
				proxy.after(c)
			}
			polls := c.count(&c.polls)
			shopper.until("a poll", func() bool { return c.count(&c.polls) > polls })
			c.move(c.paid())
			shopper.shows("paid")
			if loads := c.count(&c.loads); loads != 1 {
				t.Errorf("the page was loaded %d times, so its program gave up", loads)
			}
			shopper.wait(`document.title === "thanks"`)
		})
	}
}

func TestHostileProgramCrashesMidWay(t *testing.T) {
	t.Parallel()
	c := open(t)
	shopper := visit(t, c, "/c")
	shopper.lives()
	c.spoil(&c.brokenStream)
	shopper.until("a poll of the fallback", func() bool { return c.count(&c.polls) >= 1 })
	c.move(c.paid())
	shopper.shows("paid")
	if loads := c.count(&c.loads); loads != 2 {
		t.Errorf("the page was loaded %d times, so it was not the fallback", loads)
	}
	shopper.wait(`document.querySelector("[data-link=next]").href.endsWith("/thanks")`)
}
