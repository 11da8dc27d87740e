package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// mutant is one change that makes the money's code wrong.
type mutant struct {
	name string
	// file is the one that it changes, and find the text in it, which is there
	// once, that put replaces.
	file, find, put string
	// checks is within how many of its checks the model finds it, and 0 where
	// that is left to the other suites.
	checks int
}

// parse reads the list: a mutant is a line "mutant: its name", lines "file:" and
// "model:" (the number of checks, or "no"), then "find:" and "put:", each with
// the lines of text that follow. A line that begins with # is a comment.
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
			return nil, fmt.Errorf("mutants.txt:%d: a mutant begins with its name", n+1)
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
			into = &m.put
		case into != nil:
			*into += line + "\n"
		case line != "":
			return nil, fmt.Errorf("mutants.txt:%d: what is %q?", n+1, line)
		}
	}
	for i := range all {
		all[i].find, all[i].put = strings.Trim(all[i].find, "\n"), strings.Trim(all[i].put, "\n")
	}
	return all, nil
}

// mutate returns a file's text with the mutant in it.
func (m mutant) mutate(text string) (string, error) {
	switch n := strings.Count(text, m.find); {
	case m.find == "" || m.find == m.put:
		return "", errors.New("it changes nothing")
	case n == 0:
		return "", fmt.Errorf("%s does not have its text any more", m.file)
	case n > 1:
		return "", fmt.Errorf("%s has its text %d times", m.file, n)
	}
	return strings.Replace(text, m.find, m.put, 1), nil
}
