package main

import (
	"context"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"github.com/argoproj/argo-events/pkg/eventsources/sources/resource"
	"github.com/argoproj/argo-events/pkg/reconciler/sensor"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// builtIn gives an empty object of a kind of Kubernetes' own.
func builtIn(start head) (any, bool) {
	switch start.APIVersion + "/" + start.Kind {
	case "v1/ServiceAccount":
		return &corev1.ServiceAccount{}, true
	case "rbac.authorization.k8s.io/v1/Role":
		return &rbacv1.Role{}, true
	case "rbac.authorization.k8s.io/v1/RoleBinding":
		return &rbacv1.RoleBinding{}, true
	}
	return nil, false
}

// checkEvents hands what is of Argo Events to its controllers' own validators. Its definitions leave the
// fields open, so that they are looked for in its types.
func checkEvents(kind string, body []byte) error {
	switch kind {
	case "Sensor":
		var object events.Sensor
		if err := decodeStrictly(body, &object); err != nil {
			return err
		}
		// Of several events of one source only a bus of the newer kind can wait for all.
		bus := &events.EventBus{Spec: events.EventBusSpec{JetStream: &events.JetStreamBus{}}}
		return sensor.ValidateSensor(&object, bus)
	case "EventSource":
		var object events.EventSource
		if err := decodeStrictly(body, &object); err != nil {
			return err
		}
		for name, source := range object.Spec.Resource {
			listener := resource.EventListener{EventName: name, ResourceEventSource: source}
			if err := listener.ValidateEventSource(context.Background()); err != nil {
				return err
			}
			if source.Filter != nil {
				if _, err := resource.LabelSelector(source.Filter.Labels); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
