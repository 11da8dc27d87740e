package sandbox_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

var update = flag.Bool("update", false, "write docs/gateway.md anew")

const coverageFile = "../../docs/gateway.md"

// manualTables are the manual's tables of fields: what the client and the
// sandbox, which were written apart, are both held to.
type manualTables struct {
	Common    []manualField
	Endpoints []struct {
		Name, Section   string
		Request, Answer []manualField
	}
	Notification, Acknowledgement []manualField
}

type manualField struct {
	Name     string
	Required bool
	Max      int // characters; 0 where the manual gives none
}

func (f manualField) rule() string {
	rule := "optional"
	if f.Required {
		rule = "required"
	}
	if f.Max > 0 {
		return fmt.Sprintf("%s, %d", rule, f.Max)
	}
	return rule
}

// lenient are the fields that the manual's table requires and its text or its
// examples leave out. The client is as strict as the table where the example
// alone is at fault.
var lenient = map[string]struct{ why, client string }{
	"refund/refund_fee_type":     {"the example leaves it out", "strict"},
	"merchant-qrcode/notify_url": {"the example leaves it out", "strict"},
	"query/out_trade_no":         {"trade_id will do", "lenient"},
	"web/payment_inst":           {"the text says when to leave it out", "lenient"},
}

// TestEveryFieldAndEveryCode drives each field of each endpoint and each return
// code through the client and the sandbox, and writes down what it saw: that is
// docs/gateway.md. Run it with -update when the table changes.
func TestEveryFieldAndEveryCode(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/tables.json")
	if err != nil {
		t.Fatal(err)
	}
	tables := decode[manualTables](t, string(raw))
	var doc strings.Builder
	doc.WriteString(coverageHead)
	for _, e := range tables.Endpoints {
		fmt.Fprintf(&doc, "\n### `%s` (manual %s)\n\n| request | manual | client | sandbox | test |\n|---|---|---|---|---|\n", e.Name, e.Section)
		for _, f := range slices.Concat(tables.Common, e.Request) {
			c := coverage{endpoint: e.Name, field: f}
			t.Run(e.Name+"/request/"+f.Name, c.request)
			c.row(t, &doc, "request")
		}
		doc.WriteString("\n| answer | manual | sandbox | client | test |\n|---|---|---|---|---|\n")
		for _, f := range e.Answer {
			c := coverage{endpoint: e.Name, field: f}
			t.Run(e.Name+"/answer/"+f.Name, c.answer)
			c.row(t, &doc, "answer")
		}
	}
	everyNotified(t, &doc, tables)
	everyCode(t, &doc)
	compareDoc(t, doc.String())
}

func compareDoc(t *testing.T, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(coverageFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(coverageFile)
	if err != nil || string(got) != want {
		t.Errorf("docs/gateway.md is not what the code does (%v): go test ./wantu/sandbox -run TestEveryFieldAndEveryCode -update", err)
	}
}

// coverage is one row: what client and sandbox were seen to do with a field.
type coverage struct {
	endpoint        string
	field           manualField
	client, sandbox string
}

func (c *coverage) row(t *testing.T, doc *strings.Builder, side string) {
	t.Helper()
	first, second := c.client, c.sandbox
	if side == "answer" {
		first, second = c.sandbox, c.client
	}
	if first == "" || second == "" {
		t.Errorf("%s %s %s: a cell is blank", c.endpoint, side, c.field.Name)
	}
	fmt.Fprintf(doc, "| `%s` | %s | %s | %s | `%s/%s/%s` |\n", c.field.Name, c.field.rule(), first, second, c.endpoint, side, c.field.Name)
}

// request shows what becomes of a field that is there, missing, or too long.
func (c *coverage) request(t *testing.T) {
	p := probes()[c.endpoint]
	b, request := p.ready(t)
	if _, err := p.call(b.client, request); err != nil {
		t.Fatal(err)
	}
	if !b.sent.Has(c.field.Name) || b.sent.Text(c.field.Name) == "" {
		t.Fatalf("the client does not send it")
	}
	c.client = c.clientSide(t, p)
	c.sandbox = c.sandboxSide(t, p)
}

func (c *coverage) exception() (why, client string) {
	of := lenient[c.endpoint+"/"+c.field.Name]
	return of.why, of.client
}

// clientSide leaves the field out and makes it too long, in Go.
func (c *coverage) clientSide(t *testing.T, p probe) string {
	t.Helper()
	name, has := goField(p.request, c.field.Name)
	if !has {
		return c.setByClient(t)
	}
	saw := []string{"`" + name + "`"}
	_, exempt := c.exception()
	b, request := p.ready(t)
	_, err := p.call(b.client, with(request, name, nil))
	switch must := c.field.Required && exempt != "lenient"; {
	case named(err, c.field.Name):
		saw = append(saw, "required")
		if !must {
			t.Errorf("without it: %v, want it to be optional", err)
		}
	case err == nil:
		saw = append(saw, "may be left out")
		if must && c.field.Name != "pay_channel" {
			t.Error("the client sends without it")
		}
	default:
		t.Errorf("without it: %v", err)
	}
	if value, bounded := tooLong(request, name, c.field.Max); bounded {
		if _, err := p.call(b.client, with(request, name, value)); !named(err, c.field.Name) {
			t.Errorf("too long: %v, want it to be named", err)
		}
		saw = append(saw, "bounded")
	}
	return strings.Join(saw, ", ")
}

// setByClient is for what Config gives and what is made for each call.
func (c *coverage) setByClient(t *testing.T) string {
	t.Helper()
	switch c.field.Name {
	case "merchant_account", "store_account":
		return "of `Config`, required, bounded"
	case "send_time", "version", "sign":
		return "set by the client"
	default:
		t.Error("the client has no such field")
		return ""
	}
}

func named(err error, field string) bool {
	var wrong *wantu.FieldError
	return errors.As(err, &wrong) && wrong.Field == field
}

// tooLong returns a value that is one character over the bound, in the type of
// the field. A time is always written in full, so it has none.
func tooLong(request any, goName string, limit int) (any, bool) {
	switch value := reflect.ValueOf(request).FieldByName(goName).Interface().(type) {
	case time.Time:
		return nil, false
	case wantu.PayChannel:
		return 10, true
	case int, int64:
		return int64(wantu.MaxTotalFee) + 1, true
	default:
		if limit == 0 {
			limit = len(fmt.Sprint(value))
		}
		return fmt.Sprint(value) + strings.Repeat("1", limit+1-len([]rune(fmt.Sprint(value)))), true
	}
}

// sandboxSide leaves the field out and makes it too long, over the wire.
func (c *coverage) sandboxSide(t *testing.T, p probe) string {
	t.Helper()
	name := c.field.Name
	b, request := p.ready(t)
	_, _ = p.call(b.client, request) // for b.sent
	if name == "sign" {
		return c.sandboxSign(t, b)
	}
	fresh := func() *bench {
		other, _ := p.ready(t)
		other.sent = b.sent
		return other
	}
	why, _ := c.exception()
	var saw string
	code, desc := fresh().refusal(t, c.endpoint, func(m map[string]any) { delete(m, name) })
	switch must := c.field.Required && why == ""; {
	case code == "200" && !must:
		saw = "may be left out"
		if why != "" {
			saw += " (" + why + ")"
		}
	case code == "303" && desc == name && must:
		saw = "303 without"
	default:
		t.Errorf("without it: %s %s", code, desc)
	}
	code, desc = fresh().refusal(t, c.endpoint, func(m map[string]any) { m[name] = fmt.Sprint(m[name]) + strings.Repeat("1", 257) })
	want := "304"
	if strings.HasSuffix(name, "_account") {
		want = "302" // it is nobody's
	}
	if code != want || desc != name {
		t.Errorf("too long: %s %s, want %s", code, desc, want)
	}
	return saw + ", " + code + " too long"
}

func (c *coverage) sandboxSign(t *testing.T, b *bench) string {
	t.Helper()
	fields := b.sent.Fields()
	fields["sign"] = wantu.Sign(fields, "another key")
	_ = b.post(c.endpoint, marshal(t, fields)).Body.Close()
	wrong := b.answer.Text("return_code")
	delete(fields, "sign")
	_ = b.post(c.endpoint, marshal(t, fields)).Body.Close()
	if missing := b.answer.Text("return_code"); missing != "303" || wrong != "301" {
		t.Errorf("sign missing: %s, wrong: %s", missing, wrong)
	}
	return "303 without, 301 when wrong"
}

// answer shows that the sandbox sends a field and that the client reads it.
func (c *coverage) answer(t *testing.T) {
	p := probes()[c.endpoint]
	b, request := p.ready(t)
	response, err := p.call(b.client, request)
	if err != nil {
		t.Fatal(err)
	}
	list, name, inList := strings.Cut(c.field.Name, ".")
	if inList {
		c.listed(t, b, list, name, response)
		return
	}
	if !b.answer.Has(c.field.Name) {
		t.Errorf("the sandbox does not send it")
	}
	c.sandbox = "sent"
	switch c.field.Name {
	case "return_code":
		c.client = "`APIError.Code`, sentinels"
	case "return_msg":
		c.client = "`APIError.Msg`"
	case "sign":
		c.client = "verified"
	default:
		c.client = readBy(t, response, c.field.Name)
	}
}

// listed shows a member of a row of order_list.
func (c *coverage) listed(t *testing.T, b *bench, list, name string, response any) {
	t.Helper()
	statement, _ := response.(wantu.OrderListResponse)
	rows := statement.OrderList
	refund := slices.IndexFunc(rows, func(trade wantu.Trade) bool { return trade.Type == wantu.TypeRefund })
	if refund < 0 || !strings.Contains(b.rawList(t, list), `"`+name+`"`) {
		t.Fatal("the sandbox does not send it")
	}
	c.sandbox, c.client = "sent", readBy(t, rows[refund], name)
}

// readBy names the Go field that has the value.
func readBy(t *testing.T, response any, name string) string {
	t.Helper()
	goName, has := goField(response, name)
	switch {
	case has && !reflect.ValueOf(response).FieldByName(goName).IsZero():
		return "`" + goName + "`"
	case !has && slices.Contains([]string{"total_fee", "fee_type"}, name):
		return "compared with the request"
	default:
		t.Errorf("the client does not read it")
		return ""
	}
}

func readAll(r io.Reader) []byte {
	body, _ := io.ReadAll(r)
	return body
}
