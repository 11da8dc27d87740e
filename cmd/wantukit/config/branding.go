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
	_ "time/tzdata" // for machines without a time zone database

	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// defaultTimeZone is the time zone of a shop that names none.
const defaultTimeZone = "Asia/Hong_Kong"

// maxLogo is the largest size of a logo, in bytes. Each page loads it.
const maxLogo = 64 << 10

// checkBranding checks the color, the logo and the time zone.
func (s *Shop) checkBranding() error {
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

// location returns the time zone in which the shop's pages tell the time.
func (s *Shop) location() *time.Location {
	location, err := time.LoadLocation(s.timeZone())
	if err != nil { // check has loaded it before
		return time.UTC
	}
	return location
}

// logoName returns the name under which the shop's logo is served, or "" for
// none.
func (s *Shop) logoName() string {
	if s.Branding.Logo == "" {
		return ""
	}
	id := sha256.Sum256([]byte(s.ID)) // the ID itself may hold characters that a URL cannot
	return "logo-" + hex.EncodeToString(id[:4]) + strings.ToLower(filepath.Ext(s.Branding.Logo))
}

// readLogo returns the shop's logo, or nil for none.
func (s *Shop) readLogo() ([]byte, error) {
	if s.Branding.Logo == "" {
		return nil, nil
	}
	logo, err := os.ReadFile(s.Branding.Logo)
	if err != nil {
		return nil, fmt.Errorf("branding.logo: %w", err)
	}
	return logo, nil
}
