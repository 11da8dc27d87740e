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

// record keeps what a test's failing runs did, and writes it to a file of the
// folder that WANTUKIT_FAILURES names: the first one, which has the seed, and
// the shortest that rapid made of it.
type record struct {
	mu              sync.Mutex
	first, shortest *failure
}

// failure is one failing run.
type failure struct {
	message string
	// did are the actions of the run, and what became of each call.
	did []string
}

func newRecord(t *testing.T) *record {
	t.Helper()
	r := &record{}
	t.Cleanup(func() {
		if t.Failed() {
			r.write(t)
		}
	})
	return r
}

// note keeps a run that fails. It is deferred, and panics on.
func (r *record) note(w *world) {
	p := recover()
	if p == nil {
		return
	}
	defer panic(p)
	message := fmt.Sprint(p)
	if strings.HasPrefix(message, "invalid data: ") {
		return // rapid could not draw it
	}
	if strings.Contains(message, "deadlock") {
		message += "\n" + staying()
	}
	f := &failure{message: message, did: w.lines()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first, r.shortest = cmp.Or(r.first, f), f
}

// staying returns the stacks of the goroutines that a bubble's end left behind.
func staying() string {
	buf := make([]byte, 4<<20)
	var found []string
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		if strings.Contains(head, "(durable), synctest bubble") && !strings.Contains(stack, "synctest.Wait(") {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
}

// seedLine is where rapid writes down the seed of a failing run.
var seedLine = regexp.MustCompile(`(?m)^v[^#\n]*#(\d+)$`)

// seed returns the seed of the test's failing run, which rapid tells in the
// newest of the files that it keeps of such runs.
func seed(test string) (string, error) {
	folder := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' {
			return r
		}
		return '_'
	}, test)
	found, err := filepath.Glob(filepath.Join("testdata", "rapid", folder, "*.fail"))
	if err != nil || len(found) == 0 {
		return "", errors.Join(err, errors.New("rapid wrote no file of the run"))
	}
	text, err := os.ReadFile(found[len(found)-1])
	if err != nil {
		return "", err
	}
	m := seedLine.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s names no seed", found[len(found)-1])
	}
	return string(m[1]), nil
}

// write writes the failing runs down.
func (r *record) write(t *testing.T) {
	t.Helper()
	folder := os.Getenv("WANTUKIT_FAILURES")
	r.mu.Lock()
	defer r.mu.Unlock()
	if folder == "" || r.first == nil {
		return
	}
	again := "see the test's output for its seed"
	if n, err := seed(t.Name()); err == nil {
		again = fmt.Sprintf("seed %s: go test ./checkout/modeltest -run '^%s$' -rapid.checks=1 -rapid.seed=%s", n, strings.ReplaceAll(t.Name(), "/", "$/^"), n)
	}
	text := fmt.Sprintf("%s failed: %s\n%s\n\nWhat the shortest failing run did (%s):\n%s\n\nWhat the run of the seed did:\n%s\n",
		t.Name(), r.first.message, again, r.shortest.message, strings.Join(r.shortest.did, "\n"), strings.Join(r.first.did, "\n"))
	name := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + ".txt"
	err := os.MkdirAll(folder, 0o750)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// tell logs a line, and adds it to the file that WANTUKIT_REPORT names.
func tell(t *testing.T, format string, args ...any) {
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

// traced has a world write down each action before it is taken.
func (w *world) traced(actions map[string]func(*rapid.T)) map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){"": w.check}
	for name, do := range actions {
		all[name] = func(rt *rapid.T) {
			w.trace("%s", name)
			do(rt)
		}
	}
	return all
}
