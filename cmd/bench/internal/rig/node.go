package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	readyWithin = 2 * time.Minute
	stopWithin  = time.Minute
	readyEvery  = 2 * time.Millisecond
)

// Plan says how to run the checkout.
type Plan struct {
	// Binary is the path of wantukit.
	Binary string
	// Folder has the configuration, the log, and the data of SQLite. It exists.
	Folder string
	// DatabaseURL is that of PostgreSQL, or "" for SQLite in Folder.
	DatabaseURL string
	// Addr is where the node listens. Defaults to a free port of the loopback interface.
	Addr string
	// PublicAddr is the host and port that browsers use. Defaults to Addr.
	PublicAddr string
	// Wrapper is a program that runs the checkout, with its arguments, or nil. It must
	// replace itself by the checkout.
	Wrapper []string

	Gateway       *Gateway
	Told, Hanging *Shop
}

// Node is a running checkout.
type Node struct {
	// Addr is its host and port.
	Addr string
	// ReadyAfter is how long it took from its start until it was ready.
	ReadyAfter time.Duration

	command *exec.Cmd
	ended   chan struct{}
	log     string
}

// Start starts a checkout and waits until it is ready. It fails if it ends, or is not
// ready after two minutes; the error has the end of its log.
func Start(ctx context.Context, p Plan) (*Node, error) {
	if p.Addr == "" {
		var err error
		if p.Addr, err = freeAddr(ctx); err != nil {
			return nil, err
		}
	}
	if p.PublicAddr == "" {
		p.PublicAddr = p.Addr
	}
	config := filepath.Join(p.Folder, "shops.yaml")
	if err := os.WriteFile(config, []byte(shops(p.Gateway, p.Told, p.Hanging)), 0o600); err != nil {
		return nil, err
	}
	args := append(append([]string{}, p.Wrapper...), p.Binary, "serve", "--addr", p.Addr, "--public-url", "http://"+p.PublicAddr,
		"--config", config, "--data", dataFolder(p), "--drain-for", "0s", "--log-level", "warn")
	n := &Node{Addr: p.Addr, ended: make(chan struct{}), log: filepath.Join(p.Folder, "log")}
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	n.command = exec.CommandContext(ctx, args[0], args[1:]...) // #nosec G204 -- the program to measure
	n.command.Stdout, n.command.Stderr = log, log
	n.command.Env = append(os.Environ(), "WANTUKIT_SECRET=a secret of the benchmark: 32 bytes or more")
	if p.DatabaseURL != "" {
		n.command.Env = append(n.command.Env, "WANTUKIT_DATABASE_URL="+p.DatabaseURL)
	}
	begin := time.Now()
	err = errors.Join(n.command.Start(), log.Close())
	if err != nil {
		return nil, err
	}
	go func() { _ = n.command.Wait(); close(n.ended) }()
	if err := n.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	n.ReadyAfter = time.Since(begin)
	return n, nil
}

func dataFolder(p Plan) string { return filepath.Join(p.Folder, "data") }

// freeAddr returns a free port of the loopback interface.
func freeAddr(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitReady waits until /readyz says yes.
func (n *Node) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.Addr+"/readyz", nil)
		if err != nil {
			return err
		}
		response, err := client.Do(r)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-n.ended:
			return fmt.Errorf("the checkout has ended: %s", n.logEnd())
		case <-ctx.Done():
			return fmt.Errorf("the checkout is not ready: %w\n%s", ctx.Err(), n.logEnd())
		case <-time.After(readyEvery):
		}
	}
}

// logEnd returns the end of the log.
func (n *Node) logEnd() string {
	text, _ := os.ReadFile(n.log)
	return string(text[max(0, len(text)-2000):])
}

// Stop ends the checkout as a supervisor does, and kills it after a minute.
func (n *Node) Stop() error {
	_ = n.command.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-n.ended:
		return nil
	case <-time.After(stopWithin):
		return errors.Join(fmt.Errorf("the checkout has not ended within %s", stopWithin), n.Kill())
	}
}

// Kill kills the checkout, if it has not ended.
func (n *Node) Kill() error {
	err := n.command.Process.Kill()
	<-n.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// PID returns the process's ID.
func (n *Node) PID() int { return n.command.Process.Pid }

// Memory returns the resident memory of the checkout in bytes.
func (n *Node) Memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.PID()))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(text, []byte("VmRSS:"))
	fields := strings.Fields(string(rest))
	if len(fields) == 0 {
		return 0, errors.New("/proc tells no resident memory")
	}
	kilobytes, err := strconv.ParseInt(fields[0], 10, 64)
	return kilobytes << 10, err
}
