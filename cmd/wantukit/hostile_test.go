package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// namedTest is a test as docs/hostile.md names it: the package's folder, the
// function and the case.
var namedTest = regexp.MustCompile("`([a-z][a-z/]*)\\.(Test\\w+)(?:/([^`]+))?`")

// TestHostileCasesHaveTheirTests compares docs/hostile.md with the code: every row
// names a test, every named test and case exists, and every TestHostile… is named.
func TestHostileCasesHaveTheirTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/hostile.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, listed := namedTests(t), map[string]bool{}
	for row := range strings.Lines(string(text)) {
		named := namedTest.FindAllStringSubmatch(row, -1)
		if strings.HasPrefix(row, "| ") && len(named) == 0 && !strings.HasPrefix(row, "| case ") {
			t.Errorf("no test is named in %s", row)
		}
		for _, m := range named {
			name, its := m[1]+"."+m[2], m[3]
			listed[name] = true
			if texts, exists := tests[name]; !exists || its != "" && !texts[its] {
				t.Errorf("there is no %s", m[0])
			}
		}
	}
	for name := range tests {
		if strings.Contains(name, ".TestHostile") && !listed[name] && !strings.HasSuffix(name, t.Name()) {
			t.Errorf("docs/hostile.md lacks %s", name)
		}
	}
}

// namedTests returns all tests of the repository by folder and name, each with the
// strings in its file, which include its cases.
func namedTests(t *testing.T) map[string]map[string]bool {
	t.Helper()
	tests := map[string]map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel("../..", filepath.Dir(path))
		texts := textsOf(file)
		for _, declared := range file.Decls {
			if function, is := declared.(*ast.FuncDecl); is && strings.HasPrefix(function.Name.Name, "Test") {
				tests[filepath.ToSlash(folder)+"."+function.Name.Name] = texts
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

// textsOf returns the strings of a file.
func textsOf(file *ast.File) map[string]bool {
	texts := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
			text, _ := strconv.Unquote(literal.Value) // the parser has seen it
			texts[text] = true
		}
		return true
	})
	return texts
}
