package checkout

// QueryInterval is queryInterval, for tests.
var QueryInterval = queryInterval

// RefundInterval is refundInterval, for tests.
var RefundInterval = refundInterval
