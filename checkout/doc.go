// Package checkout is the domain of the kit.
//
// A shop creates a [Session]: one amount to be paid once. Each order that is placed for it
// at the gateway is an [Attempt]. A [Refund] returns money of a paid attempt. What the shop
// is told is an [Event]. What happened to a session is its timeline of [Entry] values. The
// [Service] changes them all. Make one with [New].
//
// For the shop's API:
//   - [Service.Create], [Service.Session], [Service.Public] and [Service.Cancel],
//   - [Service.Refund] and [Service.Refunds].
//
// For the page:
//   - [Service.View], [Service.WatchedView] and [Service.ViewReturn] read what it shows,
//   - [Service.Start] places an order, by a flow of package flow,
//   - [Service.Confirm] queries the gateway when a browser returns or asks,
//   - [Service.Returned], [Service.BridgeAnswered] and [Service.BridgeFailed] note what
//     browsers report,
//   - [Service.Watch] wakes a page when its session may have changed,
//   - [Service.Seen] says that a page without a stream shows a session,
//   - [Service.ApproximateCNY] converts an amount, where there are [Rates].
//
// For the gateway:
//   - [Service.Notify], [Service.NotifySigned] and [Service.Acknowledgement]. A
//     notification may cause a query, and only the query decides.
//
// For the worker:
//   - [Service.Sweep] and [Service.SweepWatched] do the work that is due,
//   - [Service.TellDifference] and [Service.SettleDifference] handle what package
//     reconcile finds,
//   - [Service.Changed] wakes the pages after a change by another node,
//   - [Service.Drain] ends the background work.
//
// For the operator:
//   - [Service.SettleRefund] settles a refund without the gateway's answer,
//   - Config.Alert is called with each [Alert].
//
// It needs a [Store], a [Gateway], a [Clock], [Routes] and a [ReturnPolicy], which other
// packages implement. [SteadyClock] is a Clock.
//
// It imports no package for HTTP, SQL, JSON or logging, and neither fmt nor reflection:
// deps_test.go in cmd/wantukit checks that.
package checkout
