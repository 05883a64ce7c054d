// Command argo_go checks Argo Workflows manifests with Argo's own code.
//
// In: paths of YAML files, each of one or more documents. Out: one JSON line for each
// document, {"file","index","kind","name","ok","error"}, in the order in which they were read.
// Exit 0 if all are good, 1 if any is not, 2 if it was called wrongly.
//
// A document is decoded as the API server would with strict field validation (YAML 1.1;
// unknown and repeated fields refused) and handed to package workflow/validate, the one that
// `argo lint` and the controller call; then its expressions are parsed. A WorkflowTemplate that another document refers to is
// looked up among all the documents of the same call.
//
// This file and expressions.go serve all versions of Argo: argo4_go builds them with its own module path.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	_ "time/tzdata" // a CronWorkflow's time zone is good or bad wherever this runs

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
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

// document is a verdict in the making; object is nil once an error is known.
type document struct {
	verdict
	object metav1.Object
}

// templates finds WorkflowTemplates by name among the documents of this call.
type templates map[string]*wfv1.WorkflowTemplate

// flowc writes other kinds too (Sensor), but Argo Workflows has no validator for them: see objects_go.
func emptyObject(kind string) (metav1.Object, error) {
	switch kind {
	case "WorkflowTemplate":
		return &wfv1.WorkflowTemplate{}, nil
	case "CronWorkflow":
		return &wfv1.CronWorkflow{}, nil
	case "Workflow":
		return &wfv1.Workflow{}, nil
	}
	return nil, fmt.Errorf("kind %q is none of WorkflowTemplate, CronWorkflow, Workflow", kind)
}

// decode fills doc from one YAML document. kjson, unlike encoding/json, is
// case-sensitive about field names, as the API server is.
func (doc *document) decode(text []byte) error {
	body, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return err
	}
	var head struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(body, &head); err != nil {
		return err
	}
	doc.Kind, doc.Name = head.Kind, head.Metadata.Name
	if head.APIVersion != wfv1.SchemeGroupVersion.String() {
		return fmt.Errorf("apiVersion %q is not %q", head.APIVersion, wfv1.SchemeGroupVersion)
	}
	object, err := emptyObject(head.Kind)
	if err != nil {
		return err
	}
	strict, err := kjson.UnmarshalStrict(body, object)
	if err := errors.Join(append(strict, err)...); err != nil {
		return err
	}
	doc.object = object
	return nil
}

func read(path string) []*document {
	text, err := os.ReadFile(path)
	if err != nil {
		return []*document{{verdict: verdict{File: path, Error: err.Error()}}}
	}
	var found []*document
	for _, part := range marker.Split(string(text), -1) {
		if blank([]byte(part)) {
			continue
		}
		doc := &document{verdict: verdict{File: path, Index: len(found)}}
		if err := doc.decode([]byte(part)); err != nil {
			doc.Error = err.Error()
		}
		found = append(found, doc)
	}
	if len(found) == 0 {
		found = append(found, &document{verdict: verdict{File: path, Error: "no document"}})
	}
	return found
}

// blank says whether a part between two markers holds nothing but comments.
func blank(part []byte) bool {
	for _, line := range bytes.Split(part, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

func check(object metav1.Object, known templates) (err error) {
	// The validator was written for specs that a person typed: a panic on one of ours is a finding too.
	defer func() {
		if trouble := recover(); trouble != nil {
			err = fmt.Errorf("the validator panicked: %v", trouble)
		}
	}()
	return validateObject(object, known)
}

func run(paths []string, out io.Writer) (good bool, err error) {
	var documents []*document
	known := templates{}
	for _, path := range paths {
		documents = append(documents, read(path)...)
	}
	for _, doc := range documents {
		template, ok := doc.object.(*wfv1.WorkflowTemplate)
		if !ok {
			continue
		}
		if _, twice := known[template.Name]; twice {
			doc.Error = fmt.Sprintf("WorkflowTemplate %q is here twice", template.Name)
		}
		known[template.Name] = template
	}
	good = true
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, doc := range documents {
		if doc.object != nil && doc.Error == "" {
			if err := errors.Join(check(doc.object, known), checkExpressions(doc.object)); err != nil {
				doc.Error = err.Error()
			}
		}
		doc.OK = doc.Error == ""
		good = good && doc.OK
		if err := lines.Encode(doc.verdict); err != nil {
			return false, err
		}
	}
	return good, nil
}

func main() {
	quiet()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: argo_go FILE...")
		os.Exit(2)
	}
	good, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}
