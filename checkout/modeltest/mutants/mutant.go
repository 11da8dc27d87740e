package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// mutant is one change that makes the code wrong.
type mutant struct {
	name string
	// file is the changed file. replacement replaces the text find, which must occur
	// once in it.
	file, find, replacement string
	// checks is within how many checks the model must find the mutant, or 0 if other
	// tests find it.
	checks int
}

// parse parses the list. A mutant is a line "mutant: its name", the lines "file:" and
// "model:" (the number of checks, or "no"), then "find:" and "put:", each with lines of
// code after it. Outside these lines of code, a line that begins with # is a comment.
func parse(text string) (all []mutant, err error) {
	var m *mutant
	var into *string
	for n, line := range strings.Split(text, "\n") {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch {
		case strings.HasPrefix(line, "# ") && into == nil:
		case key == "mutant":
			all = append(all, mutant{name: value})
			m, into = &all[len(all)-1], nil
		case m == nil && line == "":
		case m == nil:
			return nil, fmt.Errorf("mutants.txt:%d: a line before the first mutant", n+1)
		case key == "file":
			m.file = value
		case key == "model" && value != "no":
			if m.checks, err = strconv.Atoi(value); err != nil {
				return nil, fmt.Errorf("mutants.txt:%d: %w", n+1, err)
			}
		case key == "model":
		case line == "find:":
			into = &m.find
		case line == "put:":
			into = &m.replacement
		case into != nil:
			*into += line + "\n"
		case line != "":
			return nil, fmt.Errorf("mutants.txt:%d: unknown line %q", n+1, line)
		}
	}
	for i := range all {
		all[i].find, all[i].replacement = strings.Trim(all[i].find, "\n"), strings.Trim(all[i].replacement, "\n")
	}
	return all, nil
}

// mutate returns a file's text with the mutant applied. It fails if the text to replace
// does not occur exactly once.
func (m mutant) mutate(text string) (string, error) {
	switch n := strings.Count(text, m.find); {
	case m.find == "" || m.find == m.replacement:
		return "", errors.New("the mutant changes nothing")
	case n == 0:
		return "", fmt.Errorf("%s does not contain the text to replace", m.file)
	case n > 1:
		return "", fmt.Errorf("%s contains the text to replace %d times", m.file, n)
	}
	return strings.Replace(text, m.find, m.replacement, 1), nil
}
