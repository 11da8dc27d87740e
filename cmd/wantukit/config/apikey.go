package config

import (
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout/apikey"
)

// APIKey is an entry of api_keys. In the file it is an object with these fields, or Key
// alone.
type APIKey struct {
	// Name is as in apikey.Configured. Defaults to the place in the list.
	Name string `yaml:"name"`
	// Key is the key itself. Either Key or Hash is needed.
	Key Confidential `yaml:"key"`
	// Hash is the SHA-256 of the key, as 64 hexadecimal digits.
	Hash string `yaml:"hash"`
	// Scopes are read, create and refund. Defaults to all.
	Scopes []apikey.Scope `yaml:"scopes"`
	// ExpiresAt is a time of RFC 3339. Defaults to never.
	ExpiresAt string `yaml:"expires_at"`

	isObject bool
}

// UnmarshalYAML implements [yaml.InterfaceUnmarshaler].
func (k *APIKey) UnmarshalYAML(unmarshal func(any) error) error {
	if err := unmarshal(&k.Key); err == nil {
		return nil
	}
	type fields APIKey // it has no UnmarshalYAML
	k.isObject = true
	return unmarshal((*fields)(k))
}

// keyField is the name of the field with the key itself, at a place of api_keys.
func (k *APIKey) keyField(i int) string {
	if k.isObject {
		return fmt.Sprintf("api_keys[%d].key", i)
	}
	return fmt.Sprintf("api_keys[%d]", i)
}

// configured returns the key for web.Merchant. i is its place in api_keys, for errors.
func (k *APIKey) configured(i int) (c apikey.Configured, err error) {
	c = apikey.Configured{Name: k.Name, Secret: apikey.Secret(k.Key), Scopes: k.Scopes}
	if k.Hash != "" {
		if c.Hash, err = apikey.ParseHash(k.Hash); err != nil {
			return c, fmt.Errorf("api_keys[%d].hash %w", i, err)
		}
	}
	if k.ExpiresAt != "" {
		if c.EndsAt, err = time.Parse(time.RFC3339, k.ExpiresAt); err != nil { // do not wrap the error: it has the text
			return c, fmt.Errorf("api_keys[%d].expires_at is not a time such as 2026-12-31T18:00:00+08:00", i)
		}
	}
	if k.Scopes != nil && len(k.Scopes) == 0 {
		return c, fmt.Errorf("api_keys[%d].scopes is empty: leave it out for a key that may do everything", i)
	}
	return c, nil
}

// configuredKeys returns the shop's keys for web.Merchant.
func (s *Shop) configuredKeys() ([]apikey.Configured, error) {
	all := make([]apikey.Configured, 0, len(s.APIKeys))
	for i := range s.APIKeys {
		c, err := s.APIKeys[i].configured(i)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// Keys returns the API keys of the file. It fails if one is wrong.
func (s *Shop) Keys() ([]apikey.Key, error) {
	configured, err := s.configuredKeys()
	if err != nil {
		return nil, err
	}
	return apikey.KeysOf(s.ID, configured)
}

func (s *Shop) checkAPIKeys() error {
	keys, err := s.Keys()
	if err != nil {
		return err
	}
	for i, k := range keys {
		if k.Hash == apikey.HashOf(DemoAPIKey) {
			return fmt.Errorf("api_keys[%d] is the demo's own", i)
		}
	}
	return nil
}

// checkKeysApart fails if an API key is there twice: a key must name one merchant, and
// one name.
func checkKeysApart(shops []Shop) error {
	type place struct {
		merchant string
		i        int
	}
	places := map[apikey.Hash]place{}
	for n := range shops {
		s := &shops[n]
		keys, err := s.Keys()
		if err != nil {
			return err
		}
		for i, k := range keys {
			switch other, taken := places[k.Hash]; {
			case taken && other.merchant != s.ID:
				return fmt.Errorf("merchant %q: api_keys[%d] is also an API key of merchant %q", s.ID, i, other.merchant)
			case taken:
				return fmt.Errorf("merchant %q: api_keys[%d] is api_keys[%d]", s.ID, i, other.i)
			}
			places[k.Hash] = place{s.ID, i}
		}
	}
	return nil
}
