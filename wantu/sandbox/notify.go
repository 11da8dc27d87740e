package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// defaultSchedule is how WeChat repeats a notification.
func defaultSchedule() []time.Duration {
	return []time.Duration{
		15 * time.Second, 15 * time.Second, 30 * time.Second,
		3 * time.Minute, 10 * time.Minute, 20 * time.Minute,
		30 * time.Minute, 30 * time.Minute, 30 * time.Minute, 60 * time.Minute,
		3 * time.Hour, 3 * time.Hour, 3 * time.Hour, 6 * time.Hour, 6 * time.Hour,
	}
}

const notifyTimeout = 10 * time.Second

// startNotifying runs the schedule of one order. The ledger's lock is held.
func (s *Sandbox) startNotifying(o *order) {
	if s.lifetime.Err() != nil {
		return
	}
	ctx, stop := context.WithCancel(s.lifetime)
	o.stop = stop
	number := o.OutTradeNo
	s.running.Go(func() {
		defer stop()
		s.repeat(ctx, number)
	})
}

// repeat notifies until the merchant acknowledges or the schedule ends.
func (s *Sandbox) repeat(ctx context.Context, number string) {
	for _, wait := range s.config.NotifySchedule {
		if s.due(ctx, number) {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
	s.due(ctx, number)
}

func (s *Sandbox) due(ctx context.Context, number string) bool {
	return !s.muted.Load() && s.notify(ctx, number)
}

// notify sends one notification and reports whether it was acknowledged.
func (s *Sandbox) notify(ctx context.Context, number string) bool {
	o, err := s.orders.change(number, func(o *order) error {
		o.NotifyTries++
		return nil
	})
	if err != nil {
		return false
	}
	if err := s.deliver(ctx, o); err != nil {
		s.config.Logger.WarnContext(ctx, "sandbox: notification not acknowledged",
			"out_trade_no", number, "try", o.NotifyTries, "problem", err.Error())
		return false
	}
	_, err = s.orders.change(number, func(o *order) error {
		o.Acknowledged = true
		return nil
	})
	return err == nil
}

// deliver posts the notification of o. Manual 2.6.
func (s *Sandbox) deliver(ctx context.Context, o order) error {
	body, err := wantu.Encode(map[string]any{
		"return_code":      "200", // a string, as in the manual's example
		"return_msg":       "SUCCESS",
		"merchant_account": s.config.MerchantAccount,
		"total_fee":        o.TotalFee,
		"fee_type":         o.FeeType,
		"subject":          o.Subject,
		"out_trade_no":     o.OutTradeNo,
		"trade_id":         o.TradeID,
		"trade_status":     o.tradeStatus(),
		"trade_time":       o.tradeTime(),
		"attach":           o.Attach,
	}, s.config.Key)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.notifyURL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	return s.send(request)
}

func (s *Sandbox) send(request *http.Request) error {
	response, err := s.client.Do(request)
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err // the URL may hold a token of the merchant's
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, wantu.MaxBody+1))
	if err != nil {
		return err
	}
	return acknowledged(body)
}

// acknowledged returns nil for return_code 200, "200" and "SUCCESS".
func acknowledged(body []byte) error {
	answer, err := wantu.Decode(body)
	if err != nil {
		return err
	}
	if code := answer.Text("return_code"); code != "200" && code != "SUCCESS" {
		return errors.New("return_code is not success")
	}
	return nil
}
