package sandbox_test

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// goName returns the name of the struct field for a name of the manual: QRCodeURL for
// qrcode_url, and PrepayID for prepayid. It returns "" if there is none.
func goName(of any, name string) string {
	if of == nil {
		return ""
	}
	if other, has := map[string]string{
		"data": "order_string", "out_trade_id": "out_trade_no", "out_refund_id": "out_refund_no", "refund_fee=type": "refund_fee_type",
	}[name]; has {
		name = other
	}
	for f := range reflect.TypeOf(of).Fields() {
		if strings.EqualFold(f.Name, strings.ReplaceAll(name, "_", "")) {
			return f.Name
		}
	}
	return ""
}

// goValue returns the value of that field, or nil if there is none.
func goValue(of any, name string) any {
	field := goName(of, name)
	if field == "" {
		return nil
	}
	return reflect.ValueOf(of).FieldByName(field).Interface()
}

// member returns the struct that has the last part of a name with a dot: the last row of
// order_list, or the parameters for a wallet.
func member(of any, name string) (inner any, prefix, last string) {
	outer, last, nested := strings.Cut(name, ".")
	if !nested {
		return of, "", name
	}
	if outer == "data" {
		outer = "parameters"
	}
	value := reflect.ValueOf(goValue(of, outer))
	if value.Kind() == reflect.Slice {
		value = value.Index(value.Len() - 1)
	}
	return value.Interface(), goName(of, outer) + ".", last
}

// textOf returns a value of the client as the text in a message.
func textOf(value any) string {
	if at, is := value.(time.Time); is {
		return gatewayTime(at)
	}
	if v := reflect.ValueOf(value); v.CanInt() {
		return strconv.FormatInt(v.Int(), 10)
	}
	return fmt.Sprint(value)
}

// gatewayTime returns a time as the gateway writes it. It does not use the client's code.
func gatewayTime(at time.Time) string { return at.UTC().Add(8 * time.Hour).Format(time.DateTime) }

// with returns a copy of a struct with another value in one field; nil means the zero
// value.
func with[T any](of T, goName string, value any) T {
	copied := reflect.New(reflect.TypeOf(of)).Elem()
	copied.Set(reflect.ValueOf(of))
	field := copied.FieldByName(goName)
	if value == nil {
		field.SetZero()
	} else {
		field.Set(reflect.ValueOf(value).Convert(field.Type()))
	}
	changed, _ := copied.Interface().(T)
	return changed
}
