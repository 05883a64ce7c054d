// Evaluates a configuration in Terraform's JSON syntax as Terraform does: by HashiCorp's own parser, which takes every string in it
// for a template, names of fields included.
//
// In: on standard input, {"configuration": "the file's text", "values": {"var": …, "local": …, "data": …}}. Out: the file's
// content, evaluated, as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var given struct {
		Configuration string
		Values        map[string]json.RawMessage
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	variables := map[string]cty.Value{}
	for name, text := range given.Values {
		kind, err := ctyjson.ImpliedType(text)
		if err != nil {
			return err
		}
		if variables[name], err = ctyjson.Unmarshal(text, kind); err != nil {
			return err
		}
	}
	file, problems := hcljson.Parse([]byte(given.Configuration), "main.tf.json")
	if problems.HasErrors() {
		return problems
	}
	attributes, problems := file.Body.JustAttributes()
	if problems.HasErrors() {
		return problems
	}
	context := &hcl.EvalContext{
		Variables: variables,
		Functions: map[string]function.Function{"join": stdlib.JoinFunc},
	}
	found := map[string]json.RawMessage{}
	for name, attribute := range attributes {
		value, problems := attribute.Expr.Value(context)
		if problems.HasErrors() {
			return problems
		}
		text, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			return err
		}
		found[name] = text
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}
