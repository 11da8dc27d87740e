package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestMakefileHasARuleForEachTarget: make takes a declared target without a rule
// for done.
func TestMakefileHasARuleForEachTarget(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^\.PHONY: (.+)$`).FindSubmatch(text)
	if declared == nil {
		t.Fatal("the Makefile declares no targets")
	}
	for target := range strings.FieldsSeq(string(declared[1])) {
		if !regexp.MustCompile(`(?m)^` + target + `:`).Match(text) {
			t.Errorf("make %s has no rule", target)
		}
	}
}

// TestBrowserTestsExist: `make race-most` skips the tests in .ci/browser-tests, so
// each of them must exist.
func TestBrowserTestsExist(t *testing.T) {
	t.Parallel()
	tests := namedTests(t)
	for _, name := range browserTests(t) {
		if tests["cmd/wantukit."+name] == nil {
			t.Errorf(".ci/browser-tests names %s, which is no test", name)
		}
	}
}

// browserTests returns the names in .ci/browser-tests.
func browserTests(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../.ci/browser-tests")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}
