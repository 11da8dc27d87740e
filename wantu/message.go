package wantu

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
)

// Message is one JSON object of the protocol, decoded strictly. A number keeps its
// literal text: 0.10 stays "0.10", so nothing is ever rounded.
type Message struct {
	values map[string]value
}

type kind byte

const (
	kindString kind = iota + 1
	kindLiteral
	kindNested
	kindNull
)

// value is the value of one member. text is the decoded text of a string, the
// literal of a number or boolean, or the JSON of an object or array.
type value struct {
	kind kind
	text string
}

// Decode reads one JSON object. It does not check the signature: see
// [Message.Verify]. It returns [ErrMalformed]
//
//   - for a body that is not one JSON object, or has anything after the object;
//   - for a body beyond [MaxBody] or [MaxDepth];
//   - for two names in one object that are equal or differ only in case;
//   - for bytes that are not UTF-8, and for an escape of half a surrogate pair.
func Decode(body []byte) (Message, error) { return decode(body, MaxBody) }

func decode(body []byte, limit int) (Message, error) {
	if err := checkJSON(body, limit); err != nil {
		return Message{}, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return Message{}, malformed("not a JSON object")
	}
	values := make(map[string]value, len(members))
	for name, raw := range members {
		values[name] = decodeValue(raw)
	}
	return Message{values: values}, nil
}

// trimByteOrderMark removes the byte order mark that a proxy may have put before a
// body.
func trimByteOrderMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\ufeff")) }

func decodeValue(raw json.RawMessage) value {
	switch raw[0] {
	case '"':
		var text string
		_ = json.Unmarshal(raw, &text) // cannot fail: the whole body is valid JSON
		return value{kind: kindString, text: text}
	case '{', '[':
		return value{kind: kindNested, text: string(raw)}
	case 'n':
		return value{kind: kindNull}
	default:
		return value{kind: kindLiteral, text: string(raw)}
	}
}

// Text returns the text of a string, or the literal of a number or boolean. It
// returns "" when name is missing, null, an object or an array.
func (m Message) Text(name string) string {
	v := m.values[name]
	if v.kind == kindNested {
		return ""
	}
	return v.text
}

// Has reports whether the message has a member with this name, even if it is null.
func (m Message) Has(name string) bool {
	_, ok := m.values[name]
	return ok
}

// Fields returns the values that the signature covers: every string, number and
// boolean that is not empty, except "sign". Objects and arrays are not signed.
func (m Message) Fields() Fields {
	fields := make(Fields, len(m.values))
	for name, v := range m.values {
		if name != signField && v.kind != kindNested && v.text != "" {
			fields[name] = v.text
		}
	}
	return fields
}

// Verify returns [ErrSignature] unless "sign" is a string with the message's
// signature under key.
func (m Message) Verify(key string) error {
	sign := m.values[signField]
	if sign.kind != kindString || !Verify(m.Fields(), sign.text, key) {
		return ErrSignature
	}
	return nil
}

// Object returns the object in the member name. The member may also be a string
// that contains the object. It returns [ErrMalformed] for anything else. No
// signature covers the members of an object that is not a string.
func (m Message) Object(name string) (Message, error) {
	v := m.values[name]
	if v.kind != kindNested && v.kind != kindString {
		return Message{}, malformed(name + " is not an object")
	}
	object, err := Decode([]byte(v.text))
	if err != nil {
		return Message{}, fmt.Errorf("%s: %w", name, err)
	}
	return object, nil
}

// Encode returns object as JSON, with its signature under key in "sign". It replaces
// a "sign" that object already has, and does not change object. A [json.Number] keeps
// its literal text, and that text is signed. Encode returns [ErrMalformed] where
// [Decode] would, except that the JSON may be as large as [MaxStatement]. It returns
// another error for a value that [json.Marshal] refuses.
func Encode(object map[string]any, key string) ([]byte, error) {
	signed := make(map[string]any, len(object)+1)
	maps.Copy(signed, object)
	signed[signField] = Sign(nil, key) // any signature, so that decode checks the final size
	body, err := marshal(signed)
	if err != nil {
		return nil, err
	}
	message, err := decode(body, MaxStatement)
	if err != nil {
		return nil, err
	}
	signed[signField] = Sign(message.Fields(), key)
	return marshal(signed)
}

func marshal(object map[string]any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		return nil, fmt.Errorf("encode a message: %w", err)
	}
	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}
