package main

import (
	"encoding/json"
	"io"
	"os"

	yaml3 "gopkg.in/yaml.v3"
	"sigs.k8s.io/yaml"
)

// readings writes what two readers find in a file: kubectl's, of YAML 1.1, and one of YAML 1.2.
func readings(path string, out io.Writer) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var both [2]any
	if err := yaml.Unmarshal(text, &both[0]); err != nil {
		return err
	}
	if err := yaml3.Unmarshal(text, &both[1]); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(both)
}
