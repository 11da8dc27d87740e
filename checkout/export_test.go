package checkout

// QueryInterval is queryInterval, for tests.
var QueryInterval = queryInterval
