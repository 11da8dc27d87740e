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

// maxLine bounds a line of the input, in bytes. No server takes headers as
// long.
const maxLine = 1 << 20

// asked is one line of the input. A header's value may be a text or a list of
// texts; any other is not a header and is passed over.
type asked struct {
	UA      *string        `json:"ua"`
	Headers map[string]any `json:"headers"`
}

// answered is one line of the output.
type answered struct {
	Device    flow.DeviceKind `json:"device"`
	Container flow.Container  `json:"container"`
	AlipayCN  flow.Flow       `json:"alipay_cn"`
	AlipayHK  flow.Flow       `json:"alipay_hk"`
	WeChat    flow.Flow       `json:"wechat"`
	Reason    string          `json:"reason"`
}

// failed stands in the output for a line that cannot be read, so that the
// answers stay beside their questions.
type failed struct {
	Error string `json:"error"`
}

// explainLines answers each line of in by one of out, in order, as soon as
// there is nothing more to read. Blank lines are passed over. Lines that cannot
// be read do not stop it; the error names the first of them.
func explainLines(in io.Reader, out io.Writer, shop checkout.Merchant) error {
	r, w := bufio.NewReaderSize(in, maxLine), bufio.NewWriter(out)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	bad, first := 0, ""
	for number := 1; ; number++ {
		line, readErr := readLine(r)
		if readErr != nil && !errors.Is(readErr, io.EOF) && !errors.Is(readErr, bufio.ErrBufferFull) {
			return errors.Join(fmt.Errorf("reading line %d: %w", number, readErr), w.Flush())
		}
		if answer, err := answerLine(line, readErr, shop); err != nil {
			if bad++; first == "" {
				first = fmt.Sprintf("line %d: %v", number, err)
			}
			_ = encoder.Encode(failed{fmt.Sprintf("line %d: %v", number, err)}) // Flush tells
		} else if answer != nil {
			_ = encoder.Encode(answer) // Flush tells
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
	if bad > 0 {
		return gatewaycli.Usage(fmt.Errorf("%s (%d in all)", first, bad))
	}
	return nil
}

// readLine reads up to the next line break. bufio.ErrBufferFull says that the
// line was too long, and has been passed over.
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

// answerLine returns nil for a blank line.
func answerLine(line []byte, readErr error, shop checkout.Merchant) (*answered, error) {
	if errors.Is(readErr, bufio.ErrBufferFull) {
		return nil, errors.New("over 1 MiB")
	}
	if strings.TrimSpace(string(line)) == "" {
		return nil, nil //nolint:nilnil // a blank line is neither
	}
	var question asked
	if err := json.Unmarshal(line, &question); err != nil {
		return nil, errors.New(`not an object {"ua": "…", "headers": {…}}`)
	}
	d := flow.Detect(question.header().Get)
	choice := func(w flow.Wallet) flow.Choice { return shop.ChooseFlow(d, w) }
	return &answered{
		Device: d.Kind, Container: d.Container,
		AlipayCN: choice(flow.WalletAlipayCN).Flow, AlipayHK: choice(flow.WalletAlipayHK).Flow,
		WeChat: choice(flow.WalletWeChat).Flow, Reason: choice(flow.WalletWeChat).Reason,
	}, nil
}

// header returns the headers of a question. "ua" goes before a User-Agent
// among them.
func (a asked) header() http.Header {
	h := http.Header{}
	for name, value := range a.Headers {
		switch v := value.(type) {
		case string:
			h.Set(name, v)
		case []any:
			h.Set(name, joined(v))
		}
	}
	if a.UA != nil {
		h.Set("User-Agent", *a.UA)
	}
	return h
}

// joined is a list of texts as one header has them.
func joined(values []any) string {
	var texts []string
	for _, v := range values {
		if text, is := v.(string); is {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, ", ")
}
