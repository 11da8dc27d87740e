package worker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
)

const (
	webhookTimeout = 15 * time.Second
	// MinWebhookKey is the length in bytes of the shortest key that Standard
	// Webhooks allows.
	MinWebhookKey = 24
	// newWebhookKey is the length in bytes of the key of NewWebhookSecret.
	newWebhookKey = 32
	// maxAnswerRead is how many bytes of an answer's body are read. The body decides
	// nothing, but reading it lets the connection be reused. The first maxAnswerKept
	// are recorded.
	maxAnswerRead = 4 << 10
	maxAnswerKept = 512
)

// webhookArgs is the job that delivers one event to an endpoint.
type webhookArgs struct {
	EventID string `json:"event_id" river:"unique"`
	// Endpoint is "" for checkout.DefaultEndpoint: so the job is the same as that of a
	// version which knew no other endpoint.
	Endpoint string `json:"endpoint,omitempty" river:"unique"`
	// Tried is how often delivery was tried before there was a job.
	Tried int `json:"tried,omitempty"`
	// next is when the next try is due. Work sets it for NextRetry, because River calls
	// NextRetry with the same job.
	next time.Time
}

// Kind implements river.JobArgs.
func (webhookArgs) Kind() string { return "webhook" }

// newArgs returns the job of an event for an endpoint.
func newArgs(eventID, endpoint string) webhookArgs {
	if endpoint == checkout.DefaultEndpoint {
		endpoint = ""
	}
	return webhookArgs{EventID: eventID, Endpoint: endpoint}
}

// endpoint returns the ID of the endpoint.
func (a webhookArgs) endpoint() string { return cmp.Or(a.Endpoint, checkout.DefaultEndpoint) }

type webhookWorker struct {
	river.WorkerDefaults[webhookArgs]
	*courier
	// stopping is closed when the worker stops. It ends the wait for a slot.
	stopping <-chan struct{}
}

// triesOf returns which try a run of a job is.
func triesOf(job *river.Job[webhookArgs]) int { return job.Args.Tried + job.Attempt }

// NextRetry implements river.Worker. Without a time from Work, which a panic leaves, it
// follows the schedule.
func (w *webhookWorker) NextRetry(job *river.Job[webhookArgs]) time.Time {
	if !job.Args.next.IsZero() {
		return job.Args.next
	}
	return w.clock.Now().Add(retryDelay(triesOf(job), w.random(), 0))
}

// target is where and how the webhooks of one endpoint are sent.
type target struct {
	url *url.URL
	// header has the fields that are the same in each request.
	header http.Header
	// signers sign with the current secret, then with the previous one.
	signers   []signer
	transport http.RoundTripper
	// mask hides secrets in the shop's answers.
	mask *strings.Replacer
}

// signer signs with one secret, until a time unless that is zero.
type signer struct {
	*webhooks.Webhook
	until time.Time
}

// newTarget returns the target of an endpoint. It fails if the URL or a secret is
// malformed. transport is nil for a new one.
func newTarget(e Endpoint, transport http.RoundTripper, resolver *net.Resolver) (to target, err error) {
	to = target{transport: transport, mask: newMask(e)}
	if err := to.setURL(e.URL); err != nil {
		return to, err
	}
	if transport == nil {
		to.transport = newTransport(e, to.url.Scheme == "http", resolver)
	}
	keys, err := e.Keys()
	if err != nil {
		return to, fmt.Errorf("a secret %w", err)
	}
	for i, key := range keys {
		own, err := webhooks.NewWebhookRaw(key)
		if err != nil {
			return to, errors.New("a secret cannot sign")
		}
		to.signers = append(to.signers, signer{Webhook: own})
		if i > 0 {
			to.signers[i].until = e.PreviousUntil
		}
	}
	return to, nil
}

// NewWebhookSecret returns a new secret in the form of Endpoint.Secret.
func NewWebhookSecret(random io.Reader) (string, error) {
	var key [newWebhookKey]byte
	if _, err := io.ReadFull(random, key[:]); err != nil {
		return "", fmt.Errorf("reading random bits: %w", err)
	}
	return "whsec_" + base64.StdEncoding.EncodeToString(key[:]), nil
}

// Keys returns the keys of Secret and PreviousSecret. It fails if one of them is malformed. The
// error holds no part of it.
func (e Endpoint) Keys() ([][]byte, error) {
	secrets := []string{e.Secret}
	if e.PreviousSecret != "" {
		secrets = append(secrets, e.PreviousSecret)
	}
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) < MinWebhookKey { // err may quote the secret
			return nil, fmt.Errorf("is not whsec_ and base64 of %d bytes or more", MinWebhookKey)
		}
		keys[i] = key
	}
	return keys, nil
}

// setURL sets the URL and the fields that are the same in each request.
func (t *target) setURL(address string) (err error) {
	if t.url, err = parsedURL(address); err != nil {
		return err
	}
	t.header = http.Header{"Content-Type": {"application/json"}, "User-Agent": {"wantukit"}}
	if user := t.url.User; user != nil {
		password, _ := user.Password()
		t.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	return nil
}

// answer is what a shop answered. status is 0 if there was no answer.
type answer struct {
	status int
	// body is the first part of the body without secrets, maxAnswerKept bytes at most.
	body string
}

// send posts an event. It fails if the answer is not 2xx, or if the exchange takes longer
// than webhookTimeout.
func (t target) send(ctx context.Context, e checkout.Event, now func() time.Time) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	request, err := t.request(ctx, e, now())
	if err != nil {
		return answer{}, err
	}
	// A transport, unlike a client, follows no redirect. Its errors do not contain
	// the URL, which may hold a secret of the shop, but can quote a whole line of the
	// answer.
	response, err := t.transport.RoundTrip(request)
	if errors.Is(err, context.DeadlineExceeded) {
		return answer{}, fmt.Errorf("posting: no answer within %s", webhookTimeout)
	}
	if err != nil {
		return answer{}, errors.New("posting: " + t.start(err.Error())) // it may quote what the shop sent
	}
	defer func() { _ = response.Body.Close() }()
	got := answer{response.StatusCode, t.readStart(response.Body)}
	if response.StatusCode/100 != 2 {
		return got, &answerError{response.StatusCode, retryAfter(response.Header.Get("Retry-After"), now())}
	}
	return got, nil
}

// readStart reads maxAnswerRead bytes of a body at most, and returns the first
// maxAnswerKept without secrets.
func (t target) readStart(body io.Reader) string {
	read, _ := io.ReadAll(io.LimitReader(body, maxAnswerRead))
	return t.start(string(read))
}

// start returns the first maxAnswerKept bytes of a text without secrets. It hides secrets
// before it cuts, so that no part of one is left at the end.
func (t target) start(text string) string {
	text = apikey.Hide(t.mask.Replace(text))
	return text[:min(len(text), maxAnswerKept)]
}

// request returns the signed request for an event.
func (t target) request(ctx context.Context, e checkout.Event, now time.Time) (*http.Request, error) {
	body, err := json.Marshal(e.Public())
	if err != nil {
		return nil, fmt.Errorf("encoding event %s: %w", e.ID, err)
	}
	signatures := make([]string, 0, len(t.signers))
	for _, s := range t.signers {
		if !s.until.IsZero() && now.After(s.until) {
			continue
		}
		signature, err := s.Sign(e.ID, now, body)
		if err != nil {
			return nil, fmt.Errorf("signing event %s: %w", e.ID, err)
		}
		signatures = append(signatures, signature)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	to := *t.url // a transport may change it
	request.URL, request.Host, request.Header = &to, to.Host, t.header.Clone()
	request.Header.Set("Webhook-Id", e.ID)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("Webhook-Signature", strings.Join(signatures, " "))
	return request, nil
}
