package main

import (
	"net/http"
	"syscall"
	"testing"
)

// TestServerOutlivesHangupAndSaysWhatItsEndWaitsFor sends SIGHUP, as a closing
// terminal does, and then SIGTERM, as a deployment does.
func TestServerOutlivesHangupAndSaysWhatItsEndWaitsFor(t *testing.T) {
	t.Parallel()
	n := newClusterOf(t, clusterPlan{}).start()
	n.signal(syscall.SIGHUP)
	eventually(t, "the server says that it goes on", func() bool { return len(n.lines("SIGHUP is ignored")) == 1 })
	if _, err := send(t.Context(), http.MethodGet, n.url+"/readyz", "", http.StatusOK); err != nil {
		t.Error(err)
	}
	n.end()
	for _, want := range []string{"/readyz says no", "waiting for the running requests", "waiting for the running jobs", "waiting for the queries", `msg="shut down"`} {
		if len(n.lines(want)) != 1 {
			t.Errorf("its end does not say %q once", want)
		}
	}
}
