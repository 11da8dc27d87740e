package wantu_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

func TestOrderListIsSent(t *testing.T) {
	t.Parallel()
	fields := sentFields(t, "order-list", "order_list=[]", func(c *wantu.Client) error {
		response, err := c.OrderList(context.Background(), span(week))
		if response.OrderList == nil || len(response.OrderList) != 0 {
			t.Errorf("got %v", response.OrderList)
		}
		return err
	})
	equalFields(t, fields, withCommonFields("1", wantu.Fields{
		"start_date": "2018-02-08 10:58:41", "end_date": "2018-02-15 10:58:41",
	}))
}

func TestOrderListChecksItsFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request wantu.OrderListRequest
		want    string
	}{
		"no channel":        {wantu.OrderListRequest{StartDate: fixedTime(), EndDate: fixedTime()}, "pay_channel"},
		"no start":          {wantu.OrderListRequest{PayChannel: 1, EndDate: fixedTime()}, "start_date"},
		"no end":            {wantu.OrderListRequest{PayChannel: 1, StartDate: fixedTime()}, "end_date"},
		"end before start":  {span(-time.Second), "end_date"},
		"more than 7 days":  {span(week + time.Second), "end_date"},
		"10 years in error": {span(520 * week), "end_date"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := offlineClient(t).OrderList(context.Background(), c.request)
			wantFieldError(t, err, c.want)
		})
	}
}

// TestOrderListVectors reads rows in every spelling.
func TestOrderListVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readTestdata[[]struct {
		Name, List                       string
		Refused                          bool
		Type                             wantu.TradeType
		TradeID, OutTradeNo, OutRefundNo string
		TotalFee                         string
		Fee                              int64
		NoFee                            bool   `json:"no_fee"` // whether it has no amount in minor units
		Time                             string // date_added, if it is unreadable
	}](t, "orderlist.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			members := `"return_code":200,"order_list":` + v.List
			message, _ := wantu.Decode([]byte("{" + members + "}")) // on an error the signature does not matter
			body := "{" + members + `,"sign":"` + wantu.Sign(message.Fields(), canary) + `"}`
			client := newClient(t, wantu.Config{HTTPClient: alwaysAnswers(200, body, nil)})
			response, err := client.OrderList(context.Background(), span(time.Hour))
			if v.Refused {
				if !errors.Is(err, wantu.ErrMalformed) || response.OrderList != nil {
					t.Errorf("read as %+v, %v", response, err)
				}
				return
			}
			if err != nil || len(response.OrderList) != 1 {
				t.Fatalf("read as %+v, %v", response, err)
			}
			got := response.OrderList[0]
			if got.Type != v.Type || got.TradeID != v.TradeID || got.OutTradeNo != v.OutTradeNo ||
				got.OutRefundNo != v.OutRefundNo || got.TotalFee.String() != v.TotalFee {
				t.Errorf("read as %+v, want %+v", got, v)
			}
			if got.DateAdded.IsZero() && got.DateAddedText != v.Time || v.Time != "" && !got.DateAdded.IsZero() {
				t.Errorf("date_added is read as %q, %v", got.DateAddedText, got.DateAdded)
			}
			if fee, err := got.Fee(); fee != v.Fee || (err != nil) != v.NoFee {
				t.Errorf("fee %d, %v", fee, err)
			}
		})
	}
}
