package main

import (
	"strings"
	"testing"
)

func TestAMutantThatNoLongerAppliesSaysSo(t *testing.T) {
	t.Parallel()
	m := mutant{name: "m", file: "f.go", find: "a == b", put: "a != b"}
	for name, c := range map[string]struct{ text, says string }{
		"its text is gone":     {"a > b", "does not have its text"},
		"its text comes twice": {"a == b || a == b", "2 times"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := m.mutate(c.text); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %v", err)
			}
		})
	}
	if text, err := m.mutate("if a == b {"); err != nil || text != "if a != b {" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := (mutant{find: "a", put: "a"}).mutate("a"); err == nil {
		t.Error("a change that changes nothing applies")
	}
}

// TestEachMutantApplies: a mutant that no longer applies tests nothing.
func TestEachMutantApplies(t *testing.T) {
	all, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../../..") // the files are named from the root of the module
	for _, problem := range stale(all) {
		t.Error(problem)
	}
}

func TestTheListIsWhole(t *testing.T) {
	t.Parallel()
	all, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 25 {
		t.Errorf("%d mutants", len(all))
	}
	names := map[string]bool{}
	for _, m := range all {
		if m.name == "" || m.file == "" || m.find == "" || names[m.name] {
			t.Errorf("%+v is not whole, or there twice", m)
		}
		names[m.name] = true
	}
	if _, err := parse("mutant: m\nfile: f.go\nmodel: many\n"); err == nil {
		t.Error("a number of checks that is none is taken")
	}
	if _, err := parse("find:\n"); err == nil {
		t.Error("a mutant without a name is taken")
	}
}
