package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// maxAPIBody is the largest size of an API request's body in bytes.
const maxAPIBody = 64 << 10

// byteOrderMark is at the start of UTF-8 text from some proxies and libraries.
const byteOrderMark = "\ufeff"

// readJSON reads the body, one JSON object, into a struct. It refuses unknown fields,
// because a typo in a name would lose the value. Its errors are HTTP errors and
// FieldErrors.
func readJSON(c echo.Context, into any) error {
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if kind != echo.MIMEApplicationJSON {
		return echo.NewHTTPError(http.StatusUnsupportedMediaType, "the body must be application/json")
	}
	body, err := readBody(c, maxAPIBody)
	if err != nil {
		return err
	}
	body = bytes.TrimPrefix(body, []byte(byteOrderMark))
	if err := checkNames(body, fieldNames(into)); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(into); err != nil {
		return decodeError(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return echo.NewHTTPError(http.StatusBadRequest, "the body holds more than one JSON object")
	}
	return nil
}

// checkNames refuses objects that encoding/json would accept: with a field twice, of
// which it takes the last one; with a name in another case, such as Amount; and with
// a value that it would change (see checkValue).
func checkNames(body []byte, known map[string]bool) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return errNotObject()
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		switch {
		case err != nil || !ok:
			return errNotObject()
		case !known[name]:
			return &checkout.FieldError{Field: shortened(name), Problem: "is not a field of this request"}
		case seen[name]:
			return &checkout.FieldError{Field: name, Problem: "is there twice"}
		}
		seen[name] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return errNotObject()
		}
		if err := checkValue(name, value); err != nil {
			return err
		}
	}
	return nil
}

// fieldNames returns the names in the json tags of a request, a pointer to a struct.
func fieldNames(request any) map[string]bool {
	names := map[string]bool{}
	kind := reflect.TypeOf(request).Elem()
	for i := range kind.NumField() {
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}

// decodeError returns the error for the sender. It names the field if it is known.
func decodeError(err error) error {
	var field *checkout.FieldError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &field):
		return field
	case errors.As(err, &kind) && kind.Field != "":
		return &checkout.FieldError{Field: kind.Field, Problem: "must not be a JSON " + kind.Value}
	default:
		return errNotObject()
	}
}

func errNotObject() error {
	return echo.NewHTTPError(http.StatusBadRequest, "the body is not a JSON object that can be read")
}
