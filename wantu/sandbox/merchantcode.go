package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strconv"
	"sync"

	"github.com/wantukit/wantukit/wantu"
)

// maxMerchantCodes is the largest number of codes that are remembered. For a new code
// beyond it, the oldest is forgotten.
const maxMerchantCodes = 1000

// merchantCode is a code that any number of shoppers may scan.
type merchantCode struct {
	token     string
	channel   wantu.PayChannel
	notifyURL string // "" if payments are not notified
}

// merchantCodes remembers the newest codes.
type merchantCodes struct {
	mu      sync.Mutex
	byToken map[string]merchantCode
	queue   []string // oldest first
}

func newMerchantCodes() *merchantCodes {
	return &merchantCodes{byToken: map[string]merchantCode{}}
}

func (m *merchantCodes) add(code merchantCode) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.byToken[code.token]; known {
		return
	}
	m.byToken[code.token] = code
	m.queue = append(m.queue, code.token)
	if len(m.queue) > maxMerchantCodes {
		delete(m.byToken, m.queue[0])
		m.queue = slices.Delete(m.queue, 0, 1)
	}
}

func (m *merchantCodes) find(token string) (merchantCode, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	code, known := m.byToken[token]
	return code, known
}

// merchantQRCode answers with the text of a code that the store can print. It is the same
// for the same pay_channel and notify_url. Manual 2.12.
func (s *Sandbox) merchantQRCode(c call) reply {
	channel, _ := strconv.Atoi(c.Text("pay_channel")) // checked by fields
	code := merchantCode{channel: wantu.PayChannel(channel), notifyURL: c.Text("notify_url")}
	code.token = s.merchantToken(code)
	s.codes.add(code)
	base := s.config.ScanURL
	if base == "" {
		base = c.publicURL
	}
	return succeed(reply{"qrcode_url": base + "/s/" + code.token})
}

// merchantToken makes the token of a code from its channel and notify_url. So a printed
// code works again after a restart, once the merchant has asked for it again.
func (s *Sandbox) merchantToken(code merchantCode) string {
	mac := hmac.New(sha256.New, []byte(s.config.Key))
	mac.Write([]byte(strconv.Itoa(int(code.channel)) + "\x00" + code.notifyURL))
	token := mac.Sum(nil)[:tokenLength]
	for i, b := range token {
		token[i] = tokenAlphabet[int(b)%len(tokenAlphabet)]
	}
	return string(token)
}
