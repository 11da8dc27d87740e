// Package reconcile compares the gateway's statement with the checkout's own
// records.
//
// Make a [Reconciler] with [New]. [Reconciler.Reconcile] compares one window of one
// merchant, tells the shop of each new difference, and settles what can be settled.
// [Reconciler.ReconciliationsDue] lists the days that are due. [GatewayDay] returns
// the gateway's day of a moment.
//
// The types that events and reports carry are in package checkout:
// [checkout.Difference], [checkout.Reconciliation], [checkout.Span].
package reconcile
