package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestMakefileHasARuleForEachTarget: make takes one that is declared and has
// none for done.
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
