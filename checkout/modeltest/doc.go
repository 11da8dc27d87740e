// Package modeltest holds what the checkout promises about money against a
// model: its tests let anything happen to a shop with two processes over one
// real database and one gateway, in every order, and look at the books after
// each step. Nothing imports it.
//
//   - world_test.go: the shop, its processes, and who goes on when
//   - gate_test.go: where every call stops, and what may become of it
//   - store_test.go, gateway_test.go: the ways to the database and the gateway,
//     and the gateway's truth about orders and money
//   - actions_test.go, webhook_test.go: what may happen
//   - invariants_test.go, settled_test.go: what holds after each step, and in
//     the end
package modeltest
