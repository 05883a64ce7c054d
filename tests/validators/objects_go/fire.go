package main

import (
	"encoding/json"
	"fmt"
	"io"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"github.com/argoproj/argo-events/pkg/sensors/dependencies"
	"github.com/argoproj/argo-events/pkg/sensors/triggers"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fired is what a Sensor makes of one call: which events pass the filters of their dependencies, and the
// object that the trigger creates of all of them, where all pass.
type fired struct {
	Passed map[string]bool `json:"passed"`
	Object map[string]any  `json:"object"`
}

// fire answers each line of its input with one of its output, with the code that Argo Events itself runs.
// In: {"trigger": "name", "events": {"dependency": {"id": "…", "data": …}}}. Out: a fired.
func fire(path string, in io.Reader, out io.Writer) error {
	bodies, err := parts(path)
	if err != nil {
		return err
	}
	var sensor events.Sensor
	for _, body := range bodies {
		var start head
		if err := json.Unmarshal(body, &start); err != nil {
			return err
		}
		if start.Kind == "Sensor" {
			if err := json.Unmarshal(body, &sensor); err != nil {
				return err
			}
		}
	}
	filters := map[string]*events.EventDependencyFilter{}
	for _, one := range sensor.Spec.Dependencies {
		filters[one.Name] = one.Filters
	}
	for lines, answers := json.NewDecoder(in), json.NewEncoder(out); ; {
		var call struct {
			Trigger string `json:"trigger"`
			Events  map[string]struct {
				ID   string          `json:"id"`
				Data json.RawMessage `json:"data"`
			} `json:"events"`
		}
		if err := lines.Decode(&call); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		answer := fired{Passed: map[string]bool{}}
		came := map[string]*events.Event{}
		all := true
		for name, one := range call.Events {
			event := &events.Event{
				Context: &events.EventContext{ID: one.ID, SpecVersion: "1.0", DataContentType: events.MediaTypeJSON},
				Data:    one.Data,
			}
			passed, err := dependencies.Filter(event, filters[name], events.AndLogicalOperator)
			if err != nil {
				return fmt.Errorf("filter of %s: %w", name, err)
			}
			answer.Passed[name], came[name] = passed, event
			all = all && passed
		}
		for _, trigger := range sensor.Spec.Triggers {
			if !all || trigger.Template.Name != call.Trigger {
				continue
			}
			object := &unstructured.Unstructured{}
			if err := json.Unmarshal(trigger.Template.K8s.Source.Resource.Value, &object.Object); err != nil {
				return err
			}
			if err := triggers.ApplyResourceParameters(came, trigger.Template.K8s.Parameters, object); err != nil {
				return err
			}
			answer.Object = object.Object
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
}
