package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/Knetic/govaluate"
	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/expr-lang/expr/parser"
)

// Package validate leaves every expression to the run. Here each is parsed, not evaluated, by the
// library that the controller evaluates it with: expr for `depends`, `{{=…}}` and
// `valueFrom.expression`, govaluate for `when`.

var tag = regexp.MustCompile(`(?s)\{\{(.*?)\}\}`)

func specOf(object any) *wfv1.WorkflowSpec {
	switch object := object.(type) {
	case *wfv1.WorkflowTemplate:
		return &object.Spec
	case *wfv1.CronWorkflow:
		return &object.Spec.WorkflowSpec
	case *wfv1.Workflow:
		return &object.Spec
	}
	return nil
}

// checkExpressions joins all faults; nil if every expression of the object can be parsed.
func checkExpressions(object any) error {
	spec := specOf(object)
	if spec == nil {
		return nil
	}
	var faults []error
	add := func(where, text string, err error) {
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			faults = append(faults, fmt.Errorf("%s %q: %s", where, text, first))
		}
	}
	for _, template := range spec.Templates {
		where := "templates." + template.Name
		for _, parameter := range template.Outputs.Parameters {
			if from := parameter.ValueFrom; from != nil && from.Expression != "" {
				add(where+".outputs."+parameter.Name+" expression", from.Expression, parseExpr(from.Expression))
			}
		}
		if template.DAG == nil {
			continue
		}
		for _, task := range template.DAG.Tasks {
			at := where + ".tasks." + task.Name
			if task.Depends != "" {
				// As in evaluateDependsLogic, where a hyphen would be a minus.
				add(at+" depends", task.Depends, parseExpr(strings.ReplaceAll(task.Depends, "-", "_")))
			}
			if task.When != "" {
				_, err := govaluate.NewEvaluableExpression(tag.ReplaceAllString(task.When, "x"))
				add(at+" when", task.When, err)
			}
		}
	}
	body, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	var plain any
	if err := json.Unmarshal(body, &plain); err != nil {
		return err
	}
	eachString(plain, func(text string) {
		for _, found := range tag.FindAllStringSubmatch(text, -1) {
			if expression, ok := strings.CutPrefix(strings.TrimSpace(found[1]), "="); ok {
				add("expression", found[0], parseExpr(expression))
			}
		}
	})
	return errors.Join(faults...)
}

func parseExpr(text string) error {
	_, err := parser.Parse(text)
	return err
}

func eachString(node any, visit func(string)) {
	switch node := node.(type) {
	case string:
		visit(node)
	case []any:
		for _, part := range node {
			eachString(part, visit)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			eachString(node[key], visit)
		}
	}
}
