package worker

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/wantukit/wantukit/checkout"
)

// Endpoint is where a shop is told, and the secret that signs it.
type Endpoint struct {
	URL string
	// Secret is "whsec_" and base64 of 24 bytes or more, as Standard Webhooks
	// has it.
	Secret string
}

// webhookSchedule is how long after a try the next one comes: 75 hours of
// patience with a shop that is down.
var webhookSchedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

const (
	webhookTimeout = 15 * time.Second
	// minWebhookKey is the least key in bytes that Standard Webhooks allows.
	minWebhookKey = 24
	// answerRead is how much of a shop's answer is read, to reuse its
	// connection; nothing in it matters.
	answerRead = 4 << 10
)

// webhookArgs is the job of telling a shop of one event.
type webhookArgs struct {
	EventID string `json:"event_id"`
}

// Kind implements river.JobArgs.
func (webhookArgs) Kind() string { return "webhook" }

type webhookWorker struct {
	river.WorkerDefaults[webhookArgs]
	events Events
	sender *sender
	logger *slog.Logger
}

// Work implements river.Worker.
func (w *webhookWorker) Work(ctx context.Context, job *river.Job[webhookArgs]) error {
	e, err := w.events.Event(ctx, job.Args.EventID)
	if err != nil {
		return fmt.Errorf("reading event %s: %w", job.Args.EventID, err)
	}
	if err := w.sender.send(ctx, e); err != nil {
		w.logger.Warn("webhook not delivered", "event", e.ID, "type", e.Type, "session", e.SessionID,
			"try", job.Attempt, "error", err)
		return err
	}
	return nil
}

// NextRetry implements river.Worker.
func (w *webhookWorker) NextRetry(job *river.Job[webhookArgs]) time.Time {
	i := min(max(job.Attempt, 1), len(webhookSchedule)) - 1
	return time.Now().Add(webhookSchedule[i])
}

// Payload is the body of a webhook: an event with the session as it left it.
type Payload struct {
	ID        string                 `json:"id"`
	Type      checkout.EventType     `json:"type"`
	Timestamp time.Time              `json:"timestamp"`
	Data      checkout.PublicSession `json:"data"`
	// Refund is there in events about one.
	Refund *checkout.PublicRefund `json:"refund,omitempty"`
}

// sender signs and posts webhooks.
type sender struct {
	client  *http.Client
	targets map[string]target
}

type target struct {
	url    string
	signer *webhooks.Webhook
}

func newSender(endpoints map[string]Endpoint, transport http.RoundTripper) (*sender, error) {
	s := &sender{targets: map[string]target{}, client: &http.Client{
		Transport: transport, Timeout: webhookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for merchant, e := range endpoints {
		if e.URL == "" {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(e.Secret, "whsec_"))
		if err != nil || len(key) < minWebhookKey { // the error's text may quote the secret
			return nil, fmt.Errorf("worker: the webhook secret of %q is not whsec_ and base64 of %d bytes or more", merchant, minWebhookKey)
		}
		signer, err := webhooks.NewWebhookRaw(key)
		if err != nil {
			return nil, fmt.Errorf("worker: the webhook secret of %q cannot sign", merchant)
		}
		s.targets[merchant] = target{e.URL, signer}
	}
	return s, nil
}

// send posts an event to its shop. Only a 2xx answer is a success.
func (s *sender) send(ctx context.Context, e checkout.Event) error {
	to, ok := s.targets[e.Merchant]
	if !ok {
		return river.JobCancel(fmt.Errorf("merchant %q has no webhook endpoint any more", e.Merchant))
	}
	request, err := to.request(ctx, e, time.Now())
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // the URL may hold a secret of the shop's
		}
		return fmt.Errorf("posting: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, answerRead))
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the shop answered %d", response.StatusCode)
	}
	return nil
}

func (t target) request(ctx context.Context, e checkout.Event, now time.Time) (*http.Request, error) {
	body, err := json.Marshal(Payload{e.ID, e.Type, e.CreatedAt.UTC(), e.Session, e.Refund})
	if err != nil {
		return nil, fmt.Errorf("writing event %s: %w", e.ID, err)
	}
	signature, err := t.signer.Sign(e.ID, now, body)
	if err != nil {
		return nil, fmt.Errorf("signing event %s: %w", e.ID, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "wantukit")
	request.Header.Set("Webhook-Id", e.ID)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("Webhook-Signature", signature)
	return request, nil
}
