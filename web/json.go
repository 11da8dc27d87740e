package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"reflect"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// maxAPIBody is the largest size of an API request's body in bytes.
const maxAPIBody = 64 << 10

// byteOrderMark is at the start of UTF-8 text from some proxies and libraries.
const byteOrderMark = "\ufeff"

// readJSON reads the body, one JSON object, into a struct. It reads all fields that it can,
// and returns a FieldError for each of the others in faults, joined. err is a refusal of
// the whole body. readJSON refuses unknown fields, because a typo in a name would lose the
// value. The body [] is an empty object: PHP writes one so.
func readJSON(c echo.Context, into any) (faults, err error) {
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if kind != echo.MIMEApplicationJSON {
		return nil, &refusal{codeMediaType, "the body must be application/json"}
	}
	body, err := readBody(c, maxAPIBody)
	if err != nil {
		return nil, err
	}
	body = bytes.TrimPrefix(body, []byte(byteOrderMark))
	if isEmptyList(body) {
		return nil, nil
	}
	return decodeObject(body, fieldsOf(into))
}

// readNothing is readJSON for a request without fields, which may have no body.
func readNothing(c echo.Context) error {
	if c.Request().ContentLength == 0 {
		return nil
	}
	faults, err := readJSON(c, &struct{}{})
	return errors.Join(err, faults)
}

// decodeObject decodes each member of a JSON object into its field. It is stricter than
// encoding/json, which takes the last value of a field that is there twice, takes a name in
// another case, such as Amount, and changes some values (see checkValue).
func decodeObject(body []byte, fields map[string]any) (faults, err error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, errNotObject()
	}
	var all []error
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		var value json.RawMessage
		if err != nil || !ok || decoder.Decode(&value) != nil {
			return nil, errNotObject()
		}
		into, known := fields[name]
		switch {
		case !known:
			all = append(all, &checkout.FieldError{Field: shortened(name), Code: checkout.FieldUnknown, Problem: "is not a field of this request"})
		case seen[name]:
			all = append(all, &checkout.FieldError{Field: name, Code: checkout.FieldRepeated, Problem: "is there twice"})
		default:
			all = append(all, decodeField(name, value, into))
		}
		seen[name] = true
	}
	if _, err := decoder.Token(); err != nil { // the closing brace
		return nil, errNotObject()
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, &refusal{codeUnreadable, "the body holds more than one JSON object"}
	}
	return errors.Join(all...), nil
}

// fieldsOf returns pointers to the fields of a request, a pointer to a struct, by their
// names in the json tags.
func fieldsOf(request any) map[string]any {
	fields := map[string]any{}
	value := reflect.ValueOf(request).Elem()
	for i := range value.NumField() {
		name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = value.Field(i).Addr().Interface()
	}
	return fields
}

// decodeField decodes the value of a field. It returns a FieldError, and then leaves the
// field as it was.
func decodeField(name string, value json.RawMessage, into any) error {
	if err := checkValue(name, value); err != nil {
		return err
	}
	if list, is := into.(objectList); is {
		return list.decode(name, value)
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var fault fieldValueError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fault):
		return &checkout.FieldError{Field: name, Problem: string(fault)}
	case errors.As(err, &kind):
		return &checkout.FieldError{Field: name, Problem: "must not have a JSON " + kind.Value + " here"}
	default:
		return &checkout.FieldError{Field: name, Problem: "cannot be read"}
	}
}

// objectList is a field that is a list of objects.
type objectList interface {
	// decode decodes the value of the field. It returns a FieldError for each field of an
	// object that is wrong, joined: its name is such as line_items[0].amount.
	decode(name string, value json.RawMessage) error
}

// maxObjects is how many objects a list in a request may have, so that an answer never
// names thousands of faults.
const maxObjects = 100

// objects is a list of objects whose fields are those of T, a struct.
type objects[T any] []T

func (o *objects[T]) decode(name string, value json.RawMessage) error {
	var members []json.RawMessage
	if json.Unmarshal(value, &members) != nil {
		return &checkout.FieldError{Field: name, Problem: "must be a list of objects"}
	}
	if len(members) > maxObjects {
		return &checkout.FieldError{Field: name, Problem: "has over " + strconv.Itoa(maxObjects) + " objects"}
	}
	list := make([]T, len(members))
	var all []error
	for i, member := range members {
		place := name + "[" + strconv.Itoa(i) + "]"
		faults, err := decodeObject(member, fieldsOf(&list[i]))
		if err != nil {
			all = append(all, &checkout.FieldError{Field: place, Problem: "must be an object"})
		}
		for _, fault := range checkout.FieldErrors(faults) {
			fault.Field = place + "." + fault.Field
			all = append(all, fault)
		}
	}
	*o = list
	return errors.Join(all...)
}

func errNotObject() error {
	return &refusal{codeUnreadable, "the body is not a JSON object that can be read"}
}
