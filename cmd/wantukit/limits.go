package main

import (
	"log/slog"

	"github.com/wantukit/wantukit/web"
)

const (
	// fewDescriptors is what a system allows that says nothing, and below which
	// the log says that there are few.
	fewDescriptors = 1024
	// manyDescriptors is beyond what a process has a use for: memory is the
	// bound then.
	manyDescriptors = 32768
)

// limits bound what clients may have open at a listener, well below the
// descriptors of the process: the rest is for the database, the gateway and the
// shops' webhooks.
type limits struct {
	// connections are all, and perClient those of one address.
	connections, perClient int
	streams                web.StreamLimits
}

// limitsFor divides the n descriptors of a process, or of the part of it that a
// listener has. Half may be live streams, so that a quarter is left for other
// requests. One client may have an eighth as streams and another eighth beside
// them.
func limitsFor(n int) limits {
	return limits{
		connections: max(n*3/4, 8), perClient: max(min(n/4, 2048), 4),
		streams: web.StreamLimits{Process: max(n/2, 4), Client: max(min(n/8, 512), 2)},
	}
}

// attributes are what the log says of the limits.
func (l limits) attributes() slog.Attr {
	return slog.Group("limits", "connections", l.connections, "of_client", l.perClient,
		"streams", l.streams.Process, "streams_of_client", l.streams.Client)
}
