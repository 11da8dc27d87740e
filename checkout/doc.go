// Package checkout is the domain of the kit: what a shop wants paid
// ([Session]), each order placed for it at the gateway ([Attempt]), what is
// told about it ([Event]), how a shopper's device pays ([flow.Choose]), and the
// [Service] that moves them.
//
// Make one with [New], then call:
//
//   - [Service.Create] for a shop that wants to be paid,
//   - [Service.View] to show a session, [Service.Start] to place its order,
//     [Service.Cancel] to call it off,
//   - [Service.Notify] with what the gateway posts, and [Service.Confirm] when
//     a browser returns or asks: both only cause a query, which decides,
//   - [Service.Sweep] now and then, for whatever is due,
//   - [Service.Watch] to learn that a session has changed.
//
// What it needs of the world it states as contracts, which other rooms fulfil:
// [Store], [Gateway], [Clock].
//
// It keeps off HTTP, SQL, JSON and logging, and off fmt and reflection; package
// page within it holds the table that the browser's half shares. deps_test.go
// in cmd/wantukit holds both to that.
package checkout
