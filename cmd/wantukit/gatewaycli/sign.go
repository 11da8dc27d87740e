package gatewaycli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/wantukit/wantukit/wantu"
)

// signVerb signs a JSON object.
type signVerb struct {
	message
	account
	Body   bool `xor:"what" env:"-" help:"Print the whole object with its signature, ready to be posted."`
	String bool `xor:"what" env:"-" help:"Print the string that is signed, without the key."`
}

// Run implements kong's command.
func (v *signVerb) Run(s Streams) error {
	m, raw, err := v.read(s)
	if err != nil {
		return err
	}
	if v.String {
		return s.print("%skey=[key]", s.readable(wantu.SigningString(m.Fields())))
	}
	shop, err := v.shop()
	if err != nil {
		return err
	}
	key := string(shop.Gateway.Key)
	if !v.Body {
		return s.print("%s", wantu.Sign(m.Fields(), key))
	}
	body, err := addSignature(raw, key)
	if err != nil {
		return err
	}
	return s.print("%s", body)
}

// addSignature returns the object with its signature. It does not change how numbers
// are written.
func addSignature(raw []byte, key string) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, err
	}
	return wantu.Encode(object, key)
}

// verifyVerb checks the signature of a JSON object.
type verifyVerb struct {
	message
	account
}

// Run implements kong's command.
func (v *verifyVerb) Run(s Streams) error {
	m, _, err := v.read(s)
	if err != nil {
		return err
	}
	shop, err := v.shop()
	if err != nil {
		return err
	}
	switch {
	case m.Verify(string(shop.Gateway.Key)) == nil:
		return s.print("the signature is right")
	case m.Verify(string(shop.Gateway.PreviousKey)) == nil:
		return s.print("the signature is right, under the previous key")
	}
	return &noError{wantu.ErrSignature.Error()}
}

// message is the argument that names a JSON object.
type message struct {
	File string `arg:"" optional:"" type:"existingfile" help:"File with the JSON object. Defaults to standard input, which - names too."`
}

// read reads the object and decodes it strictly, as the gateway does. It also
// returns the object's text.
func (m message) read(s Streams) (wantu.Message, []byte, error) {
	in := s.In
	if m.File != "" && m.File != "-" {
		file, err := os.Open(m.File)
		if err != nil {
			return wantu.Message{}, nil, fmt.Errorf("reading the message: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, wantu.MaxBody+1))
	if err != nil {
		return wantu.Message{}, nil, fmt.Errorf("reading the message: %w", err)
	}
	decoded, err := wantu.Decode(raw)
	if err != nil {
		return wantu.Message{}, nil, usage("%v", err)
	}
	return decoded, raw, nil
}
