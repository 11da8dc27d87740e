package main

import (
	"strings"
	"testing"
)

func TestOutdatedMutant(t *testing.T) {
	t.Parallel()
	m := mutant{name: "m", file: "f.go", find: "a == b", replacement: "a != b"}
	for name, c := range map[string]struct{ text, wantError string }{
		"no match":    {"a > b", "does not contain the text"},
		"two matches": {"a == b || a == b", "2 times"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := m.mutate(c.text); err == nil || !strings.Contains(err.Error(), c.wantError) {
				t.Errorf("error %v, want %q", err, c.wantError)
			}
		})
	}
	if text, err := m.mutate("if a == b {"); err != nil || text != "if a != b {" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := (mutant{find: "a", replacement: "a"}).mutate("a"); err == nil {
		t.Error("a mutant that changes nothing applies")
	}
}

// TestEachMutantApplies: a mutant that no longer applies tests nothing.
func TestEachMutantApplies(t *testing.T) {
	all, err := parse(mutantList)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../../..") // the files are named from the root of the module
	for _, problem := range outdated(all) {
		t.Error(problem)
	}
}

func TestMutantList(t *testing.T) {
	t.Parallel()
	all, err := parse(mutantList)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 25 {
		t.Errorf("%d mutants, want 25 or more", len(all))
	}
	names := map[string]bool{}
	for _, m := range all {
		if m.name == "" || m.file == "" || m.find == "" || names[m.name] {
			t.Errorf("%+v is incomplete or a duplicate", m)
		}
		names[m.name] = true
	}
	if _, err := parse("mutant: m\nfile: f.go\nmodel: many\n"); err == nil {
		t.Error("a malformed number of checks is accepted")
	}
	if _, err := parse("find:\n"); err == nil {
		t.Error("a mutant without a name is accepted")
	}
}
