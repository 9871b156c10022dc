// Command licences collects the licence texts of everything that is linked into the programs: Go itself, the modules, and what
// lies as text files in a folder (C libraries, fonts). It is called by go generate; a module without a licence is an error.
//
//	licences -o licences.txt -texts licences -tags nolibopusfile PACKAGE...
package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("licences: ")
	out := flag.String("o", "licences.txt", "`file` to write")
	texts := flag.String("texts", "", "`folder` with further licences, one NAME.txt per work")
	tags := flag.String("tags", "", "build `tags`")
	flag.Parse()
	works, err := collect(*texts, *tags, flag.Args())
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, render(works), 0o644); err != nil {
		log.Fatal(err)
	}
}

// work is one thing with a licence.
type work struct{ name, text string }

func collect(texts, tags string, packages []string) ([]work, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	goText, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "LICENSE"))
	if err != nil {
		return nil, err
	}
	works := []work{{"Go", string(goText)}}
	modules, err := linked(tags, packages)
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		text, err := licence(m.dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.path, err)
		}
		works = append(works, work{m.path + " " + m.version, text})
	}
	others, err := filepath.Glob(filepath.Join(texts, "*.txt"))
	if err != nil {
		return nil, err
	}
	for _, path := range others {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		works = append(works, work{strings.TrimSuffix(filepath.Base(path), ".txt"), string(text)})
	}
	return works, nil
}

// module is one module as go list knows it.
type module struct{ path, version, dir string }

// linked lists the modules that the packages are made of on Linux, without our own.
func linked(tags string, packages []string) ([]module, error) {
	args := []string{"list", "-deps", "-tags", tags, "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}"}
	cmd := exec.Command("go", append(args, packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOOS=linux", "GOARCH=amd64")
	cmd.Stderr = os.Stderr
	list, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var modules []module
	for line := range strings.Lines(string(list)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) == 3 {
			modules = append(modules, module{fields[0], fields[1], fields[2]})
		}
	}
	slices.SortFunc(modules, func(a, b module) int { return cmp.Compare(a.path, b.path) })
	return slices.Compact(modules), nil
}

var licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|unlicense)([.-].*)?$`)

// licence returns the texts that lie at the top of a module, joined.
func licence(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var all []string
	for _, e := range entries {
		if e.IsDir() || !licenceName.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		all = append(all, string(text))
	}
	if len(all) == 0 {
		return "", errors.New("it has no licence file")
	}
	return strings.Join(all, "\n\n"), nil
}

// render lists all works first; then each text once, with the works that it is for.
func render(works []work) []byte {
	var b bytes.Buffer
	b.WriteString("Parlor is made of these works. Their licences follow.\n\n")
	names := make(map[string][]string)
	var order []string
	for _, w := range works {
		fmt.Fprintf(&b, "  %s\n", w.name)
		text := tidy(w.text)
		if names[text] == nil {
			order = append(order, text)
		}
		names[text] = append(names[text], w.name)
	}
	for _, text := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 78), strings.Join(names[text], "\n"), text)
	}
	return b.Bytes()
}

// tidy makes line ends and outer blank lines the same everywhere, so that equal texts are equal.
func tidy(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
