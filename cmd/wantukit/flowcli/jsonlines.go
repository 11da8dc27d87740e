package flowcli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// maxLine is the longest line of the input, in bytes. No server accepts headers of
// this size.
const maxLine = 1 << 20

// inputLine is one line of the input. The value of a header is a string or a list of
// strings. Other values are ignored.
type inputLine struct {
	UA      *string        `json:"ua"`
	Headers map[string]any `json:"headers"`
}

// outputLine is one line of the output.
type outputLine struct {
	Device    flow.DeviceKind `json:"device"`
	Container flow.Container  `json:"container"`
	Program   bool            `json:"program"`
	AlipayCN  flow.Flow       `json:"alipay_cn"`
	AlipayHK  flow.Flow       `json:"alipay_hk"`
	WeChat    flow.Flow       `json:"wechat"`
	Reason    string          `json:"reason"`
}

// errorLine is the output for a line that cannot be read. So the output has one line
// for each line of the input that is not blank.
type errorLine struct {
	Error string `json:"error"`
}

// explainLines writes one line to out for each line of in, in order. It writes as
// soon as there is nothing more to read. It skips blank lines. A line that cannot be
// parsed does not stop it: the error names the first one.
func explainLines(in io.Reader, out io.Writer, shop checkout.Merchant) error {
	r, w := bufio.NewReaderSize(in, maxLine), bufio.NewWriter(out)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	failures, firstFailure := 0, ""
	for number := 1; ; number++ {
		line, readErr := readLine(r)
		if readErr != nil && !errors.Is(readErr, io.EOF) && !errors.Is(readErr, bufio.ErrBufferFull) {
			return errors.Join(fmt.Errorf("reading line %d: %w", number, readErr), w.Flush())
		}
		if answer, err := answerLine(line, readErr, shop); err != nil {
			if failures++; firstFailure == "" {
				firstFailure = fmt.Sprintf("line %d: %v", number, err)
			}
			_ = encoder.Encode(errorLine{fmt.Sprintf("line %d: %v", number, err)}) // Flush returns the error
		} else if answer != nil {
			_ = encoder.Encode(answer) // Flush returns the error
		}
		if r.Buffered() == 0 || errors.Is(readErr, io.EOF) {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		if errors.Is(readErr, io.EOF) {
			break
		}
	}
	if failures > 0 {
		return gatewaycli.Usage(fmt.Errorf("%s (%d in all)", firstFailure, failures))
	}
	return nil
}

// readLine reads the next line. It skips a line that is too long, and returns
// bufio.ErrBufferFull.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return nil, bufio.ErrBufferFull
}

// answerLine returns the output for a line, or nil for a blank line. readErr is the
// error of readLine.
func answerLine(line []byte, readErr error, shop checkout.Merchant) (*outputLine, error) {
	if errors.Is(readErr, bufio.ErrBufferFull) {
		return nil, errors.New("over 1 MiB")
	}
	if strings.TrimSpace(string(line)) == "" {
		return nil, nil //nolint:nilnil // a blank line has no output and no error
	}
	var question inputLine
	if err := json.Unmarshal(line, &question); err != nil {
		return nil, errors.New(`not an object {"ua": "…", "headers": {…}}`)
	}
	d := flow.Detect(question.header().Get)
	choice := func(w flow.Wallet) flow.Choice { return shop.ChooseFlow(d, w) }
	return &outputLine{
		Device: d.Kind, Container: d.Container, Program: d.Program,
		AlipayCN: choice(flow.WalletAlipayCN).Flow, AlipayHK: choice(flow.WalletAlipayHK).Flow,
		WeChat: choice(flow.WalletWeChat).Flow, Reason: choice(flow.WalletWeChat).Reason,
	}, nil
}

// header returns the headers of a line. "ua" replaces a User-Agent in "headers".
func (l inputLine) header() http.Header {
	h := http.Header{}
	for name, value := range l.Headers {
		switch v := value.(type) {
		case string:
			h.Set(name, v)
		case []any:
			h.Set(name, joinTexts(v))
		}
	}
	if l.UA != nil {
		h.Set("User-Agent", *l.UA)
	}
	return h
}

// joinTexts returns a list of strings as the value of one header.
func joinTexts(values []any) string {
	var texts []string
	for _, v := range values {
		if text, isString := v.(string); isString {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, ", ")
}
