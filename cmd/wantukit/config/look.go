package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// defaultTimeZone is where most of the shops are.
const defaultTimeZone = "Asia/Hong_Kong"

// maxLogo is the largest size of a logo, in bytes: each page loads it.
const maxLogo = 64 << 10

// checkLook refuses what the pages could not show.
func (s *Shop) checkLook() error {
	if s.Branding.Color != "" {
		if err := templates.CheckColor(s.Branding.Color); err != nil {
			return fmt.Errorf("branding.color %w", err)
		}
	}
	if _, err := time.LoadLocation(s.timeZone()); err != nil {
		return errors.New("time_zone is not a name such as Asia/Hong_Kong")
	}
	if s.Branding.Logo == "" {
		return nil
	}
	if static.ImageType(s.Branding.Logo) == "" {
		return errors.New("branding.logo is not a .svg, .png, .webp or .jpg")
	}
	info, err := os.Stat(s.Branding.Logo)
	switch {
	case err != nil:
		return fmt.Errorf("branding.logo: %w", err)
	case info.Size() == 0 || info.Size() > maxLogo:
		return fmt.Errorf("branding.logo is empty or larger than %d bytes", maxLogo)
	}
	return nil
}

func (s *Shop) timeZone() string {
	if s.TimeZone == "" {
		return defaultTimeZone
	}
	return s.TimeZone
}

// Location is where the shop tells the time.
func (s *Shop) Location() *time.Location {
	at, err := time.LoadLocation(s.timeZone())
	if err != nil { // check has seen it
		return time.UTC
	}
	return at
}

// LogoName is the name under which the shop's logo is served, "" for none.
func (s *Shop) LogoName() string {
	if s.Branding.Logo == "" {
		return ""
	}
	id := sha256.Sum256([]byte(s.ID)) // which may hold what no URL does
	return "logo-" + hex.EncodeToString(id[:4]) + strings.ToLower(filepath.Ext(s.Branding.Logo))
}

// Logos reads the shops' logos, by the name under which each is served.
func Logos(shops []Shop) (map[string][]byte, error) {
	logos := map[string][]byte{}
	for _, s := range shops {
		if s.Branding.Logo == "" {
			continue
		}
		body, err := os.ReadFile(s.Branding.Logo)
		if err != nil {
			return nil, fmt.Errorf("merchant %q: branding.logo: %w", s.ID, err)
		}
		logos[s.LogoName()] = body
	}
	return logos, nil
}
