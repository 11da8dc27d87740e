// Package modeltest holds what the checkout promises about money against a
// model: its tests let anything happen to a shop with two processes over one
// real database and one gateway, in every order, and look at the books after
// each step. Nothing imports it.
//
//   - profile_test.go: the ways to use the model, and what each must reach
//   - world_test.go: the shop, its processes, and who goes on when
//   - gate_test.go, thread_test.go: where every call stops, and which goroutine
//     makes it
//   - faults_test.go, disk_test.go: what may become of a call
//   - store_test.go, gateway_test.go: the ways to the database and the gateway,
//     and the gateway's truth about orders and money
//   - actions_test.go, webhook_test.go: what may happen
//   - invariants_test.go, history_test.go, settled_test.go: what holds after each
//     step, and in the end
//   - record_test.go, reached_test.go: what a failing run did, and what the runs
//     have reached
//   - mutants: the code made wrong, to see that the model finds it
//
// A run depends on its draws alone, so that a failure can be had again from its
// seed. Go itself draws three things: which of the goroutines that wake at one
// moment runs first, which ready case a select takes, and the order of a map.
// So each goroutine has a name and random bits of its own, calls that wait are
// sorted by these names, and the checkout has no select whose choice shows. The
// profile in which nobody stops at the gate keeps Go's order of goroutines.
package modeltest
