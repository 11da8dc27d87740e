package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // for machines without a time zone database

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// defaultTimeZone is the time zone of a shop that names none.
const defaultTimeZone = "Asia/Hong_Kong"

// maxPicture is the largest size of a logo and of a mark, in bytes. Each page loads them.
const maxPicture = 64 << 10

// checkBranding checks the color, the pictures and the time zone.
func (s *Shop) checkBranding() error {
	if s.Branding.Color != "" {
		if err := templates.CheckColor(s.Branding.Color); err != nil {
			return fmt.Errorf("branding.color %w", err)
		}
	}
	if _, err := time.LoadLocation(s.timeZone()); err != nil {
		return errors.New("time_zone is not a name such as Asia/Hong_Kong")
	}
	if err := s.checkMarks(); err != nil || s.Branding.Logo == "" {
		return err
	}
	if static.ImageType(s.Branding.Logo) == "" {
		return errors.New("branding.logo is not a .svg, .png, .webp or .jpg")
	}
	return checkPicture("branding.logo", s.Branding.Logo)
}

// checkMarks checks that each mark is of a wallet, and a picture.
func (s *Shop) checkMarks() error {
	for _, w := range slices.Sorted(maps.Keys(s.Branding.Marks)) {
		path, field := s.Branding.Marks[w], markField(w)
		if !slices.Contains(flow.Wallets(), w) {
			return fmt.Errorf("%s is not of a wallet, such as %s", field, flow.WalletWeChat)
		}
		if kind := static.ImageType(path); kind != "image/svg+xml" && kind != "image/png" {
			return fmt.Errorf("%s is not a .svg or .png", field)
		}
		if err := checkPicture(field, path); err != nil {
			return err
		}
	}
	return nil
}

// markField is the name of the field of a wallet's mark.
func markField(w flow.Wallet) string { return "branding.marks." + string(w) }

// checkPicture checks the size of the picture that a field names.
func checkPicture(field, path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", field, err)
	case info.Size() == 0 || info.Size() > maxPicture:
		return fmt.Errorf("%s is empty or larger than %d bytes", field, maxPicture)
	}
	return nil
}

// resolvePictures makes the relative paths of the pictures begin at folder.
func (s *Shop) resolvePictures(folder string) {
	if s.Branding.Logo != "" {
		s.Branding.Logo = resolvePath(folder, s.Branding.Logo)
	}
	for w, path := range s.Branding.Marks {
		s.Branding.Marks[w] = resolvePath(folder, path)
	}
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
	return s.pictureName("logo", s.Branding.Logo)
}

// markNames returns the names under which the shop's marks are served.
func (s *Shop) markNames() map[flow.Wallet]string {
	names := map[flow.Wallet]string{}
	for w, path := range s.Branding.Marks {
		names[w] = s.pictureName(string(w), path)
	}
	return names
}

// pictureName returns the name under which a picture of the shop is served.
func (s *Shop) pictureName(kind, path string) string {
	id := sha256.Sum256([]byte(s.ID)) // the ID itself may hold characters that a URL cannot
	return kind + "-" + hex.EncodeToString(id[:4]) + strings.ToLower(filepath.Ext(path))
}

// readLogo returns the shop's logo, or nil for none.
func (s *Shop) readLogo() ([]byte, error) {
	if s.Branding.Logo == "" {
		return nil, nil
	}
	return readPicture("branding.logo", s.Branding.Logo)
}

// readMarks returns the shop's marks.
func (s *Shop) readMarks() (map[flow.Wallet][]byte, error) {
	marks := map[flow.Wallet][]byte{}
	for w, path := range s.Branding.Marks {
		mark, err := readPicture(markField(w), path)
		if err != nil {
			return nil, err
		}
		marks[w] = mark
	}
	return marks, nil
}

// readPicture reads the picture that a field names.
func readPicture(field, path string) ([]byte, error) {
	picture, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return picture, nil
}
