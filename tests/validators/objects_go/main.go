// Command objects_go checks Kubernetes manifests as an API server and Argo Events would.
//
// In: -crds FOLDER, any number of times, with CustomResourceDefinitions; then paths of YAML files, each
// of one or more documents. Out: one JSON line for each document, {"file","index","kind","name","ok",
// "error"}, in the order in which they were read. Exit 0 if all are good, 1 if any is not, 2 if it was
// called wrongly.
//
// A custom resource passes the schema of each definition of its kind as with strict field validation:
// no field that the schema has not, no value that it refuses, no rule of its that does not hold. What
// Kubernetes itself defines is decoded strictly into its own types. A Sensor and an EventSource moreover
// pass the validators that Argo Events' controllers call.
//
// Command objects_go fire SENSOR does what a Sensor does when events come: see fire.go. Command objects_go
// read FILE writes what is in a file as JSON: see reading.go.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"sigs.k8s.io/yaml"
)

// A marker counts in column 0 only: the text of a block scalar is always indented.
var marker = regexp.MustCompile(`(?m)^---(?:[ \t].*)?\r?$`)

// verdict is one line of the output. Index counts the documents of one file from 0.
type verdict struct {
	File  string `json:"file"`
	Index int    `json:"index"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Error string `json:"error"`
}

// head is what every manifest begins with.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

// parts gives the documents of a file as JSON, read as YAML 1.1, which is what kubectl does.
func parts(path string) ([][]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for _, part := range marker.Split(string(text), -1) {
		body, err := yaml.YAMLToJSONStrict([]byte(part))
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(body, []byte("null")) {
			found = append(found, body)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no document")
	}
	return found, nil
}

func run(known schemas, paths []string, out io.Writer) (good bool, err error) {
	good = true
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, path := range paths {
		bodies, err := parts(path)
		if err != nil {
			good = false
			if err := lines.Encode(verdict{File: path, Error: err.Error()}); err != nil {
				return false, err
			}
		}
		for index, body := range bodies {
			said := verdict{File: path, Index: index}
			if err := check(known, body, &said); err != nil {
				said.Error = err.Error()
			}
			said.OK = said.Error == ""
			good = good && said.OK
			if err := lines.Encode(said); err != nil {
				return false, err
			}
		}
	}
	return good, nil
}

func check(known schemas, body []byte, said *verdict) error {
	var start head
	if err := json.Unmarshal(body, &start); err != nil {
		return err
	}
	said.Kind, said.Name = start.Kind, start.Metadata.Name
	if object, ok := builtIn(start); ok {
		return decodeStrictly(body, object)
	}
	return errors.Join(known.check(start, body), checkEvents(start.Kind, body))
}

func main() {
	known := schemas{}
	paths := os.Args[1:]
	if len(paths) == 2 && paths[0] == "fire" {
		if err := fire(paths[1], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	if len(paths) == 2 && paths[0] == "read" {
		if err := readings(paths[1], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	for len(paths) > 1 && paths[0] == "-crds" {
		if err := known.read(paths[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		paths = paths[2:]
	}
	if len(paths) == 0 {
		fmt.Fprintln(os.Stderr, "usage: objects_go [-crds FOLDER]... FILE...")
		os.Exit(2)
	}
	good, err := run(known, paths, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}
