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
	// MinWebhookKey is the length in bytes of the shortest key that Standard
	// Webhooks allows.
	MinWebhookKey = 24
	// maxAnswerRead is how many bytes of an answer's body are read. The body does
	// not matter, but reading it lets the connection be reused.
	maxAnswerRead = 4 << 10
)

// webhookArgs is the job that delivers one event to a shop.
type webhookArgs struct {
	EventID string `json:"event_id"`
	// delay is the delay that the shop's last answer requested. Work sets it for
	// NextRetry, because River calls NextRetry with the same job.
	delay time.Duration
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
	return w.clock.Now().Add(retryDelay(job.Attempt, w.random(), job.Args.delay))
}

// Payload is the body of a webhook: an event, and its session as it was right after the
// event.
type Payload struct {
	ID        string             `json:"id"`
	Type      checkout.EventType `json:"type"`
	Timestamp time.Time          `json:"timestamp"`
	// Data is null if the event has no session.
	Data *checkout.PublicSession `json:"data"`
	// Refund and Difference are set in events about one.
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

// target is the endpoint of one merchant.
type target struct {
	url string
	// signers sign with the current secret, then with the previous one.
	signers   []*webhooks.Webhook
	transport http.RoundTripper
}

// newSender returns a sender for the endpoints of c, or an error if a secret is
// malformed.
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
			if err != nil || len(key) < MinWebhookKey { // err may quote the secret
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

// send posts an event to its shop. It fails if the answer is not 2xx, or if the
// exchange takes longer than webhookTimeout. It returns errNoEndpoint if the
// merchant has no endpoint.
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
	// A transport, unlike a client, follows no redirect. Its errors do not contain
	// the URL, which may hold a secret of the shop.
	response, err := to.transport.RoundTrip(request)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("posting: no answer within %s", webhookTimeout)
	}
	if err != nil {
		return fmt.Errorf("posting: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswerRead))
	if response.StatusCode/100 != 2 {
		return &answerError{response.StatusCode, retryAfter(response.Header.Get("Retry-After"), s.clock.Now())}
	}
	return nil
}

// request returns the signed request for an event.
func (t target) request(ctx context.Context, e checkout.Event, now time.Time) (*http.Request, error) {
	body, err := json.Marshal(payloadOf(e))
	if err != nil {
		return nil, fmt.Errorf("encoding event %s: %w", e.ID, err)
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
