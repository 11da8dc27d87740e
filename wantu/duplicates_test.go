package wantu_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

func TestDuplicates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statements [][]string // the order numbers of their trades
		want       [][]string // without the duplicates
	}{
		"one statement":                         {[][]string{{"a", "b"}}, [][]string{{"a", "b"}}},
		"two without a common trade":            {[][]string{{"a"}, {"b"}}, [][]string{{"a"}, {"b"}}},
		"two with the same trades":              {[][]string{{"a", "b"}, {"b", "a"}}, [][]string{{"a", "b"}, nil}},
		"equal trades in one statement":         {[][]string{{"a", "a"}}, [][]string{{"a", "a"}}},
		"equal trades in both":                  {[][]string{{"a", "a"}, {"a", "a"}}, [][]string{{"a", "a"}, nil}},
		"one more in the second":                {[][]string{{"a"}, {"a", "a"}}, [][]string{{"a"}, {"a"}}},
		"one more in the second, in three":      {[][]string{{"a"}, {"a", "a"}, {"a", "a", "b"}}, [][]string{{"a"}, {"a"}, {"b"}}},
		"the third repeats the first":           {[][]string{{"a"}, {"b"}, {"b", "a", "c"}}, [][]string{{"a"}, {"b"}, {"c"}}},
		"the second is empty, the third is not": {[][]string{{"a"}, nil, {"a"}}, [][]string{{"a"}, nil, nil}},
	} {
		duplicates := wantu.NewDuplicates()
		for i, statement := range c.statements {
			isDuplicate := duplicates.NextStatement()
			var got []string
			for _, number := range statement {
				if !isDuplicate(wantu.Trade{OutTradeNo: number}) {
					got = append(got, number)
				}
			}
			if !slices.Equal(got, c.want[i]) {
				t.Errorf("%s: statement %d leaves %v, want %v", name, i+1, got, c.want[i])
			}
		}
	}
}

// TestDuplicatesComparesTheWholeTrade changes one field at a time.
func TestDuplicatesComparesTheWholeTrade(t *testing.T) {
	t.Parallel()
	first := wantu.Trade{
		Type: wantu.TypeRefund, TradeID: "1000", OutTradeNo: "a", RefundID: "1000_0", OutRefundNo: "r",
		TotalFee: wantu.MinorUnits(100, 2), FeeType: "HKD", DateAdded: fixedTime(), DateAddedText: "2018-02-08 10:58:41",
	}
	for name, c := range map[string]struct {
		change func(*wantu.Trade)
		want   bool
	}{
		"the same":                      {func(*wantu.Trade) {}, true},
		"the same time in another zone": {func(trade *wantu.Trade) { trade.DateAdded = trade.DateAdded.In(time.UTC) }, true},
		"another type":                  {func(trade *wantu.Trade) { trade.Type = wantu.TypePayment }, false},
		"another trade_id":              {func(trade *wantu.Trade) { trade.TradeID = "1001" }, false},
		"another order":                 {func(trade *wantu.Trade) { trade.OutTradeNo = "b" }, false},
		"another refund_id":             {func(trade *wantu.Trade) { trade.RefundID = "1000_1" }, false},
		"another out_refund_no":         {func(trade *wantu.Trade) { trade.OutRefundNo = "s" }, false},
		"another amount":                {func(trade *wantu.Trade) { trade.TotalFee = wantu.MinorUnits(101, 2) }, false},
		"another currency":              {func(trade *wantu.Trade) { trade.FeeType = "CNY" }, false},
		"another time":                  {func(trade *wantu.Trade) { trade.DateAdded = trade.DateAdded.Add(time.Second) }, false},
	} {
		duplicates := wantu.NewDuplicates()
		if duplicates.NextStatement()(first) {
			t.Fatal("the first trade is a duplicate")
		}
		second := first
		c.change(&second)
		if got := duplicates.NextStatement()(second); got != c.want {
			t.Errorf("%s: duplicate %t, want %t", name, got, c.want)
		}
	}
}
