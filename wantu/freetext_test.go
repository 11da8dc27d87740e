package wantu_test

import (
	"context"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// TestFreeText: a text that could form other fields under the same signature is refused.
// Any other text arrives unchanged. This is so in each field whose text a shop chooses.
func TestFreeText(t *testing.T) {
	t.Parallel()
	for _, v := range readTestdata[[]struct {
		Text    string
		Refused bool
	}](t, "freetext.json") {
		for field, fill := range map[string]func(*wantu.CreateQRCodeRequest){
			"subject":    func(r *wantu.CreateQRCodeRequest) { r.Subject = v.Text },
			"attach":     func(r *wantu.CreateQRCodeRequest) { r.Attach = v.Text },
			"product_id": func(r *wantu.CreateQRCodeRequest) { r.ProductID = v.Text },
			"device_sn":  func(r *wantu.CreateQRCodeRequest) { r.DeviceSN = v.Text },
		} {
			request := qrRequest()
			fill(&request)
			if v.Refused {
				_, err := offlineClient(t).CreateQRCode(context.Background(), request)
				wantFieldError(t, err, field)
				continue
			}
			arrived := ""
			client := newClient(t, wantu.Config{HTTPClient: inMemory(func(_ string, sent wantu.Message) (int, string, error) {
				if err := sent.Verify(canary); err != nil {
					t.Errorf("%s %q: %v", field, v.Text, err)
				}
				arrived = sent.Text(field)
				return 500, "", nil
			})})
			if _, err := client.CreateQRCode(context.Background(), request); err == nil || arrived != v.Text {
				t.Errorf("%s %q arrives as %q, %v", field, v.Text, arrived, err)
			}
		}
	}
}
