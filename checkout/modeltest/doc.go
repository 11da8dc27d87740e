// Package modeltest tests what the checkout promises about money. A run is a shop
// with two processes, a real database and a model of the gateway. The test draws
// actions and faults in any order, and checks invariants after each step. No package
// imports modeltest.
//
//   - profile_test.go: the profiles of runs, and what the runs of each must reach
//   - world_test.go: the shop, its processes, and the order of their calls
//   - gate_test.go, thread_test.go: where every call stops, and which goroutine makes
//     it
//   - faults_test.go, disk_test.go: the faults of calls
//   - store_test.go, gateway_test.go: the store and the gateway behind the gate, and
//     the model of the gateway
//   - actions_test.go, webhook_test.go: the actions
//   - invariants_test.go, history_test.go, settled_test.go: the invariants after each
//     step and at the end
//   - record_test.go, reached_test.go: the log of a failing run, and what the runs have
//     reached
//   - mutants: a command that changes the code, to check that the tests fail
//
// A run depends only on its draws, so that a seed reproduces a failure. Go itself makes
// three random choices: which of several woken goroutines runs first, which ready case
// a select takes, and the order of a map. So each goroutine has a name and its own
// random bits, waiting calls are sorted by name, and no select in the checkout makes a
// visible choice. Only the concurrent profile, whose calls do not stop at the gate,
// depends on Go's order of goroutines.
package modeltest
