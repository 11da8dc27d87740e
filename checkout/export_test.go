package checkout

// QueryInterval is queryInterval, for tests.
var QueryInterval = queryInterval

// RefundWait is refundWait, for tests.
var RefundWait = refundWait
