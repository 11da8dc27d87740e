package store

import (
	"crypto/tls"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrUnverified says that anybody between this machine and the database could read
// and change what is sent. It names no part of the URL: any may be the password.
var ErrUnverified = errors.New("the database is on another host, and the URL does not verify it: add sslmode=verify-full")

// CheckVerified returns ErrUnverified unless each host that the URL names is this
// machine, or is verified by its certificate and its name (sslmode=verify-full).
func CheckVerified(databaseURL string) error {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil || databaseURL == "" {
		return errDatabaseURL
	}
	c := config.ConnConfig
	if !verified(c.Host, c.Port, c.TLSConfig) {
		return ErrUnverified
	}
	for _, other := range c.Fallbacks {
		if !verified(other.Host, other.Port, other.TLSConfig) {
			return ErrUnverified
		}
	}
	return nil
}

func verified(host string, port uint16, config *tls.Config) bool {
	network, _ := pgconn.NetworkAddress(host, port)
	ip := net.ParseIP(host)
	here := network == "unix" || host == "localhost" || ip != nil && ip.IsLoopback()
	return here || config != nil && !config.InsecureSkipVerify
}
