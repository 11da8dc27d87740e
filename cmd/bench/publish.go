package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/wantukit/wantukit/cmd/bench/internal/reference"
)

// The marks in the document between which the table stands.
const (
	beginMark = "<!-- begin of the table of make bench -->"
	endMark   = "<!-- end of the table of make bench -->"
)

// lines are the lines of the table.
func lines() []line {
	all := make([]line, 0, 64)
	for _, e := range []engine{sqlite, postgres} {
		ceiling, commits := ceilingSQLite, singleCommits
		if e == postgres {
			ceiling, commits = ceilingPostgres, pgTransactions
		}
		all = append(all,
			line{wholeRate, e, perS, ceiling},
			line{sessionsRate, e, perS, commits},
			line{pagesRate, e, perS, memoryPages},
			line{booksRate, e, perS, commits},
			line{webhooksRate, e, perS, riverJobs},
			line{lastWebhook, e, seconds, ""},
			line{idleLatency, e, ms, ""},
			line{busyLatency, e, ms, ""},
			line{gatewayConns, e, plain, ""},
			line{gatewayCalls, e, plain, ""},
			line{startTime, e, ms, ""},
			line{restMemory, e, megabytes, ""},
		)
	}
	all = append(all,
		line{slowWholeRate, sqlite, perS, slowCommits},
		line{pageSize, sqlite, bytesUnit, ""},
		line{pageHead, sqlite, bytesUnit, ""},
		line{binarySize, sqlite, megabytes, ""},
		line{wasmSize, sqlite, kilobytes, ""},
		line{liveAfter, sqlite, ms, ""},
		line{openStreams, sqlite, plain, ""},
		line{streamsPerGiB, sqlite, perGiB, ""},
		line{streamLatency, sqlite, ms, ""},
		line{stopTime, sqlite, seconds, ""},
		line{backAfter, sqlite, seconds, ""},
		line{queriesBefore, sqlite, plain, ""},
		line{queriesAfter, sqlite, plain, ""},
		line{queriesHighest, sqlite, plain, ""},
	)
	for _, d := range []string{undisturbed, hangingShop, slowAccount, slowVisitors} {
		all = append(all, line{rateOf(d), sqlite, perS, ""}, line{ackOf(d), sqlite, ms, ""})
	}
	all = append(all, line{slowConnected, sqlite, plain, ""})
	for _, m := range []measure{
		slowCommits, singleCommits, groupedRows, pgCommits, pgTransactions, exchanges, memoryPages, signatures, riverJobs,
		ceilingSQLite, ceilingCommits, ceilingPostgres,
	} {
		all = append(all, line{m, "", perS, ""})
	}
	return all
}

// publish prints the table, and writes it into a document unless path is "".
func (b *bench) publish(path string) error {
	about, err := b.about(b.names[0])
	if err != nil {
		return err
	}
	text := about + "\n\n" + tableOf(b.results, lines(), b.names)
	fmt.Print(text)
	if path == "" {
		return nil
	}
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	replaced, err := replaceTable(string(document), text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(replaced), 0o644) // #nosec G306 G703 -- the document that the caller names
}

// replaceTable replaces what stands between the marks of a document.
func replaceTable(document, text string) (string, error) {
	before, rest, hasBegin := strings.Cut(document, beginMark)
	_, after, hasEnd := strings.Cut(rest, endMark)
	if !hasBegin || !hasEnd {
		return "", fmt.Errorf("there is no %s before %s", beginMark, endMark)
	}
	return before + beginMark + "\n\n" + text + "\n" + endMark + after, nil
}

// about says which program was measured, when, and on which machine.
func (b *bench) about(name string) (string, error) {
	sync, err := reference.Fdatasync(b.town.folder)
	if err != nil {
		return "", err
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%s, commit %s, %d rounds. %d cores (%s), Linux %s, %s, fdatasync %d µs.",
		time.Now().UTC().Format(time.DateOnly), name, b.scale.rounds, runtime.NumCPU(), processor(),
		strings.TrimSpace(string(kernel)), runtime.Version(), sync.Microseconds()), nil
}

// processor returns the name of the processor.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	if m := regexp.MustCompile(`(?m)^model name\s*: (.+)$`).FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return runtime.GOARCH
}
