package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

const notifyTimeout = 10 * time.Second // of real time, also with a Clock

// notify sends what fault makes of one notification and reports whether it was
// acknowledged.
func (s *Sandbox) notify(ctx context.Context, number string, fault Fault) bool {
	if fault.Kind == FaultDrop {
		s.log(ctx, number, Try{At: s.config.Now().UTC(), Fault: fault.Kind}, errDropped)
		return false
	}
	if fault.Kind == FaultForge {
		_ = s.send(ctx, number, fault, true) // the log tells
	}
	var taken atomic.Bool
	s.together(1+fault.Copies, func() error {
		err := s.send(ctx, number, fault, false)
		if err == nil {
			taken.Store(true)
		}
		return err
	})
	s.release(func(h *hold) bool { return h.waitsFor(number) })
	return taken.Load()
}

// together runs f n times: at once, or, with a Clock, one after the other, so
// that the run can be repeated. There it ends at a time-out: each takes ten
// seconds, and a merchant that hangs would be waited for again and again.
func (s *Sandbox) together(n int, f func() error) {
	var all sync.WaitGroup
	for range n {
		if s.config.Clock == nil {
			all.Go(func() { _ = f() })
			continue
		}
		if errors.Is(f(), errTimeout) {
			break
		}
	}
	all.Wait()
}

// send posts one notification, good or forged, and remembers what came of it.
// An order that was canceled while a fault held its notification back is not
// paid any more: there is nothing to tell.
func (s *Sandbox) send(ctx context.Context, number string, fault Fault, forged bool) error {
	o, err := s.orders.change(number, nil)
	if err != nil {
		return err
	}
	if o.Status != StatusSuccess {
		return ErrNotPaid
	}
	try := Try{At: s.config.Now().UTC(), Fault: fault.Kind, Forged: forged}
	if !forged {
		fault.Forgery = ""
	}
	err = s.post(ctx, o, fault.Forgery)
	s.log(ctx, number, try, err)
	return err
}

// log remembers a try that ended with err, nil when it was acknowledged.
func (s *Sandbox) log(ctx context.Context, number string, try Try, err error) {
	try.Result, try.Acknowledged = "acknowledged", err == nil
	if err != nil {
		try.Result = err.Error()
		s.config.Logger.WarnContext(ctx, "sandbox: notification not acknowledged",
			"out_trade_no", number, "fault", string(try.Fault), "problem", try.Result)
	}
	s.remember(number, try)
}

// post sends the notification of o. Manual 2.6.
func (s *Sandbox) post(ctx context.Context, o order, forgery Forgery) error {
	body, err := s.notification(o, forgery)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.notifyURL, bytes.NewReader(body))
	if err != nil {
		return failure(err)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	response, err := s.client.Do(request)
	if err != nil {
		return failure(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf(httpStatus+"%d", response.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, wantu.MaxBody+1))
	if err != nil {
		return failure(err)
	}
	return acknowledged(answer)
}

// notification is the signed body. A forged one is signed with another key.
func (s *Sandbox) notification(o order, forgery Forgery) ([]byte, error) {
	key := s.config.Key
	if forgery != "" {
		key = wrongKey(key)
	}
	return wantu.Encode(map[string]any{
		"return_code":      "200", // a string, as in the manual's example
		"return_msg":       "SUCCESS",
		"merchant_account": s.config.MerchantAccount,
		"total_fee":        o.TotalFee + map[Forgery]int64{ForgeHigher: 1, ForgeLower: -1}[forgery],
		"fee_type":         o.FeeType,
		"subject":          o.Subject,
		"out_trade_no":     o.OutTradeNo,
		"trade_id":         o.TradeID,
		"trade_status":     o.tradeStatus(),
		"trade_time":       o.tradeTime(),
		"attach":           o.Attach,
	}, key)
}

// acknowledged returns nil for return_code 200, "200" and "SUCCESS".
func acknowledged(body []byte) error {
	answer, err := wantu.Decode(body)
	if err != nil {
		return errNotJSON
	}
	if code := answer.Text("return_code"); code != "200" && code != "SUCCESS" {
		return errRefused
	}
	return nil
}
