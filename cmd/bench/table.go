package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// unit is the unit of a figure.
type unit string

const (
	perS       unit = "/s"
	ms         unit = "ms"
	seconds    unit = "s"
	bytesUnit  unit = "bytes"
	kilobytes  unit = "kB"
	megabytes  unit = "MiB"
	plain      unit = ""
	perGiB     unit = "per GiB"
	percentage unit = "%"
)

// lessIsBetter reports whether a smaller figure is the better one.
func (u unit) lessIsBetter() bool { return u != perS && u != perGiB }

// line is a line of the table.
type line struct {
	measure measure
	engine  engine
	unit    unit
	// reference is what the machine does in the same run, or "".
	reference measure
}

// tableOf returns the results as a table in Markdown: a line for each measure that was
// measured, and a column for each checkout.
func tableOf(r results, lines []line, binaries []string) string {
	var t strings.Builder
	header := append([]string{"measured"}, binaries...)
	if len(binaries) == 2 {
		header = append(header, "times better")
	}
	header = append(header, "reference", "share")
	writeRow(&t, header)
	writeRow(&t, strings.Split(strings.Repeat("---,", len(header)-1)+"---", ","))
	for _, l := range lines {
		if cells := l.cells(r, binaries); cells != nil {
			writeRow(&t, cells)
		}
	}
	return t.String()
}

func writeRow(t *strings.Builder, cells []string) {
	t.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// cells returns the cells of a line, or nil if nothing was measured.
func (l line) cells(r results, binaries []string) []string {
	name := string(l.measure)
	if l.engine == postgres {
		name += ", " + string(postgres)
	}
	cells, values := []string{name}, make([]float64, len(binaries))
	measured := false
	for i, b := range binaries {
		value, ok := r.of(subject{b, l.engine}, l.measure)
		text := ""
		if ok {
			text, values[i], measured = l.unit.format(value), value, true
		}
		cells = append(cells, text)
	}
	if !measured {
		return l.referenceCells(r, binaries)
	}
	if len(binaries) == 2 {
		cells = append(cells, times(l.unit, values[0], values[1]))
	}
	return append(cells, l.compare(r, values[0])...)
}

// compare returns the reference, and the share of it that value is.
func (l line) compare(r results, value float64) []string {
	reference, ok := r.of(machine, l.reference)
	if !ok {
		return []string{"", ""}
	}
	return []string{perS.format(reference) + " " + string(l.reference), strconv.FormatFloat(100*value/reference, 'f', 0, 64) + " %"}
}

// referenceCells returns the cells of a line about the machine, or nil.
func (l line) referenceCells(r results, binaries []string) []string {
	value, ok := r.of(machine, l.measure)
	if !ok {
		return nil
	}
	cells := make([]string, len(binaries)+3)
	if len(binaries) == 2 {
		cells = make([]string, len(binaries)+4)
	}
	cells[0], cells[len(cells)-2] = "the machine: "+string(l.measure), l.unit.format(value)
	return cells
}

// times returns how many times better this is than base, or "" for a count, of which
// neither more nor less is better.
func times(u unit, this, base float64) string {
	better := this / base
	if u.lessIsBetter() {
		better = base / this
	}
	switch {
	case u == plain || math.IsNaN(better) || this == 0 || base == 0:
		return ""
	case math.IsInf(base, 1) && !math.IsInf(this, 1):
		return "∞"
	}
	return strconv.FormatFloat(better, 'f', 2, 64)
}

// format returns a figure with its unit, with three digits or more.
func (u unit) format(value float64) string {
	if math.IsInf(value, 1) {
		return fmt.Sprintf("not within %.0f s", patience.Seconds())
	}
	decimals := 0
	for limit := 100.0; value < limit && decimals < 2 && value != math.Trunc(value); limit /= 10 {
		decimals++
	}
	text := grouped(strconv.FormatFloat(value, 'f', decimals, 64))
	if u == perS {
		return text
	}
	return strings.TrimSpace(text + " " + string(u))
}

// grouped writes a comma between each three digits before the point.
func grouped(number string) string {
	whole, rest, hasRest := strings.Cut(number, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if hasRest {
		return whole + "." + rest
	}
	return whole
}
