package main

import (
	"log/slog"

	"github.com/wantukit/wantukit/web"
)

const (
	// fewDescriptors is assumed where the system does not tell its limit. serve
	// warns of a limit that is not higher.
	fewDescriptors = 1024
	// maxDescriptors is the most that limitsFor divides. Beyond it, memory is the
	// limit.
	maxDescriptors = 32768
)

// limits bound what clients may have open at a listener. They stay well below the
// file descriptors of the process: the rest is for the database, the gateway and
// the webhooks.
type limits struct {
	// connections is the limit of all clients, and perClient the limit of one.
	connections, perClient int
	streams                web.StreamLimits
}

// limitsFor returns the limits for n file descriptors: those of the process, or
// the listener's share of them. Three quarters are for connections, and two of these
// quarters may be live streams. One client gets a quarter for connections, and half of that
// for streams.
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
