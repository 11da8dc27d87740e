package store

import (
	"crypto/tls"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrUnverified means that the connection to a database on another host is not
// protected: someone on the network could read and change the data. It quotes no
// part of the URL, because any part may be the password.
var ErrUnverified = errors.New("the database is on another host, and the URL does not verify it: add sslmode=verify-full")

// CheckVerified checks each host in the URL. It returns ErrUnverified if one is
// neither this machine nor verified by its certificate and its name
// (sslmode=verify-full). It returns another error if the URL is malformed.
func CheckVerified(databaseURL string) error {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil || databaseURL == "" {
		return ErrDatabaseURL
	}
	c := config.ConnConfig
	if !isVerified(c.Host, c.Port, c.TLSConfig) {
		return ErrUnverified
	}
	for _, fallback := range c.Fallbacks {
		if !isVerified(fallback.Host, fallback.Port, fallback.TLSConfig) {
			return ErrUnverified
		}
	}
	return nil
}

func isVerified(host string, port uint16, config *tls.Config) bool {
	network, _ := pgconn.NetworkAddress(host, port)
	ip := net.ParseIP(host)
	isLocal := network == "unix" || host == "localhost" || ip != nil && ip.IsLoopback()
	return isLocal || config != nil && !config.InsecureSkipVerify
}
