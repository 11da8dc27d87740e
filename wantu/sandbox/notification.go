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

// notifyWithFault sends one notification as the fault changes it. It reports whether the
// merchant acknowledged it.
func (s *Sandbox) notifyWithFault(ctx context.Context, number string, fault Fault) bool {
	if fault.Kind == FaultDrop {
		s.recordTry(ctx, number, Try{At: s.config.Now().UTC(), Fault: fault.Kind}, errDropped)
		return false
	}
	if fault.Kind == FaultForge {
		_ = s.send(ctx, number, fault, true) // Order.Notifications shows the result
	}
	var acknowledged atomic.Bool
	s.sendCopies(1+fault.Copies, func() error {
		err := s.send(ctx, number, fault, false)
		if err == nil {
			acknowledged.Store(true)
		}
		return err
	})
	s.sendHeld(func(h *heldNotification) bool { return h.isReleasedBy(number) })
	return acknowledged.Load()
}

// sendCopies calls f n times, at the same time. With a Clock it calls f one after the
// other, so that the run can be repeated, and stops at the first timeout: a merchant that
// hangs would cost ten seconds each time.
func (s *Sandbox) sendCopies(n int, f func() error) {
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

// send posts one notification, good or forged, and remembers the result. It sends nothing
// if the order was canceled while a fault held the notification back.
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
	s.recordTry(ctx, number, try, err)
	return err
}

// recordTry remembers an attempt to notify and its result. err is nil if the merchant
// acknowledged.
func (s *Sandbox) recordTry(ctx context.Context, number string, try Try, err error) {
	try.Result, try.Acknowledged = "acknowledged", err == nil
	if err != nil {
		try.Result = err.Error()
		s.config.Logger.WarnContext(ctx, "sandbox: notification not acknowledged",
			"out_trade_no", number, "fault", string(try.Fault), "problem", try.Result)
	}
	s.appendTry(number, try)
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
		return plainError(err)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	response, err := s.client.Do(request)
	if err != nil {
		return plainError(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf(httpStatusPrefix+"%d", response.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, wantu.MaxBody+1))
	if err != nil {
		return plainError(err)
	}
	return checkAcknowledgement(answer)
}

// notification returns the signed body. A forged one is signed with another key.
func (s *Sandbox) notification(o order, forgery Forgery) ([]byte, error) {
	key := s.config.Key
	if forgery != "" {
		key = otherKey(key)
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

// checkAcknowledgement returns nil if return_code is 200, "200" or "SUCCESS".
func checkAcknowledgement(body []byte) error {
	answer, err := wantu.Decode(body)
	if err != nil {
		return errNotJSON
	}
	if code := answer.Text("return_code"); code != "200" && code != "SUCCESS" {
		return errRefused
	}
	return nil
}
