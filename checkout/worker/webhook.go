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
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/wantukit/wantukit/checkout"
)

const (
	webhookTimeout = 15 * time.Second
	// MinWebhookKey is the least length of a webhook key that Standard Webhooks allows,
	// in bytes.
	MinWebhookKey = 24
	// answerRead is how much of a shop's answer is read, to reuse its
	// connection; nothing in it matters.
	answerRead = 4 << 10
)

// webhookArgs is the job of telling a shop of one event.
type webhookArgs struct {
	EventID string `json:"event_id"`
	// asked is what the shop's last answer asked to wait. It passes from Work
	// to NextRetry, which River calls with the same job.
	asked time.Duration
}

// Kind implements river.JobArgs.
func (webhookArgs) Kind() string { return "webhook" }

type webhookWorker struct {
	river.WorkerDefaults[webhookArgs]
	events Events
	sender *sender
	random func() float64
	clock  checkout.Clock
	logger *slog.Logger
}

// NextRetry implements river.Worker.
func (w *webhookWorker) NextRetry(job *river.Job[webhookArgs]) time.Time {
	return w.clock.Now().Add(wait(job.Attempt, w.random(), job.Args.asked))
}

// Payload is the body of a webhook: an event with the session as it left it.
type Payload struct {
	ID        string             `json:"id"`
	Type      checkout.EventType `json:"type"`
	Timestamp time.Time          `json:"timestamp"`
	// Data is null where the event is about no session.
	Data *checkout.PublicSession `json:"data"`
	// Refund and Difference are there in events about one.
	Refund     *checkout.PublicRefund `json:"refund,omitempty"`
	Difference *checkout.Difference   `json:"difference,omitempty"`
}

func payloadOf(e checkout.Event) Payload {
	p := Payload{ID: e.ID, Type: e.Type, Timestamp: e.CreatedAt.UTC(), Refund: e.Refund, Difference: e.Difference}
	if e.SessionID != "" {
		p.Data = &e.Session
	}
	return p
}

// sender signs and posts webhooks.
type sender struct {
	targets map[string]target
	clock   checkout.Clock
}

type target struct {
	url string
	// signers are of the current secret, then of the previous one.
	signers   []*webhooks.Webhook
	transport http.RoundTripper
}

// newSender returns a sender.
func newSender(c Config) (*sender, error) {
	s := &sender{targets: map[string]target{}, clock: c.Clock}
	for merchant, e := range c.Endpoints {
		if e.URL == "" {
			continue
		}
		to := target{url: e.URL, transport: c.Transport}
		if c.Transport == nil {
			to.transport = newTransport(e, c.Resolver)
		}
		secrets := []string{e.Secret}
		if e.PreviousSecret != "" {
			secrets = append(secrets, e.PreviousSecret)
		}
		for _, secret := range secrets {
			key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
			if err != nil || len(key) < MinWebhookKey { // the error's text may quote the secret
				return nil, fmt.Errorf("worker: a webhook secret of %q is not whsec_ and base64 of %d bytes or more", merchant, MinWebhookKey)
			}
			signer, err := webhooks.NewWebhookRaw(key)
			if err != nil {
				return nil, fmt.Errorf("worker: a webhook secret of %q cannot sign", merchant)
			}
			to.signers = append(to.signers, signer)
		}
		s.targets[merchant] = to
	}
	return s, nil
}

// send posts an event to its shop. Only a 2xx answer is a success; all of it
// ends with the timeout.
func (s *sender) send(ctx context.Context, e checkout.Event) error {
	to, ok := s.targets[e.Merchant]
	if !ok {
		return errNoEndpoint
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	request, err := to.request(ctx, e, s.clock.Now())
	if err != nil {
		return err
	}
	// The transport alone follows no redirect, and its errors lack the URL,
	// which may hold a secret of the shop's.
	response, err := to.transport.RoundTrip(request)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("posting: no answer within %s", webhookTimeout)
	}
	if err != nil {
		return fmt.Errorf("posting: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, answerRead))
	if response.StatusCode/100 != 2 {
		return &answerError{response.StatusCode, retryAfter(response.Header.Get("Retry-After"), s.clock.Now())}
	}
	return nil
}

func (t target) request(ctx context.Context, e checkout.Event, now time.Time) (*http.Request, error) {
	body, err := json.Marshal(payloadOf(e))
	if err != nil {
		return nil, fmt.Errorf("writing event %s: %w", e.ID, err)
	}
	signatures := make([]string, len(t.signers))
	for i, signer := range t.signers {
		if signatures[i], err = signer.Sign(e.ID, now, body); err != nil {
			return nil, fmt.Errorf("signing event %s: %w", e.ID, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("making the request: the URL of the endpoint is malformed")
	}
	if user := request.URL.User; user != nil {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "wantukit")
	request.Header.Set("Webhook-Id", e.ID)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("Webhook-Signature", strings.Join(signatures, " "))
	return request, nil
}
