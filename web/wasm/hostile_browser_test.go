//go:build !js

package main_test

import "testing"

// These are the hostile cases of browser and network while the page's program runs.
// TestPaidIsSeenByTheFallback has the cases in which the program cannot run. Tests of
// whole payments are in cmd/wantukit.

func TestHostileProxyAndTheStream(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ before, after func(*fakeServer) }{
		"cut while the page watches": {after: func(c *fakeServer) { c.disturbStreams(&c.cutStream) }},
		"held back from the start":   {before: func(c *fakeServer) { c.heldStream = true }},
		"refused from the start":     {before: func(c *fakeServer) { c.noStream = true }},
	}
	for name, proxy := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newFakeServer(t)
			if proxy.before != nil {
				proxy.before(c)
			}
			shopper := visit(t, c, "/c")
			shopper.waitForProgram()
			if proxy.after != nil {
				proxy.after(c)
			}
			polls := c.count(&c.polls)
			shopper.waitUntil("a poll", func() bool { return c.count(&c.polls) > polls })
			c.setStatus(c.paid())
			shopper.waitForState("paid")
			if loads := c.count(&c.loads); loads != 1 {
				t.Errorf("the page was loaded %d times, so its program gave up", loads)
			}
			shopper.wait(`document.title === "thanks"`)
		})
	}
}

func TestHostileProgramCrashesMidWay(t *testing.T) {
	t.Parallel()
	c := newFakeServer(t)
	shopper := visit(t, c, "/c")
	shopper.waitForProgram()
	c.disturbStreams(&c.brokenStream)
	shopper.waitUntil("a poll of the fallback", func() bool { return c.count(&c.polls) >= 1 })
	c.setStatus(c.paid())
	shopper.waitForState("paid")
	if loads := c.count(&c.loads); loads != 2 {
		t.Errorf("the page was loaded %d times, so it was not the fallback", loads)
	}
	shopper.wait(`document.querySelector("[data-link=next]").href.endsWith("/thanks")`)
}
