package modeltest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// failures keeps the failing runs of a test: the first one, which has the seed, and the
// shortest one that rapid found. It writes their logs to a file in the folder in
// WANTUKIT_FAILURES.
type failures struct {
	mu              sync.Mutex
	first, shortest *failure
}

// failure is one failing run.
type failure struct {
	message string
	// log has the actions of the run and the outcome of each call.
	log []string
}

func newRecord(t *testing.T) *failures {
	t.Helper()
	r := &failures{}
	t.Cleanup(func() {
		if t.Failed() {
			r.write(t)
		}
	})
	return r
}

// save saves a run that fails. It is deferred, and panics again.
func (r *failures) save(w *world) {
	p := recover()
	if p == nil {
		return
	}
	defer panic(p)
	message := fmt.Sprint(p)
	if strings.HasPrefix(message, "invalid data: ") {
		return // rapid could not draw a value
	}
	if strings.Contains(message, "deadlock") {
		message += "\n" + stuckGoroutines()
	}
	f := &failure{message: message, log: w.lines()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first, r.shortest = cmp.Or(r.first, f), f
}

// stuckGoroutines returns the stacks of goroutines that wait in a synctest bubble.
func stuckGoroutines() string {
	buf := make([]byte, 4<<20)
	var stacks []string
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		if strings.Contains(head, "(durable), synctest bubble") && !strings.Contains(stack, "synctest.Wait(") {
			stacks = append(stacks, stack)
		}
	}
	return strings.Join(stacks, "\n\n")
}

// seedLine matches the line with the seed in a file that rapid writes.
var seedLine = regexp.MustCompile(`(?m)^v[^#\n]*#(\d+)$`)

// seed returns the seed of a test's failing run. It is in the newest file that rapid has
// written for the test.
func seed(test string) (string, error) {
	folder := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' {
			return r
		}
		return '_'
	}, test)
	paths, err := filepath.Glob(filepath.Join("testdata", "rapid", folder, "*.fail"))
	if err != nil || len(paths) == 0 {
		return "", errors.Join(err, errors.New("rapid has written no file for the run"))
	}
	text, err := os.ReadFile(paths[len(paths)-1])
	if err != nil {
		return "", err
	}
	m := seedLine.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s contains no seed", paths[len(paths)-1])
	}
	return string(m[1]), nil
}

// write writes the file.
func (r *failures) write(t *testing.T) {
	t.Helper()
	folder := os.Getenv("WANTUKIT_FAILURES")
	r.mu.Lock()
	defer r.mu.Unlock()
	if folder == "" || r.first == nil {
		return
	}
	rerun := "see the test's output for its seed"
	if n, err := seed(t.Name()); err == nil {
		rerun = fmt.Sprintf("seed %s: go test ./checkout/modeltest -run '^%s$' -rapid.checks=1 -rapid.seed=%s", n, strings.ReplaceAll(t.Name(), "/", "$/^"), n)
	}
	text := fmt.Sprintf("%s failed: %s\n%s\n\nThe shortest failing run (%s):\n%s\n\nThe run of the seed:\n%s\n",
		t.Name(), r.first.message, rerun, r.shortest.message, strings.Join(r.shortest.log, "\n"), strings.Join(r.first.log, "\n"))
	name := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + ".txt"
	err := os.MkdirAll(folder, 0o750)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// report logs a line and adds it to the file in WANTUKIT_REPORT.
func report(t *testing.T, format string, args ...any) {
	t.Helper()
	line := t.Name() + ": " + fmt.Sprintf(format, args...)
	t.Log(line)
	path := os.Getenv("WANTUKIT_REPORT")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(file, line)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Error(err)
	}
}

// tracedActions returns the actions. Each writes its name to the log first.
func (w *world) tracedActions(actions map[string]func(*rapid.T)) map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){"": w.check}
	for name, do := range actions {
		all[name] = func(rt *rapid.T) {
			w.trace("%s", name)
			do(rt)
		}
	}
	return all
}
